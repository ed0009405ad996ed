"""From settings to an open database, checked to be the right one, for one command."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from ovia_shared.config.settings import DatabaseSettings, load
from ovia_shared.database import migrate, prepare
from ovia_shared.database.pool import Connection, Database
from ovia_shared.errors import BadSettings, Conflict

Outcome = TypeVar("Outcome")


def in_database(work: Callable[[Database], Awaitable[Outcome]], *, statement_timeout: float | None = None) -> Outcome:
    """Runs `work` on the database of OVIA_DATABASE_URL. `statement_timeout`, in seconds, if not that of the settings.

    Raises `BadSettings` if the role is not the owner, `Conflict` if migrations are missing, `Unavailable` if
    Postgres does not answer.
    """
    settings = load(DatabaseSettings)

    async def run() -> Outcome:
        database = Database(
            settings.database_url.get_secret_value(),
            size=1,
            statement_timeout=statement_timeout or settings.statement_timeout,
            name="ovia admin",
        )
        await database.open()
        try:
            await _check(database)
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def operator() -> str:
    """The name of who sits at the shell, for the audit log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run as a number that has no name.
        return "operator"


actor_option = click.option(
    "--actor", default=operator, show_default="your user name", help="Who the audit log says did this."
)


async def must_be_owner(conn: Connection) -> None:
    """Raises `BadSettings` unless the connection has the role that owns the schema."""
    if not await prepare.works_as_owner(conn):
        raise BadSettings(f"OVIA_DATABASE_URL: admin commands connect as {prepare.OWNER}, and no other role")


async def _check(database: Database) -> None:
    async with database.bare_transaction() as conn:
        await must_be_owner(conn)
        missing = await migrate.missing(conn)
    if missing:
        raise Conflict(f"the database lacks {', '.join(missing)}; run `ovia admin migrate` first")
