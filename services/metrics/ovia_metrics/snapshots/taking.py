"""Counts what is kept ready: the latest numbers of every scope, and the weeks and months of all history."""

from collections.abc import Callable
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from ovia_metrics.kpis import overview
from ovia_shared.database import knowing
from ovia_shared.database.kpis import schedule, scopes, snapshots
from ovia_shared.database.kpis.measuring import Question, basis_of, has
from ovia_shared.database.pool import Database
from ovia_shared.errors import NotFound
from ovia_shared.kpis import windows
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.windows import Bucket
from ovia_shared.models.kpi import Scope, ScopeKind, Window

# Days are counted when somebody asks for them, and kept ready from then on.
GRAINS = (Bucket.WEEK, Bucket.MONTH)
# A sprint is over before it has a history.
WITH_HISTORY = frozenset({ScopeKind.ORGANISATION, ScopeKind.PRODUCT, ScopeKind.TEAM})

Progress = Callable[[int, int], None]


class Counted(msgspec.Struct, frozen=True):
    """Scopes looked after, and values that had to be counted."""

    scopes: int
    values: int


async def take_latest(database: Database, org_id: UUID, *, wait: bool = False) -> Counted:
    """A new latest snapshot of every scope, each in a transaction of its own. Raises `Busy` unless it may wait."""
    known = await _scopes(database, org_id)
    values = 0
    for scope in known:
        try:
            async with database.transaction(org_id) as conn:
                await schedule.lock(conn, org_id, wait=wait)
                basis = await basis_of(conn, org_id, scope)
                moment = await knowing.settled(conn)
                question = Question(
                    org_id=org_id, kpi="", window=overview.window_of(basis, moment), basis=basis,
                    facts_as_of=moment, people_as_of=moment,
                )  # fmt: skip
                values += len(await overview.take(conn, question))
        except NotFound:
            # Deleted since they were listed.
            continue
    return Counted(len(known), values)


async def refresh_history(
    database: Database, org_id: UUID, progress: Progress | None = None, *, wait: bool = False
) -> Counted:
    """Weeks and months of every scope since its first fact: counts those that are missing or no longer hold.

    `progress` is told how many of how many series are done. Ended midway, it goes on where it was. Raises `Busy` unless
    it may wait.
    """
    known = [one for one in await _scopes(database, org_id) if one.kind in WITH_HISTORY]
    series = [
        (scope, kpi, grain)
        for scope in known
        for kpi in CATALOGUE.values()
        if scope.kind is ScopeKind.ORGANISATION or not kpi.organisation_only
        for grain in GRAINS
    ]
    values = 0
    for done, (scope, kpi, grain) in enumerate(series):
        if progress is not None:
            progress(done, len(series))
        try:
            async with database.transaction(org_id) as conn:
                await schedule.lock(conn, org_id, wait=wait)
                basis = await basis_of(conn, org_id, scope)
                begins, moment = await schedule.beginning(conn, org_id), await knowing.settled(conn)
                if begins is None or begins >= moment or not has(kpi, basis.scope):
                    continue
                every = windows.buckets(Window(begins, moment), grain, ZoneInfo(basis.zone))
                over = [one for one in every if one.end <= moment]
                values += await snapshots.refresh(conn, org_id, basis, kpi.name, grain, over, moment)
        except NotFound:
            continue
    if progress is not None:
        progress(len(series), len(series))
    return Counted(len(known), values)


async def _scopes(database: Database, org_id: UUID) -> list[Scope]:
    async with database.transaction(org_id) as conn:
        return await scopes.snapshot_scopes(conn, org_id)
