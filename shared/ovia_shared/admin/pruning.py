"""Dropping what the settings say is kept for a time only, organisation by organisation."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from ovia_shared.admin import operations
from ovia_shared.config.settings import RetentionSettings
from ovia_shared.database import audit_log, prune_runs, retention
from ovia_shared.database.pool import Database
from ovia_shared.database.retention import Prunable
from ovia_shared.models.organisation import Organisation

# Rows of one transaction: short enough that nobody waits for its locks, and that a stop loses little.
AT_ONCE = 5000


class Pruned(msgspec.Struct, frozen=True):
    """How many rows of one organisation were dropped, or would be; older than `before`."""

    organisation: str
    what: str
    before: datetime
    rows: int


def plan(settings: RetentionSettings) -> list[tuple[Prunable, float]]:
    """What is dropped after how many days, in the order in which it has to go. What is kept for ever is left out."""
    facts = settings.facts_retention_days
    days: list[tuple[Prunable, float | None]] = [
        (retention.REPLACED_RAW_VERSIONS, settings.raw_retention_days),
        (retention.SYNC_RUNS, settings.sync_runs_retention_days),
        (retention.LINKING_RUNS, settings.sync_runs_retention_days),
        (retention.WEBHOOK_DELIVERIES, settings.webhooks_retention_days),
        # These two are promised for a day.
        (retention.IDEMPOTENCY_KEYS, 1),
        (retention.SETTING_PREVIEWS, 1),
        (retention.ASK_ANSWERS, settings.ask_retention_days),
        # Snapshots hold receipts, receipts hold facts and bases.
        (retention.STALE_SNAPSHOTS, facts),
        (retention.RECEIPTS, settings.receipts_retention_days),
        (retention.RECEIPT_BASES, None if settings.receipts_retention_days is None else 1),
        (retention.CORRECTED_FACTS, facts),
        (retention.PERSON_VIEWS, settings.views_retention_days),
        (retention.AUDIT_LOG, settings.audit_retention_days),
    ]
    return [(what, after) for what, after in days if after is not None]


def days_of(settings: RetentionSettings) -> dict[str, int | None]:
    """How many days each setting says; None: for ever."""
    return {
        name: getattr(settings, name) for name in RetentionSettings.model_fields if name.endswith("_retention_days")
    }


async def prune(
    database: Database,
    settings: RetentionSettings,
    organisation: Organisation,
    *,
    actor: str,
    dry_run: bool,
    progress: Callable[[str, int], None] = lambda *_: None,
) -> list[Pruned]:
    """Drops what is too old, in batches, each in a transaction of its own: stopped midway, it goes on the next time.

    A dry run only counts. What was dropped is recorded in the audit log.
    """
    done = []
    for what, days in plan(settings):
        async with database.transaction(organisation.id) as conn:
            cutoff = await retention.now(conn) - timedelta(days=days)
            counted = await retention.count(conn, organisation.id, what, cutoff) if dry_run else 0
        rows = counted if dry_run else await _drop_all(database, organisation.id, what, cutoff, progress)
        done.append(Pruned(organisation.name, what.name, cutoff, rows))
    dropped = {one.what: one.rows for one in done if one.rows}
    if not dry_run:
        async with database.transaction(organisation.id) as conn:
            await prune_runs.keep(conn, organisation.id, actor, days_of(settings), dropped)
            if dropped:
                await audit_log.record(
                    conn, organisation.id, actor=actor, action="prune", subject_kind="organisation", detail=dropped
                )
    return done


async def prune_all(
    database: Database,
    settings: RetentionSettings,
    wanted: str | None,
    *,
    actor: str,
    dry_run: bool,
    progress: Callable[[str, int], None] = lambda *_: None,
) -> list[Pruned]:
    """All organisations, or the one wanted. Raises `NotFound`."""
    known = await operations.organisations(database)
    chosen = known if wanted is None else [await operations.find_organisation(database, wanted)]
    done = []
    for organisation in chosen:
        done += await prune(database, settings, organisation, actor=actor, dry_run=dry_run, progress=progress)
    return done


async def _drop_all(
    database: Database, org_id: UUID, what: Prunable, cutoff: datetime, progress: Callable[[str, int], None]
) -> int:
    if what is retention.CORRECTED_FACTS:
        # Before the first of them goes: from here on nobody is given a number that they would have been part of.
        async with database.transaction(org_id) as conn:
            await retention.facts_end_before(conn, org_id, cutoff)
    total, dropped = 0, AT_ONCE
    while dropped == AT_ONCE:
        async with database.transaction(org_id) as conn:
            dropped = await retention.drop(conn, org_id, what, cutoff, AT_ONCE)
        total += dropped
        progress(what.name, total)
    return total
