"""Forecasts as they would have been made at moments of the past, judged at once, so that calibration means something
from the first day on. They are made of what had happened by then.
"""

import hashlib
import math
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import msgspec

from ovia_metrics.forecasts import gathering, judging
from ovia_metrics.forecasts.gathering import Moment
from ovia_metrics.forecasts.making import ENGINE_VERSION, LEAST_DAYS
from ovia_shared.database import forecast_history, forecasts, knowing
from ovia_shared.database.kpis import scopes
from ovia_shared.database.pool import Connection, Database
from ovia_shared.kpis.windows import day_of, midnight
from ovia_shared.models.forecast import ForecastKind, Question
from ovia_shared.models.kpi import Scope

MADE_BY = "backtest"


class Plan(NamedTuple):
    """Every so many days, about as much work as so many days bring, by the pace of so many days before; `runs` futures
    each."""

    every: int = 28
    horizon: int = 14
    sampling_days: int = 90
    runs: int = 2000


class Step(NamedTuple):
    """One scope at one moment, and how many forecasts were added for it (0: they were there, or could not be made)."""

    scope: Scope
    at: datetime
    added: int


async def moments(database: Database, org_id: UUID, plan: Plan) -> list[tuple[Scope, datetime]]:
    """Of which scopes, and when, forecasts are to be made: midnights far enough apart that no outcome counts twice in a
    scope; and of each sprint, when it began."""
    async with database.transaction(org_id) as conn:
        now = await knowing.settled(conn)
        known = await forecast_history.known_until(conn, org_id)
        latest = await forecast_history.latest(conn, org_id, now)
        if known is None or latest is None:
            return []
        zone = ZoneInfo(await scopes.time_zone(conn, org_id))
        # A source that was not read for long, or is no longer used, says nothing about the days since.
        last = day_of(min(known, latest), zone) - timedelta(days=plan.horizon + 1)
        found = []
        for scope in await forecast_history.lasting_scopes(conn, org_id):
            resolved = await forecast_history.items_at(conn, org_id, scope, now)
            begun = await forecast_history.begins(conn, org_id, await forecast_history.own(conn, org_id, resolved, now))
            day = last if begun is None else day_of(begun, zone) + timedelta(days=LEAST_DAYS)
            while begun is not None and day <= last:
                found.append((scope, midnight(day, zone)))
                day += timedelta(days=max(plan.every, plan.horizon))
        return found + await forecast_history.started_sprints(conn, org_id, midnight(last, zone))


async def run(
    database: Database, org_id: UUID, plan: Plan, wanted: list[tuple[Scope, datetime]]
) -> AsyncIterator[Step]:
    """Makes and judges the forecasts of each moment, each moment in a transaction of its own. Doing it twice adds
    nothing."""
    for scope, at in wanted:
        async with database.transaction(org_id) as conn:
            added = await _at(conn, org_id, plan, scope, at)
        yield Step(scope, at, added)


async def _at(conn: Connection, org_id: UUID, plan: Plan, scope: Scope, at: datetime) -> int:
    zone = ZoneInfo(await scopes.time_zone(conn, org_id))
    now = await knowing.settled(conn)
    moment = Moment(at=at, known=at, as_of=now, zone=zone)
    resolved = await forecast_history.items_at(conn, org_id, scope, at)
    own = await forecast_history.own(conn, org_id, resolved, now)
    history = await gathering.history_of(conn, org_id, own, moment, plan.sampling_days)
    pace = sum(history.done) / len(history.done) if history.done else 0.0
    today = day_of(at, zone)
    open_items = None if resolved.items is None else len(history.open_items)
    added = 0
    for kind in ForecastKind:
        when = kind is ForecastKind.WHEN
        key = f"{scope.kind} {scope.id} {kind} {at.isoformat()} {plan} {ENGINE_VERSION}"
        question = Question(
            kind=kind,
            scope=scope,
            items=(math.ceil(pace * plan.horizon) if open_items is None else open_items) if when else None,
            by=None if when else today + timedelta(days=plan.horizon - 1),
            open_items=open_items,
            sampling_days=plan.sampling_days,
            runs=plan.runs,
            seed=int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest()) >> 1,
            what_if=None,
            today=today,
            today_left=moment.left,
        )
        made = await gathering.forecast(
            history, question, moment, forecast_id=uuid5(org_id, key), made_by=MADE_BY, backtest=True
        )
        if made.base is None:
            continue
        outcome = await judging.outcome_of(conn, org_id, made, resolved)
        made = msgspec.structs.replace(made, outcome=outcome, scored_at=None if outcome is None else now)
        added += await forecasts.add(conn, org_id, made)
    return added
