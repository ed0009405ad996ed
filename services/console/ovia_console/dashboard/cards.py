"""The front page: the numbers that say how delivery is, each a card that leads to what is behind it."""

import asyncio
from typing import NamedTuple

import msgspec
from litestar import Response, get

from ovia_console.dashboard.answers import KpiAnswer, Overview
from ovia_console.dashboard.asking import Asked, asked_of
from ovia_console.dashboard.spoken import Spoken
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.scopes.scope import choices_of
from ovia_console.services import segment
from ovia_shared.models.kpi import Window


def _(text: str) -> str:
    """Marks a sentence for the catalogues."""
    return text


class Group(NamedTuple):
    """Cards that stand together."""

    key: str
    title: str
    names: tuple[str, ...]


GROUPS = (
    Group("overall", _("Overall"), ("delivery_health", "release_risk", "blockers.open", "sprint.spillover")),
    Group(
        "flow",
        _("Flow"),
        (
            "throughput.merge_requests", "throughput.work_items", "review.first_response_hours",
            "merge_request.cycle_hours", "work_item.cycle_hours",
        ),
    ),
    Group(
        "dora",
        "DORA",
        (
            "dora.deployment_frequency", "dora.change_lead_hours", "dora.change_fail_rate", "dora.recovery_hours",
        ),
    ),
)  # fmt: skip
SHOWN = tuple(name for group in GROUPS for name in group.names)


class Numbers(msgspec.Struct, frozen=True):
    """What the cards show, by name. `window` is of which time."""

    window: Window
    by_name: dict[str, KpiAnswer]

    @property
    def empty(self) -> bool:
        """Whether there is no number at all."""
        return all(one.value is None for one in self.by_name.values())

    @property
    def unread(self) -> bool:
        """Whether no source was ever read that any of these could be counted from."""
        return all(one.quality.score is None for one in self.by_name.values())


@get("/")
async def show(visit: OfVisit) -> Response[str]:
    """The values of all cards; what they were before, and how they came there, follows by itself."""
    asked = asked_of(visit.request)
    numbers, choices = await asyncio.gather(numbers_of(visit, asked), choices_of(visit))
    return visit.page(
        "dashboard/page.html",
        groups=GROUPS,
        numbers=numbers,
        asked=asked,
        scope=asked.scope,
        choices=choices,
        spoken=Spoken(visit),
        following={
            **asked.kept(),
            "start": numbers.window.start.isoformat(),
            "end": numbers.window.end.isoformat(),
        },
    )


async def numbers_of(visit: Visit, asked: Asked) -> Numbers:
    """The values: of the usual window those kept ready, of another one each by itself, which is quicker than all."""
    if not asked.dated:
        overview = await visit.metrics.get("/team/kpi", Overview, **asked.parameters())
        return Numbers(overview.window, {one.name: one for one in overview.kpis if one.name in SHOWN})
    answers = await asyncio.gather(
        *(visit.metrics.get(f"/team/kpi/{segment(name)}", KpiAnswer, **asked.parameters()) for name in SHOWN)
    )
    return Numbers(answers[0].window, {one.name: one for one in answers})
