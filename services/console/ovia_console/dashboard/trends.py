"""How the cards' numbers came where they are: against the window before, and as a small line."""

import asyncio
from datetime import timedelta

import msgspec
from litestar import Response, get

from ovia_console.charts.plots import sparkline
from ovia_console.dashboard.answers import KpiAnswer, Trend
from ovia_console.dashboard.asking import Asked, asked_of, window_of
from ovia_console.dashboard.cards import SHOWN
from ovia_console.dashboard.spoken import Spoken
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.services import ServiceProblem, segment
from ovia_shared.models.kpi import Window

_HALF_A_YEAR, _A_YEAR = timedelta(days=182), timedelta(days=365)
# A window of years as weeks would be a line of hundreds of points, too many to see.
_WEEKS_AT_MOST = timedelta(days=2 * 366)
# Most weeks of these have nothing to tell.
_SPARSE = frozenset({"sprint.spillover", "dora.recovery_hours"})
# How many cards are asked for at once: all of them would keep every connection of the service from other readers.
_AT_ONCE = 3
# How many numbers are explained, and of how many rows a number has to be that changes can be told from chance.
_EXPLAINED, _ENOUGH = 3, 5


class Moved(msgspec.Struct, frozen=True):
    """A card's past. `paths` is its line; None where a service did not answer."""

    name: str
    answer: KpiAnswer | None
    trend: Trend | None
    paths: list[str]

    @property
    def strange(self) -> bool:
        """Whether the newest point, or the one before, stands out."""
        points = self.trend.points[-2:] if self.trend else []
        return any(one.anomaly is not None for one in points)

    @property
    def monthly(self) -> bool:
        """Whether a point of the line is a month."""
        return self.trend is not None and self.trend.bucket == "month"

    @property
    def weight(self) -> float:
        """How large the change is, 0 where nothing can be said of it."""
        answer = self.answer
        if answer is None or answer.composite or answer.previous is None or answer.previous.change is None:
            return 0.0
        if min(answer.n, answer.previous.n) < _ENOUGH:
            return 0.0
        relative = answer.previous.change.relative
        return 0.0 if relative is None else abs(relative)


@get("/dashboard/trends")
async def show(visit: OfVisit, start: str = "", end: str = "") -> Response[str]:
    """Fills the cards of the open page, and says which numbers changed most."""
    asked = asked_of(visit.request)
    window = window_of(start, end)
    gate = asyncio.Semaphore(_AT_ONCE)
    moved = await asyncio.gather(*(_moved(visit, asked, name, window, gate) for name in SHOWN))
    return visit.page(
        "dashboard/trends.html",
        moved=moved,
        explained=[one.name for one in most_changed(list(moved))],
        spoken=Spoken(visit),
        following={**asked.kept(), "start": start, "end": end},
    )


def most_changed(moved: list[Moved]) -> list[Moved]:
    """Those whose change is largest against what they were, of numbers with enough rows in both windows."""
    return sorted((one for one in moved if one.weight > 0), key=lambda one: -one.weight)[:_EXPLAINED]


async def _moved(visit: Visit, asked: Asked, name: str, window: Window | None, gate: asyncio.Semaphore) -> Moved:
    async with gate:
        answer, trend = await asyncio.gather(
            visit.metrics.get(f"/team/kpi/{segment(name)}", KpiAnswer, compare=True, **asked.parameters(window)),
            visit.metrics.get("/team/kpi/history", Trend, kpi=name, **_line(asked, name, window)),
            return_exceptions=True,
        )
    for one in (answer, trend):
        if isinstance(one, BaseException) and not isinstance(one, ServiceProblem):
            raise one
        # Who may not, or is signed out, is told so; only what is away for a moment is left open.
        if isinstance(one, ServiceProblem) and one.status < 500:
            raise one
    known = trend if isinstance(trend, Trend) else None
    return Moved(
        name=name,
        answer=answer if isinstance(answer, KpiAnswer) else None,
        trend=known,
        paths=sparkline([point.value for point in known.points]) if known else [],
    )


def _line(asked: Asked, name: str, window: Window | None) -> dict[str, str]:
    parameters = asked.parameters(window)
    if window is None:
        return parameters
    back, bucket = (_A_YEAR, "month") if name in _SPARSE else (_HALF_A_YEAR, "week")
    begin = min(window.start, window.end - back)
    if window.end - begin > _WEEKS_AT_MOST:
        bucket = "month"
    # The day, not the moment: what is over is kept ready.
    return parameters | {"from_": begin.date().isoformat(), "bucket": bucket}
