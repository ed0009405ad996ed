"""When it will be done, or how much by a day: asked with sliders, and how often such forecasts were kept."""

import asyncio
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec
from litestar import Response, get, post

from ovia_console.charts.columns import Dot, columns
from ovia_console.charts.plots import Chart, Point, Series, lines
from ovia_console.flow.questions import REACH, Asked, body, read
from ovia_console.pages.formats import Formats
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.scopes.scope import choices_of, scope_of
from ovia_console.services import ServiceProblem

SHARES = ("p50", "p85", "p95")
RECENT = 10


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be expected: days or numbers."""

    p50: date | int | None
    p85: date | int | None
    p95: date | int | None
    items: int | None
    per_day: float
    notes: list[str]

    def of(self, share: str) -> date | int | None:
        """By the name of the percentile."""
        found: date | int | None = getattr(self, share)
        return found


class Question(msgspec.Struct, frozen=True):
    """What was asked."""

    kind: str
    scope: dict[str, str]
    items: int | None
    by: date | None
    open_items: int | None
    today: date


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """See `POST /forecasts`."""

    id: str
    made_at: datetime
    made_by: str
    question: Question
    base: Outlook | None
    what_if: Outlook | None
    refusal: str | None
    confidence: str
    confidence_reasons: list[str]


class Forecasts(msgspec.Struct, frozen=True):
    """Forecasts, newest first."""

    data: list[Forecast]


class Kept(msgspec.Struct, frozen=True):
    """How often a percentile was kept."""

    expected: float
    n: int
    share: float | None
    low: float | None
    high: float | None


class Calibration(msgspec.Struct, frozen=True):
    """Of forecasts of a kind, for scopes of a kind or of all."""

    kind: str
    scope_kind: str | None
    forecasts: int
    p50: Kept
    p85: Kept
    p95: Kept


class Calibrations(msgspec.Struct, frozen=True):
    """All of them, and how many forecasts wait for their last day."""

    data: list[Calibration]
    waiting: int


@get("/flow/forecast")
async def show(visit: OfVisit) -> Response[str]:
    """The form, the last forecasts of the scope, and the calibration."""
    scope = scope_of(visit.request)
    whose = {name: value for name, value in scope.asked().items() if name.startswith("scope_")}
    kind = {} if whose else {"scope_kind": "organisation"}
    recent, calibration, choices = await asyncio.gather(
        visit.metrics.get("/forecasts", Forecasts, **whose, **kind, backtest=False, limit=RECENT),
        visit.metrics.get("/forecasts/calibration", Calibrations),
        choices_of(visit),
    )
    return visit.page(
        "flow/forecast.html",
        scope=scope,
        choices=choices,
        recent=recent.data,
        calibration=calibration,
        **_of_form(visit, read({}, datetime.now(UTC).date())),
    )


@post("/flow/forecast", status_code=200)
async def ask(visit: OfVisit) -> Response[str]:
    """Makes a forecast, which the service keeps, and shows it in place; without scripts as a page of its own."""
    scope = scope_of(visit.request)
    asked = read(await visit.request.form(), datetime.now(UTC).date())
    made, problem = None, None
    try:
        made = await visit.metrics.send("POST", "/forecasts", body(asked, scope), kind=Forecast)
    except ServiceProblem as refused:
        if refused.status not in (400, 422):
            raise
        problem = refused
    values = _of_form(visit, asked) | {
        "made": made,
        "problem": problem,
        "chart": None if made is None else draw(visit, made),
    }
    if visit.in_place:
        return visit.page("flow/forecast_result.html", scope=scope, **values)
    choices = await choices_of(visit)
    return visit.page("flow/forecast_made.html", scope=scope, choices=choices, **values)


def draw(visit: Visit, made: Forecast) -> Chart | None:
    """Days along time, numbers in columns; None without any."""
    outlooks = [(visit.gettext("As things are"), made.base), (visit.gettext("What if"), made.what_if)]
    known = [(name, one) for name, one in outlooks if one is not None]
    if not any(one.of(share) is not None for _, one in known for share in SHARES):
        return None
    return _of_days(visit, known) if made.question.kind == "when" else _of_numbers(known)


def _of_days(visit: Visit, outlooks: list[tuple[str, Outlook]]) -> Chart:
    show_as = Formats(visit.reader.taste)

    def points(name: str, one: Outlook) -> list[Point]:
        days = [(int(share[1:]), day) for share in SHARES if isinstance(day := one.of(share), date)]
        zone = visit.reader.taste.zone
        return [
            Point(datetime.combine(day, time(), zone), share, f"{name}: {share} % – {show_as.day(day)}")
            for share, day in days
        ]

    return lines([Series(name, points(name, one)) for name, one in outlooks], height=200)


def _of_numbers(outlooks: list[tuple[str, Outlook]]) -> Chart:
    def dots(name: str, one: Outlook) -> list[Dot]:
        numbers = [(place, share, one.of(share)) for place, share in enumerate(SHARES)]
        return [
            Dot(place, float(number), f"{name}: {share[1:]} % – {number}")
            for place, share, number in numbers
            if isinstance(number, int)
        ]

    names = [f"{share[1:]} %" for share in SHARES]
    return columns(names, [(name, dots(name, one)) for name, one in outlooks], height=200)


def _of_form(visit: Visit, asked: Asked) -> dict[str, Any]:
    return {
        "asked": asked, "reach": REACH, "may_ask": visit.reader.may("analyst"), "shares": SHARES, "made": None,
        "problem": None, "chart": None, "today": datetime.now(UTC).date(),
    }  # fmt: skip
