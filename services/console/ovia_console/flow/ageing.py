"""What is under way, how old it is, and how long such work usually takes."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from statistics import median

import msgspec
from litestar import Response, get

from ovia_console.charts.columns import Dot, columns
from ovia_console.charts.plots import Chart
from ovia_console.flow.numbers import number_of
from ovia_console.flow.rows import Item, all_of
from ovia_console.pages.formats import Formats
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.scopes.scope import choices_of, scope_of

# The days before the end of the window whose cycle times work in progress is held against, as `flow.aging` does.
DAYS_BEFORE = 90
_SHARES = ("p50", "p85", "p90")


@get("/flow")
async def show(visit: OfVisit) -> Response[str]:
    """A dot for each item in progress at the end of the window, by its status then."""
    scope = scope_of(visit.request)
    before = msgspec.structs.replace(scope, since=scope.until - timedelta(days=DAYS_BEFORE))
    items, usual, choices = await asyncio.gather(
        all_of(visit.metrics, "/team/flow/items", Item, {**scope.asked(), "category": "in_progress"}),
        number_of(visit, "work_item.cycle_hours", before),
        choices_of(visit),
    )
    oldest = sorted(items.data, key=lambda one: -(one.age_hours or 0))
    return visit.page(
        "flow/ageing.html",
        scope=scope,
        choices=choices,
        items=oldest,
        pages=items,
        usual=usual,
        before=before,
        beyond=beyond(oldest, usual.values),
        chart=draw(visit, oldest, usual.values),
    )


def beyond(items: Sequence[Item], usual: Mapping[str, float | None]) -> dict[str, int]:
    """How many items are older than each percentile of cycle time that is known."""
    return {
        share: sum((one.age_hours or 0) > limit for one in items)
        for share in _SHARES
        if (limit := usual.get(share)) is not None
    }


def draw(visit: Visit, items: Sequence[Item], usual: Mapping[str, float | None]) -> Chart:
    """Columns are statuses, those whose items are youngest first: nearly the order in which work passes them."""
    show_as = Formats(visit.reader.taste)
    ages: dict[str, list[float]] = {}
    for one in items:
        ages.setdefault(one.status or show_as.NOTHING, []).append(one.age_hours or 0)
    names = sorted(ages, key=lambda name: (median(ages[name]), name))
    dots = [
        Dot(
            names.index(one.status or show_as.NOTHING),
            (one.age_hours or 0) / 24,
            f"{one.row.name}: {one.row.title or ''} · {show_as.duration((one.age_hours or 0) * 3600)}",
            one.row.link,
        )
        for one in items
    ]
    rules = [(f"{share[1:]} %", limit / 24) for share in _SHARES if (limit := usual.get(share)) is not None]
    return columns(names, [(visit.gettext("Work in progress"), dots)], rules=rules, height=260, width=1000)
