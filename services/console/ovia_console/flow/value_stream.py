"""The stages a change passes on its way to production, and how long it is in each."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec
from litestar import Response, get

from ovia_console.charts.segments import Part, Segment, segments
from ovia_console.flow.numbers import numbers_of
from ovia_console.pages.formats import Formats
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.scopes.scope import Scope, choices_of, scope_of


def _(text: str) -> str:
    """Marks a sentence for the catalogues; it is translated where it is shown."""
    return text


# By the KPI that counts them, in the order in which a change passes them.
STAGES = {
    "merge_request.coding_hours": _("Coding"),
    "merge_request.pickup_hours": _("Pickup"),
    "merge_request.review_hours": _("Review"),
    "merge_request.deploy_hours": _("Deploy"),
}
MEANINGS = {
    "merge_request.coding_hours": _("from the first commit to ready for review"),
    "merge_request.pickup_hours": _("from ready to the first response"),
    "merge_request.review_hours": _("from the first response to the merge"),
    "merge_request.deploy_hours": _("from the merge to production"),
}
TOTAL = "merge_request.cycle_hours"
# What these pages call a number; what they do not show has the catalogue's title.
TITLES = {**STAGES, TOTAL: _("Whole way"), "work_item.cycle_hours": _("Cycle time")}


class Stage(msgspec.Struct, frozen=True):
    """A stage with what it took. Hours are null where nothing passed it."""

    name: str
    meaning: str
    p50: float | None
    p90: float | None
    n: int
    href: str


@get("/flow/value-stream")
async def show(visit: OfVisit) -> Response[str]:
    """A bar of the medians, each stage leading to the merge requests that passed it."""
    scope = scope_of(visit.request)
    told, choices = await asyncio.gather(numbers_of(visit, [TOTAL, *STAGES], scope), choices_of(visit))
    stages = [
        Stage(
            name=visit.gettext(words),
            meaning=visit.gettext(MEANINGS[name]),
            p50=told[name].values.get("p50"),
            p90=told[name].values.get("p90"),
            n=told[name].n,
            href=rows_address(name, scope),
        )
        for name, words in STAGES.items()
    ]
    return visit.page(
        "flow/value_stream.html",
        scope=scope,
        choices=choices,
        stages=stages,
        total=told[TOTAL],
        total_href=rows_address(TOTAL, scope),
        bar=draw(visit, stages),
    )


def rows_address(kpi: str, scope: Scope) -> str:
    """The page of the rows behind a number."""
    return f"/console/flow/rows/{kpi}?{urlencode(scope.shown())}"


def draw(visit: Visit, stages: Sequence[Stage]) -> list[Segment]:
    """As long as the medians are to each other."""
    show_as = Formats(visit.reader.taste)

    def label(stage: Stage) -> str:
        hours = stage.p50 or 0
        return f"{stage.name}: {show_as.duration(hours * 3600)}"

    return segments([Part(one.name, one.p50, label(one), one.href) for one in stages])
