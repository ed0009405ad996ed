"""`ovia-ingest link`: matches accounts now, new ones or all of them, or says what matching all anew would change."""

from uuid import UUID

from rich.console import Console
from rich.table import Table

from ovia_ingest import progress
from ovia_ingest.organisation import choose
from ovia_shared.config.settings import IngestSettings
from ovia_shared.database import linking, organisation_settings
from ovia_shared.database.pool import Database
from ovia_shared.linking import rematching
from ovia_shared.linking.incremental import SETTING, link_identities
from ovia_shared.linking.rematching import Plan
from ovia_shared.models.decision import MatchingSettings
from ovia_shared.models.rematch import ChangedMapping, Side

SHOWN = 20


async def link(settings: IngestSettings, organisation: str | None, *, full: bool, preview: bool) -> int:
    """Links what waits, or everything anew; with `preview` it only says what would change. Returns the exit code."""
    database = Database(
        settings.database_url.get_secret_value(), size=2, statement_timeout=3600, name="ovia-ingest", durable=False
    )
    await database.open()
    try:
        org_id = await choose(database, organisation)
        if full or preview:
            with progress.console.status("Matching all accounts …"):
                plan = await _rematch(database, org_id, write=not preview)
            _report(plan, done=not preview)
        else:
            with progress.console.status("Matching new and changed accounts …"):
                outcome = await link_identities(database, org_id)
            progress.say(
                f"People: {outcome.people:,} new; accounts: {outcome.linked:,} linked, {outcome.conflicts:,} for "
                f"review, {outcome.orphans:,} without enough evidence."
            )
        return 0
    finally:
        await database.close()


async def _rematch(database: Database, org_id: UUID, *, write: bool) -> Plan:
    async with database.transaction(org_id) as conn:
        if write:
            await linking.lock(conn, org_id)
        chosen = await organisation_settings.read(conn, org_id, SETTING, MatchingSettings)
        plan = await rematching.plan(conn, org_id, chosen)
        if write:
            await rematching.carry_out(conn, org_id, plan)
        return plan


def _report(plan: Plan, *, done: bool) -> None:
    counts = plan.rematch.counts
    progress.say(
        f"{counts.decided:,} accounts matched anew in {plan.seconds:.1f} s; {counts.unchanged:,} stay as they are. "
        f"{'Changed' if done else 'Would change'}: {counts.linked:,} linked, {counts.moved:,} to another person, "
        f"{counts.withdrawn:,} withdrawn, {counts.opened:,} new for review, {counts.settled:,} settled; "
        f"people: {counts.new_people:,} new, {counts.emptied_people:,} without an account."
    )
    if plan.changes:
        table = Table("account", "source", "before", "after")
        for change in plan.changes[:SHOWN]:
            table.add_row(_name(change), change.source, _side(change.before), _side(change.after))
        Console(highlight=False, markup=False).print(table)
        if len(plan.changes) > SHOWN:
            progress.say(f"… and {len(plan.changes) - SHOWN:,} more.")
    if not done:
        progress.say("Nothing was written. To do it: ovia-ingest link --full")


def _name(change: ChangedMapping) -> str:
    return change.display_name or change.username or change.email or str(change.identity_id)


def _side(side: Side | None) -> str:
    if side is None:
        return "nobody"
    new = "" if side.person_id else "new: "
    return f"{new}{side.person_name} ({side.status}, {side.confidence:.2f})"
