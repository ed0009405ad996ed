"""How long finished work took: a dot for each item, on the day it was done."""

import asyncio
from collections.abc import Mapping, Sequence

from litestar import Response, get

from ovia_console.charts.plots import Chart, Point, Series, dots
from ovia_console.flow.numbers import number_of
from ovia_console.flow.percentiles import percentile
from ovia_console.flow.rows import Pages, Row, all_of
from ovia_console.pages.formats import Formats
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.scopes.scope import choices_of, scope_of

_SHARES = (50, 85, 95)
# The longest ones, below the picture.
_LISTED = 50


@get("/flow/cycle-time")
async def show(visit: OfVisit) -> Response[str]:
    """The items that were done in the window, and the percentiles of how long they took."""
    scope = scope_of(visit.request, days=90)
    rows, number, choices = await asyncio.gather(
        all_of(visit.metrics, "/team/kpi/work_item.cycle_hours/rows", Row, scope.asked()),
        number_of(visit, "work_item.cycle_hours", scope),
        choices_of(visit),
    )
    limits = limits_of(rows, number.values)
    return visit.page(
        "flow/cycle_time.html",
        scope=scope,
        choices=choices,
        pages=rows,
        number=number,
        limits=limits,
        longest=sorted(rows.data, key=lambda one: -(one.number or 0))[:_LISTED],
        chart=draw(visit, rows.data, limits),
    )


def limits_of(rows: Pages[Row], told: Mapping[str, float | None]) -> dict[int, float]:
    """Hours by percentile: of the dots if all are there, else as the service counts them over all items."""
    if rows.whole:
        hours = [one.number for one in rows.data if one.number is not None]
        found = {share: percentile(hours, share / 100) for share in _SHARES}
    else:
        found = {int(name[1:]): value for name, value in told.items() if name[1:].isdigit()}
    return {share: value for share, value in found.items() if value is not None}


def draw(visit: Visit, rows: Sequence[Row], limits: Mapping[int, float]) -> Chart:
    """Days that items took, in the order in which they were done, so that the keyboard goes from left to right."""
    show_as = Formats(visit.reader.taste)
    points = [
        Point(
            one.occurred_at,
            (one.number or 0) / 24,
            f"{one.name}: {one.title or ''} · {show_as.duration((one.number or 0) * 3600)}",
            one.link,
        )
        for one in sorted(rows, key=lambda one: one.occurred_at)
    ]
    rules = [(f"{share} %", hours / 24) for share, hours in limits.items()]
    return dots([Series(visit.gettext("Cycle time"), points)], rules=rules, height=260, width=1000)
