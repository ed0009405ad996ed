"""What the roles may do to the tables behind connections and webhooks: their work, and not more."""

import asyncpg
import pytest

from ovia_shared.database import prepare
from tests.api.conftest import Organisations
from tests.conftest import OpenDatabase

NOBODY = "'00000000-0000-7000-8000-000000000000'"
REFUSED = [
    ("ovia_api", "delete from connections"),
    ("ovia_ingest", "delete from connections"),
    ("ovia_api", "update dead_letters set reason = 'x'"),
    ("ovia_api", "select * from webhook_deliveries"),
    ("ovia_api", "delete from webhook_deliveries"),
    ("ovia_ingest", "update webhook_deliveries set payload = ''"),
    *((role, f"select delete_connection_rows({NOBODY}, 1)") for role in prepare.SERVICES if role != "ovia_ingest"),
    *((role, f"select stop_reading({NOBODY})") for role in prepare.SERVICES if role != "ovia_api"),
    *((role, f"select restart_reading({NOBODY})") for role in prepare.SERVICES if role != "ovia_api"),
    *((role, f"select hasten_reading({NOBODY})") for role in prepare.SERVICES if role != "ovia_api"),
    *((role, "select * from idempotency_keys") for role in ("ovia_ingest",)),
    *((role, "select * from webhook_deliveries") for role in ("ovia_metrics", "ovia_rag")),
    *((role, "select webhook_secret from connections") for role in ("ovia_metrics", "ovia_rag")),
]


async def test_a_role_is_refused_what_is_not_its_work(
    open_database: OpenDatabase, organisations: Organisations
) -> None:
    pools = {role: await open_database(role) for role in prepare.SERVICES}
    for role, statement in REFUSED:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with pools[role].transaction(organisations[0].id) as conn:
                await conn.execute(statement)
