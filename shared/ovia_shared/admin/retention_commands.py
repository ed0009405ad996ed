"""The command that drops what is kept for a time only."""

import click

from ovia_shared.admin.display import as_json_text, json_option
from ovia_shared.admin.pruning import Pruned, prune_all
from ovia_shared.admin.session import actor_option, in_database
from ovia_shared.config.settings import RetentionSettings, load
from ovia_shared.database.pool import Database

# A batch looks at many rows to find those that may go.
STATEMENT_SECONDS = 600.0


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Drop nothing; say how much would be.")
@click.option("--organisation", metavar="ID-OR-NAME", help="Only this one's; otherwise all.")
@actor_option
@json_option
def prune(dry_run: bool, organisation: str | None, actor: str, as_json: bool) -> None:
    """Drop what the settings say is kept for a time only. Meant to run every night; safe beside everything else.

    OVIA_RAW_RETENTION_DAYS, OVIA_SYNC_RUNS_RETENTION_DAYS, OVIA_WEBHOOKS_RETENTION_DAYS, OVIA_ASK_RETENTION_DAYS,
    OVIA_RECEIPTS_RETENTION_DAYS, OVIA_FACTS_RETENTION_DAYS, OVIA_VIEWS_RETENTION_DAYS and OVIA_AUDIT_RETENTION_DAYS say
    how long; see docs/retention.md. Facts that a kept receipt needs are never dropped.

    \b
    Examples:
      ovia admin prune --dry-run
      OVIA_RECEIPTS_RETENTION_DAYS=730 OVIA_FACTS_RETENTION_DAYS=365 ovia admin prune
    """
    settings = load(RetentionSettings)

    async def work(database: Database) -> list[Pruned]:
        return await prune_all(database, settings, organisation, actor=actor, dry_run=dry_run)

    done = in_database(work, statement_timeout=STATEMENT_SECONDS)
    if as_json:
        click.echo(as_json_text(done))
        return
    for one in done:
        if one.rows or dry_run:
            verb = "would go" if dry_run else "dropped"
            click.echo(f"{one.organisation}: {one.what} before {one.before:%Y-%m-%d %H:%M} UTC: {one.rows:,} {verb}")
    if not dry_run:
        click.echo(f"{sum(one.rows for one in done):,} rows dropped")
