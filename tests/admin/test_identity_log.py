"""`ovia admin check-identity-log` finds what the log does not tell, and nothing else."""

import asyncio
from uuid import UUID

import psycopg
import pytest

from ovia_shared.database.pool import Database
from tests.admin.conftest import Run
from tests.api.reviewing import linked
from tests.conftest import RoleDsn


@pytest.fixture
def reviewed(fernweh: str, role_dsn: RoleDsn) -> str:
    """The organisation, with accounts that the engine has linked."""

    async def fill() -> None:
        database = Database(role_dsn("ovia_ingest"), size=2, name="test")
        await database.open()
        await linked(database, UUID(fernweh), people=4)
        await database.close()

    asyncio.run(fill())
    return fernweh


def test_what_the_engine_did_is_all_in_the_log(ovia: Run, reviewed: str) -> None:
    said = ovia("check-identity-log")
    assert (said.code, "agree" in said.out) == (0, True)
    assert ovia("check-identity-log", "--json").json() == {"Fernweh Gliders": []}


def test_a_mapping_that_changed_behind_the_logs_back_is_named(ovia: Run, reviewed: str, database_dsn: str) -> None:
    with psycopg.connect(database_dsn) as connection:
        row = connection.execute(
            "update mappings set known_to = clock_timestamp() + interval '1 second'"
            " where id = (select min(id::text)::uuid from mappings) returning id"
        ).fetchone()
    assert row is not None
    said = ovia("check-identity-log")
    assert said.code == 1
    assert str(row[0]) in said.out
