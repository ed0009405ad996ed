"""A number through time as a chart: each point leads to the rows behind it, and what stands out is marked."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import msgspec

from ovia_console.charts.plots import Chart, Point, Series, lines
from ovia_console.dashboard import answers
from ovia_console.dashboard.asking import Asked
from ovia_console.dashboard.spoken import Spoken
from ovia_console.pages.rendering import with_query
from ovia_console.pages.visit import Visit
from ovia_shared.errors import InvalidInput

# What surrounds a short window, so that its points are seen among others; and how many points a chart can hold.
_AROUND = {"day": 60, "week": 182, "month": 730, "sprint": 182}
_AT_MOST = {"day": 400, "week": 1400, "month": 3660, "sprint": 1400}


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """A trend and its picture; `written` writes a value of its axis."""

    bucket: str
    points: list[answers.Point]
    strange: list[answers.Point]
    chart: Chart
    written: Callable[[float], str]
    label: Callable[[answers.Point], str]


async def ask(visit: Visit, asked: Asked, name: str, bucket: str) -> answers.Trend:
    """The points of a window and of some time before it. Raises `ServiceProblem` and `InvalidInput`."""
    if bucket not in _AROUND:
        raise InvalidInput("a trend goes by days, weeks, months or sprints", field="bucket")
    until = asked.scope.until
    back = min(max(asked.scope.days, _AROUND[bucket]), _AT_MOST[bucket])
    parameters = asked.parameters() | {"from_": (until - timedelta(days=back)).isoformat()}
    return await visit.metrics.get("/team/kpi/history", answers.Trend, kpi=name, bucket=bucket, **parameters)


def draw(trend: answers.Trend, bucket: str, address: str, query: Mapping[str, str], spoken: Spoken) -> Drawing:
    """The picture. Its points lead to `address` with the point's receipt, which knows what it was counted from."""
    known = [point.value for point in trend.points if point.value is not None]
    divided, written = spoken.axis(trend.unit, known)
    strange = [point for point in trend.points if point.anomaly is not None and point.value is not None]

    def said(point: answers.Point) -> str:
        return point.label if bucket == "sprint" else spoken.day(_day(point.label))

    def placed(point: answers.Point, value: float | None) -> Point:
        label = f"{said(point)}: {spoken.amount(point.value, trend.unit)}, {spoken.rows(point.n)}"
        href = with_query(address, query, point=point.receipt_id, cursor=None) + "#rows"
        return Point(point.window.start, None if value is None else value / divided, label, href)

    series = [Series(spoken.title(trend.name), [placed(point, point.value) for point in trend.points])]
    if strange:
        marked = [point.value if point.anomaly is not None else None for point in trend.points]
        series.append(
            Series(spoken.stands_out(), [placed(one, value) for one, value in zip(trend.points, marked, strict=True)])
        )
    return Drawing(
        bucket=bucket, points=trend.points, strange=strange, chart=lines(series, height=200), written=written,
        label=said,
    )  # fmt: skip


def _day(label: str) -> date:
    # In the organisation's calendar already: no clock of a reader moves it.
    return date.fromisoformat(label)
