"""Finds what came of forecasts, and stores it."""

from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from ovia_metrics.forecasts.scoring import Done, score
from ovia_shared.database import forecast_history, forecasts, knowing
from ovia_shared.database.kpis import scopes
from ovia_shared.database.pool import Connection, Database
from ovia_shared.errors import NotFound
from ovia_shared.kpis.windows import midnight
from ovia_shared.models.forecast import Forecast, ForecastPosition, Outcome
from ovia_shared.models.kpi import ResolvedScope

_BATCH = 100


class Judged(NamedTuple):
    """How a pass went: forecasts judged, those that still wait, and those whose scope is gone."""

    judged: int
    waiting: int
    gone: int


async def judge_all(database: Database, org_id: UUID) -> Judged:
    """Judges every forecast whose outcome can be told by now. Doing it twice changes nothing."""
    judged = waiting = gone = 0
    after: ForecastPosition | None = None
    while True:
        async with database.transaction(org_id) as conn:
            found = await forecasts.waiting(conn, org_id, after, _BATCH)
            for one in found:
                try:
                    resolved = await forecast_history.items_at(conn, org_id, one.question.scope, one.made_at)
                except NotFound:
                    gone += 1
                    continue
                outcome = await outcome_of(conn, org_id, one, resolved)
                if outcome is None:
                    waiting += 1
                elif await forecasts.judge(conn, org_id, one.id, outcome):
                    judged += 1
        if len(found) < _BATCH:
            return Judged(judged, waiting, gone)
        after = ForecastPosition(found[-1].made_at, found[-1].id)


async def outcome_of(conn: Connection, org_id: UUID, made: Forecast, scope: ResolvedScope) -> Outcome | None:
    """What came of a forecast, by what is known now; None while it cannot be told."""
    known = await forecast_history.known_until(conn, org_id)
    if made.base is None or made.due_at is None or known is None:
        return None
    now = await knowing.settled(conn)
    zone = ZoneInfo(await scopes.time_zone(conn, org_id))
    if scope.items is not None:
        # Those that were asked about, whatever came to the sprint or release or left it since.
        scope = msgspec.structs.replace(scope, items=made.history.open_items)
    whose = await forecast_history.own(conn, org_id, scope, now)
    done = await forecast_history.done(conn, org_id, whose, made.made_at, made.due_at)

    def ends(day: date) -> datetime:
        return midnight(day + timedelta(days=1), zone)

    return score(made.question, made.base, [Done(*one) for one in done], ends, min(known, now))
