"""From a scope and a moment to the history before it, and from a history to a forecast."""

import asyncio
import itertools
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from ovia_metrics.forecasts.making import ENGINE_VERSION, make
from ovia_shared.database import forecast_cohorts, forecast_history
from ovia_shared.database.forecast_cohorts import Fate
from ovia_shared.database.forecast_history import Whose
from ovia_shared.database.pool import Connection
from ovia_shared.kpis.windows import day_of, midnight
from ovia_shared.models.forecast import Cohort, Forecast, History, Question
from ovia_shared.models.kpi import ScopeKind

# Older than this, what is known of work items is said to be old.
_FRESH = timedelta(days=2)


class Moment(NamedTuple):
    """When a forecast is made: `at` is up to when it knows what happened, `known` up to when that has been looked at,
    `as_of` as of when facts are believed."""

    at: datetime
    known: datetime
    as_of: datetime
    zone: ZoneInfo

    @property
    def left(self) -> float:
        """How much of the day is to come, from 0 (excluded) to 1."""
        today = day_of(self.at, self.zone)
        start, end = midnight(today, self.zone), midnight(today + timedelta(days=1), self.zone)
        return (end - self.at) / (end - start)


async def history_of(conn: Connection, org_id: UUID, own: Whose, moment: Moment, sampling_days: int) -> History:
    """The whole days before the moment, as many as asked for or as there are since the scope's first item.

    Of a sprint or release, the days are those of the projects, and its open items and the fates of such items are told.
    """
    whose = await forecast_history.pace_of(conn, org_id, own)
    found = await _days(conn, org_id, whose, moment, sampling_days)
    if own.scope.items is None:
        return found
    if own.scope.kind is ScopeKind.SPRINT:
        fates = await forecast_cohorts.of_sprint(conn, org_id, own.scope, moment.at)
    else:
        projects = whose.scope.projects or []
        fates = await forecast_cohorts.of_release(conn, org_id, projects, moment.at, sampling_days)
    return msgspec.structs.replace(
        found,
        cohorts=_cohorts(fates, moment),
        open_items=await forecast_cohorts.open_keys(conn, org_id, own.scope, moment.at),
    )


def _cohorts(fates: list[Fate], moment: Moment) -> list[Cohort]:
    """By moment; days are those of the calendar, and the day of the moment asked about is no whole one."""
    last = day_of(min(moment.at, moment.known), moment.zone)
    found = []
    for start, members in itertools.groupby(fates, key=lambda one: one.moment):
        first = day_of(start, moment.zone)
        items = list(members)
        done = [(day_of(one.done_at, moment.zone) - first).days for one in items if one.done_at is not None]
        watched = (last - first).days
        if watched > 0:
            within = sorted(one for one in done if one < watched)
            found.append(Cohort(start=first, items=len(items), days=watched, done=within))
    return found


async def _days(conn: Connection, org_id: UUID, whose: Whose, moment: Moment, sampling_days: int) -> History:
    zone = moment.zone
    last = day_of(min(moment.at, moment.known), zone)
    first = last - timedelta(days=sampling_days)
    begun = await forecast_history.begins(conn, org_id, whose)
    first = last if begun is None else max(first, day_of(begun, zone))
    if first >= last:
        return History(start=last, done=[], created=[], in_progress=[], people=0)
    bounds = [midnight(first + timedelta(days=number), zone) for number in range((last - first).days + 1)]
    days = await forecast_history.days(conn, org_id, whose, bounds, moment.at)
    return History(
        start=first,
        done=[one.done for one in days],
        created=[one.created for one in days],
        in_progress=[one.in_progress for one in days],
        people=await forecast_history.people(conn, org_id, whose, bounds[0], bounds[-1]),
    )


async def forecast(
    history: History, question: Question, moment: Moment, *, forecast_id: UUID, made_by: str, backtest: bool
) -> Forecast:
    """The forecast, not yet stored. Raises `InvalidInput` for a what-if that the history cannot answer."""
    doubts = []
    if moment.at - moment.known > _FRESH:
        doubts.append(f"What happened since {day_of(moment.known, moment.zone)} has not been read or looked at yet.")
    made = await asyncio.to_thread(make, history, question, doubts)
    return Forecast(
        id=forecast_id,
        made_at=moment.at,
        made_by=made_by,
        backtest=backtest,
        engine_version=ENGINE_VERSION,
        question=question,
        history=history,
        base=made.base,
        what_if=made.what_if,
        refusal=made.refusal,
        confidence=made.confidence,
        confidence_reasons=made.confidence_reasons,
        due_at=None if made.last_day is None else midnight(made.last_day + timedelta(days=1), moment.zone),
    )
