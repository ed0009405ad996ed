"""`ovia-metrics backfill`: counts the latest numbers and all of history, showing how far it is."""

from uuid import UUID

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ovia_metrics.snapshots.taking import Counted, refresh_history, take_latest
from ovia_shared.database import organisations
from ovia_shared.database.pool import Database


async def backfill(dsn: str, wanted: UUID | None) -> None:
    """For one organisation, or for all."""
    database = Database(dsn, size=2, statement_timeout=3600, name="ovia-metrics backfill")
    await database.open()
    try:
        async with database.bare_transaction() as conn:
            known = [wanted] if wanted is not None else list(await organisations.ids(conn))
        for org_id in known:
            latest = await take_latest(database, org_id, wait=True)
            history = await _shown(database, org_id)
            click.echo(
                f"{org_id}: latest numbers of {latest.scopes:,} scopes; {history.values:,} values of history counted "
                f"for {history.scopes:,}"
            )
    finally:
        await database.close()


async def _shown(database: Database, org_id: UUID) -> Counted:
    columns = (TextColumn("series"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("series", total=None)
        return await refresh_history(
            database, org_id, lambda done, total: shown.update(task, completed=done, total=total), wait=True
        )
