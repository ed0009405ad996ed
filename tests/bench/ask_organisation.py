"""A server of its own with one organisation whose index can be filled, for what measures Ask."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from ovia_local.postgres import EmbeddedPostgres
from ovia_shared.admin import operations
from ovia_shared.database import migrate, prepare
from ovia_shared.database.pool import Database

PASSWORD = "bench"

if TYPE_CHECKING:
    Admin: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Admin = asyncpg.Connection


class Bench(msgspec.Struct, frozen=True):
    """`admin` is not bound by row-level security; `rag` is what the service has."""

    admin: Admin
    rag: Database
    org_id: UUID


@contextlib.asynccontextmanager
async def organisation() -> AsyncIterator[Bench]:
    """The server lives as long as the context."""
    with tempfile.TemporaryDirectory(prefix="ovia-bench-") as name:
        directory = Path(name)
        os.chmod(directory, 0o711)  # noqa: PTH101 (as root, the server's account passes through)
        with EmbeddedPostgres(directory / "postgres", settings={"maintenance_work_mem": "1GB"}) as server:
            await prepare.prepare_server(server.admin_dsn(), dict.fromkeys(prepare.LOGINS, PASSWORD))
            await prepare.prepare_database(server.admin_dsn(), "bench")
            owner = prepare.as_role(server.admin_dsn("bench"), prepare.OWNER, PASSWORD)
            await asyncio.to_thread(migrate.apply, owner)
            org_id = await _made(owner)
            admin = await asyncpg.connect(server.admin_dsn("bench"))
            rag = Database(
                prepare.as_role(server.admin_dsn("bench"), "ovia_rag", PASSWORD),
                size=2, statement_timeout=7200, name="bench",
            )  # fmt: skip
            await rag.open()
            try:
                yield Bench(admin, rag, org_id)
            finally:
                await rag.close()
                await admin.close()


async def _made(owner_dsn: str) -> UUID:
    database = Database(owner_dsn, size=1, name="bench organisation")
    await database.open()
    try:
        return (await operations.create_organisation(database, "Bench", actor="bench")).id
    finally:
        await database.close()
