"""A question about what is to come, answered and stored."""

import secrets
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from ovia_metrics.forecasts import gathering, what_if
from ovia_metrics.forecasts.gathering import Moment
from ovia_shared.database import forecast_history, forecasts, knowing
from ovia_shared.database.ids import new_id
from ovia_shared.database.kpis import scopes
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput, NotAllowed
from ovia_shared.kpis.windows import day_of
from ovia_shared.models.caller import Caller
from ovia_shared.models.forecast import HORIZON_DAYS, Forecast, ForecastKind, NewForecast, Question
from ovia_shared.models.kpi import ResolvedScope, Scope, ScopeKind, Window
from ovia_shared.models.token import Role


async def ask(conn: Connection, caller: Caller, wanted: NewForecast) -> Forecast:
    """The forecast, stored. Raises `NotFound` for a scope that is not there, `InvalidInput` for a question that is
    none."""
    _check(wanted)
    org_id = caller.org_id
    scope = Scope(wanted.scope.kind, wanted.scope.id)
    now = await knowing.settled(conn)
    zone = ZoneInfo(await scopes.time_zone(conn, org_id))
    known = await forecast_history.known_until(conn, org_id)
    moment = Moment(at=now, known=now if known is None else known, as_of=now, zone=zone)
    today = day_of(now, zone)
    _check_day(wanted.by, today)
    resolved = await forecast_history.items_at(conn, org_id, scope, now)
    own = await forecast_history.own(conn, org_id, resolved, now)
    await _refuse_one(conn, caller, resolved, Window(now - timedelta(days=wanted.sampling_days), now))
    history = await gathering.history_of(conn, org_id, own, moment, wanted.sampling_days)
    open_items = None
    if scope.kind in what_if.OF_GIVEN_ITEMS:
        open_items = len(history.open_items)
    elif wanted.kind is ForecastKind.WHEN and wanted.items is None:
        open_items = await forecast_history.open_items(conn, org_id, own, now)
    question = Question(
        kind=wanted.kind,
        scope=scope,
        items=open_items if wanted.kind is ForecastKind.WHEN and wanted.items is None else wanted.items,
        by=wanted.by,
        open_items=open_items,
        sampling_days=wanted.sampling_days,
        runs=wanted.runs,
        seed=secrets.randbits(31) if wanted.seed is None else wanted.seed,
        what_if=wanted.what_if,
        today=today,
        today_left=moment.left,
    )
    made = await gathering.forecast(
        history,
        question,
        moment,
        forecast_id=new_id(),
        made_by=caller.name,
        backtest=False,
    )
    await forecasts.add(conn, org_id, made)
    return made


def _check(wanted: NewForecast) -> None:
    if wanted.scope.kind is ScopeKind.PERSON:
        raise InvalidInput("a person's work is not forecast; ask for their team", field="scope.kind")
    if wanted.kind is ForecastKind.WHEN and wanted.by is not None:
        raise InvalidInput("a question for when takes no day; it is the answer", field="by")
    if wanted.kind is ForecastKind.HOW_MANY and wanted.items is not None:
        raise InvalidInput("a question for how many takes no items; they are the answer", field="items")
    if wanted.kind is ForecastKind.HOW_MANY and wanted.by is None:
        raise InvalidInput("say by which day", field="by")
    if wanted.items is not None and wanted.scope.kind in what_if.OF_GIVEN_ITEMS:
        raise InvalidInput("of a sprint or release all open items are asked for; what_if.items is more", field="items")
    if wanted.what_if is not None:
        what_if.check(wanted.what_if, wanted.kind, wanted.scope.kind)


async def _refuse_one(conn: Connection, caller: Caller, scope: ResolvedScope, window: Window) -> None:
    """A forecast for a team of one would tell of that person."""
    if await scopes.members(conn, caller.org_id, scope, window) == 1 and not caller.role.reaches(Role.MANAGER):
        raise NotAllowed(f"this team is one person, whose numbers need the role {Role.MANAGER}")


def _check_day(by: date | None, today: date) -> None:
    if by is not None and not today <= by < today + timedelta(days=HORIZON_DAYS):
        raise InvalidInput("give a day from today on and within five years", field="by")
