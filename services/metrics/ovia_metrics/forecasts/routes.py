"""Forecasts over HTTP."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, PathParameter, QueryParameter, SkipValidation

from ovia_metrics.forecasts.asking import ask
from ovia_metrics.forecasts.calibrating import calibrate
from ovia_metrics.forecasts.scoring import GRACE
from ovia_shared.database import forecasts, knowing
from ovia_shared.database.pool import Connection
from ovia_shared.errors import NotFound
from ovia_shared.models.caller import Caller
from ovia_shared.models.forecast import (
    Calibrations,
    Forecast,
    ForecastFilter,
    ForecastKind,
    ForecastPosition,
    NewForecast,
)
from ovia_shared.models.kpi import ScopeKind
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.idempotency import Write
from ovia_shared.web.paging import CursorText, Limit, Page, Paging

_forecasts = Paging[Forecast, ForecastPosition](
    "forecasts", ForecastPosition, lambda one: ForecastPosition(one.made_at, one.id)
)
_KIND = Annotated[ForecastKind | None, QueryParameter(description="Only those of this kind.")]
_BACKTEST = Annotated[
    bool | None, QueryParameter(description="Only those made afterwards for moments of the past, or only others.")
]
_QUESTIONS = [
    Example(summary="When will what is open be done?", value={"kind": "when", "scope": {"kind": "organisation"}}),
    Example(
        summary="How many by the end of the quarter, and with a limit on work in progress?",
        value={"kind": "how_many", "by": "2027-03-31", "what_if": {"wip_limit": 3}},
    ),
]


@post(
    "/forecasts",
    guards=[requires(Role.ANALYST)],
    operation_id="make_forecast",
    operation_class=Write,
    tags=["forecasts"],
    summary="Make a forecast",
    security=SECURITY,
    responses=problems_of(404, 409, 413),
)
async def make_forecast(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    data: Annotated[NewForecast, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_QUESTIONS)],
) -> Response[Forecast]:
    """When so many items, or the open ones, will be done; or how many will be by a day. A `what_if` is answered beside
    it. The forecast is kept and judged once its days are over. Where the history is too short there is none, and
    `refusal` says why."""
    made = await ask(conn, caller, data)
    return Response(made, status_code=201, headers={"Location": f"/forecasts/{made.id}"})


@get(
    "/forecasts",
    guards=[requires(Role.VIEWER)],
    operation_id="list_forecasts",
    tags=["forecasts"],
    summary="Forecasts, newest first",
    security=SECURITY,
    responses=problems_of(),
)
async def list_forecasts(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    kind: _KIND = None,
    scope_kind: Annotated[ScopeKind | None, QueryParameter(description="Only those for such a scope.")] = None,
    scope_id: Annotated[
        str | None, QueryParameter(max_length=1200, description="Only those for this one; as for KPIs.")
    ] = None,
    backtest: _BACKTEST = None,
    scored: Annotated[bool | None, QueryParameter(description="Only those with an outcome, or without.")] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[Forecast]:
    """Each with its question, the history it was made from, what it said, and what came of it."""
    wanted = ForecastFilter(kind, scope_kind, scope_id, backtest, scored)
    begun = _forecasts.read(cursor, wanted)
    rows = await forecasts.find(conn, caller.org_id, wanted, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await forecasts.count(conn, caller.org_id, wanted)
    return _forecasts.page(rows, limit, total, wanted)


@get(
    "/forecasts/{forecast_id:uuid}",
    guards=[requires(Role.VIEWER)],
    operation_id="read_forecast",
    tags=["forecasts"],
    summary="A forecast",
    security=SECURITY,
    responses=problems_of(404),
)
async def read_forecast(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    forecast_id: Annotated[UUID, PathParameter(description="The forecast's id.")],
) -> Forecast:
    """One forecast, as it was made, and its outcome once there is one."""
    found = await forecasts.find_one(conn, caller.org_id, forecast_id)
    if found is None:
        raise NotFound("there is no such forecast")
    return found


@get(
    "/forecasts/calibration",
    guards=[requires(Role.VIEWER)],
    operation_id="read_calibration",
    tags=["forecasts"],
    summary="How often forecasts were kept",
    security=SECURITY,
    responses=problems_of(),
)
async def read_calibration(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    kind: _KIND = None,
    backtest: _BACKTEST = None,
) -> Calibrations:
    """Of the forecasts whose last day is over: which share of the P50, P85 and P95 was kept, beside what was promised.

    Forecasts of one scope and of others that contain it are not independent, so the intervals are rather too narrow.
    """
    before = await knowing.settled(conn) - GRACE
    counts = await forecasts.calibration_counts(conn, caller.org_id, before, kind, backtest)
    waiting = await forecasts.count_waiting(conn, caller.org_id, before, kind, backtest)
    return Calibrations(calibrate(counts), waiting)


FORECASTS = [make_forecast, list_forecasts, read_forecast, read_calibration]
