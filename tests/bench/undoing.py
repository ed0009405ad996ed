"""A thousand random chains of decisions, each taken back in reverse: the state must be exactly the one before.

Not about speed: the tests do sixty chains on every change, this does them all and says how long it took.
"""

import asyncio
import os
import tempfile
import time
from pathlib import Path

from ovia_local.postgres import EmbeddedPostgres
from ovia_shared.admin import operations
from ovia_shared.database import migrate, prepare
from ovia_shared.database.pool import Database
from tests.api.reviewing import REFUSALS, Reviewer, broken, linked, state
from tests.bench.report import Table

CHAINS = 1000
LONGEST = 5
PASSWORD = "bench"


async def run() -> list[Table]:
    """Raises `AssertionError` at the first chain that does not restore what was."""
    with tempfile.TemporaryDirectory(prefix="ovia-bench-") as name:
        os.chmod(name, 0o711)  # noqa: PTH101 (as root, the server's account passes through)
        with EmbeddedPostgres(Path(name) / "postgres", settings={"fsync": "off"}) as server:
            await prepare.prepare_server(server.admin_dsn(), dict.fromkeys(prepare.LOGINS, PASSWORD))
            await prepare.prepare_database(server.admin_dsn(), "bench")
            databases = {
                role: Database(prepare.as_role(server.admin_dsn("bench"), role, PASSWORD), size=2)
                for role in (prepare.OWNER, "ovia_ingest", "ovia_api")
            }
            await asyncio.to_thread(migrate.apply, prepare.as_role(server.admin_dsn("bench"), prepare.OWNER, PASSWORD))
            for database in databases.values():
                await database.open()
            made = await operations.create_organisation(databases[prepare.OWNER], "Bench", actor="bench")
            await linked(databases["ovia_ingest"], made.id, people=8)
            reviewer = Reviewer(databases["ovia_api"], made.id, "Ada", 11)
            started = time.perf_counter()
            decisions = [await _chain(reviewer, databases["ovia_api"]) for _ in range(CHAINS)]
            seconds = time.perf_counter() - started
            for database in databases.values():
                await database.close()
    rows = (
        ("chains restored exactly", f"{CHAINS:,} of {CHAINS:,}", "all"),
        ("decisions made and undone", f"{sum(decisions):,}", ""),
        ("seconds", f"{seconds:.0f}", ""),
    )
    return [Table("Undo", ("what", "measured", "target"), rows)]


async def _chain(reviewer: Reviewer, database: Database) -> int:
    org_id = reviewer.org_id
    async with database.transaction(org_id) as conn:
        before = await state(conn, org_id)
    chain = []
    for _ in range(reviewer.chance.randint(1, LONGEST)):
        reviewer.made.clear()
        try:
            if (decision := await reviewer.decide()) is not None:
                chain.append(decision)
        except REFUSALS:
            continue
    for decision in reversed(chain):
        assert await reviewer.take_back(decision) is not None
    async with database.transaction(org_id) as conn:
        assert await state(conn, org_id) == before
        assert not await broken(conn, org_id)
    reviewer.made.clear()
    try:
        await reviewer.decide()
    except REFUSALS:
        return len(chain)
    return len(chain)
