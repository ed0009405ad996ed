"""Linking: everything for the first time, then a few new accounts among many, then nothing new.

The database is part of it: reading accounts, keys, people and mappings written, all in one transaction each.
"""

import asyncio
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from ovia_local.postgres import EmbeddedPostgres
from ovia_shared.admin import operations
from ovia_shared.database import identities, migrate, prepare
from ovia_shared.database.pool import Database, connected
from ovia_shared.linking.incremental import link_identities
from ovia_shared.models.identity import Account, NewIdentity
from tests.bench.invented_accounts import invented_accounts
from tests.bench.report import Table

KNOWN = int(os.environ.get("OVIA_BENCH_ACCOUNTS", "1000000"))
NEW = 1_000
ROUNDS = 3
BATCH = 50_000
PASSWORD = "bench"


async def run() -> list[Table]:
    """Measures a first run over `KNOWN` accounts and what follows; about ten minutes for a million on two cores."""
    with tempfile.TemporaryDirectory(prefix="ovia-bench-") as name:
        directory = Path(name)
        os.chmod(directory, 0o711)  # noqa: PTH101 (as root, the server's account passes through)
        with EmbeddedPostgres(directory / "postgres") as server:
            org_id = await _organisation(server)
            dsn = prepare.as_role(server.admin_dsn("bench"), "ovia_ingest", PASSWORD)
            database = Database(dsn, size=2, statement_timeout=3600, name="bench", durable=False)
            await database.open()
            try:
                return [await _measured(server, database, org_id)]
            finally:
                await database.close()


async def _measured(server: EmbeddedPostgres, database: Database, org_id: UUID) -> Table:
    accounts, _ = invented_accounts(KNOWN + ROUNDS * NEW)
    # The new ones come from everywhere among the others: most belong to somebody known, as they do after a read.
    step = len(accounts) // (ROUNDS * NEW)
    late = {place * step for place in range(ROUNDS * NEW)}
    await _store(database, org_id, [one for place, one in enumerate(accounts) if place not in late])
    new = [accounts[place] for place in sorted(late)]
    del accounts
    everything = await _seconds(database, org_id)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    await _analyse(server)
    few, nothing = [], []
    for place in range(ROUNDS):
        await _store(database, org_id, new[place::ROUNDS])
        few.append(await _seconds(database, org_id))
        nothing.append(await _seconds(database, org_id))
    rows = (
        (f"all {KNOWN:,} accounts for the first time", f"{everything:.1f} s", ""),
        ("peak memory of it, MiB", f"{peak:,.0f}", ""),
        (f"{NEW:,} new accounts among {KNOWN:,}", f"{statistics.median(few):.2f} s", "< 5 s"),
        ("again, nothing new", f"{statistics.median(nothing) * 1000:.0f} ms", ""),
    )
    return Table("Linking, database included", ("what", "measured", "target"), rows)


async def _seconds(database: Database, org_id: UUID) -> float:
    begun = time.perf_counter()
    await link_identities(database, org_id)
    return time.perf_counter() - begun


async def _store(database: Database, org_id: UUID, accounts: Sequence[Account]) -> None:
    for start in range(0, len(accounts), BATCH):
        rows = [
            NewIdentity(one.source, str(one.id), one.username, one.email, one.display_name)
            for one in accounts[start : start + BATCH]
        ]
        async with database.transaction(org_id) as conn:
            await identities.ensure(conn, org_id, rows)


async def _analyse(server: EmbeddedPostgres) -> None:
    """Fresh statistics and visibility maps, as autovacuum would leave them."""
    async with connected(server.admin_dsn("bench")) as conn:
        for table in ("people", "identities", "identity_keys", "mappings", "matching_queue"):
            await conn.execute(f"vacuum (analyze) {table}")


async def _organisation(server: EmbeddedPostgres) -> UUID:
    await prepare.prepare_server(server.admin_dsn(), dict.fromkeys(prepare.LOGINS, PASSWORD))
    await prepare.prepare_database(server.admin_dsn(), "bench")
    owner = prepare.as_role(server.admin_dsn("bench"), prepare.OWNER, PASSWORD)
    await asyncio.to_thread(migrate.apply, owner)
    database = Database(owner, size=1)
    await database.open()
    try:
        return (await operations.create_organisation(database, "Fernweh Gliders", actor="bench")).id
    finally:
        await database.close()
