"""The cumulative flow diagram: how much was done, in progress and to do, through time."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec
from litestar import Response, get

from ovia_console.charts.plots import Chart, Point, Series, stacked
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.scopes.scope import choices_of, scope_of

Bucket = Literal["day", "week", "month"]


class FlowPoint(msgspec.Struct, frozen=True):
    """How many items were where at a moment; done are those since the window began."""

    at: datetime
    todo: int
    in_progress: int
    done: int


class CumulativeFlow(msgspec.Struct, frozen=True):
    """See `GET /team/flow/cumulative`."""

    points: list[FlowPoint]


@get("/flow/cumulative")
async def show(visit: OfVisit, bucket: Bucket = "day") -> Response[str]:
    """The diagram, and its numbers as a table whose cells lead to the items."""
    scope = scope_of(visit.request, days=60)
    told, choices = await asyncio.gather(
        visit.metrics.get("/team/flow/cumulative", CumulativeFlow, **scope.asked(), bucket=bucket),
        choices_of(visit),
    )
    return visit.page(
        "flow/cumulative.html",
        scope=scope,
        choices=choices,
        bucket=bucket,
        points=told.points,
        chart=draw(visit, told.points),
    )


def draw(visit: Visit, points: Sequence[FlowPoint]) -> Chart:
    """What is done lies at the bottom, so that the height of each layer is how much is in it."""
    layers = (
        (visit.gettext("Done"), [one.done for one in points]),
        (visit.gettext("In progress"), [one.in_progress for one in points]),
        (visit.gettext("To do"), [one.todo for one in points]),
    )
    return stacked(
        [
            Series(name, [Point(point.at, count) for point, count in zip(points, counts, strict=True)])
            for name, counts in layers
        ],
        height=260,
        width=1000,
    )
