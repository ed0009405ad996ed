"""What changed most, why, and the items that show it."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from ovia_console.dashboard.answers import Rows
from ovia_console.dashboard.asking import Asked, asked_of, known, window_of
from ovia_console.dashboard.cards import SHOWN
from ovia_console.dashboard.reasons import Reason, reasons_of
from ovia_console.dashboard.spoken import Spoken
from ovia_console.pages.links import web_address
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.services import segment
from ovia_shared.models.kpi import KpiRow, Window
from ovia_shared.models.kpi_change import KpiChange

# Of so many rows those that tell most are shown.
_LOOKED_AT, _LINKED, _LEAST, _TOLD = 100, 3, 2, 2


class Explained(msgspec.Struct, frozen=True):
    """A number that changed, why in few words, and items behind it. `earlier` are those of the window before."""

    change: KpiChange
    reasons: list[Reason]
    rows: list[KpiRow]
    earlier: list[KpiRow]

    @property
    def better(self) -> bool | None:
        """Whether it is better now, None where neither way is."""
        if not self.change.difference or self.change.direction not in ("up", "down"):
            return None
        return (self.change.difference > 0) is (self.change.direction == "up")


@get("/dashboard/changes")
async def show(
    visit: OfVisit,
    kpi: Annotated[list[str] | None, QueryParameter()] = None,
    start: str = "",
    end: str = "",
) -> Response[str]:
    """The numbers named, taken apart."""
    asked = asked_of(visit.request)
    window = window_of(start, end)
    names = known(SHOWN, kpi or [])
    found = await asyncio.gather(*(_explained(visit, asked, name, window) for name in dict.fromkeys(names)))
    return visit.page(
        "dashboard/changes.html",
        explained=[one for one in found if len(one.rows) + len(one.earlier) >= _LEAST],
        asked=asked,
        spoken=Spoken(visit),
    )


async def _explained(visit: Visit, asked: Asked, name: str, window: Window | None) -> Explained:
    change, rows = await asyncio.gather(
        visit.metrics.get(f"/team/kpi/{segment(name)}/change", KpiChange, **asked.parameters(window)),
        _rows(visit, asked, name, window),
    )
    telling = most_telling(rows, change)
    # Those that pull the other way are on the number's own page.
    reasons = [one for one in reasons_of(change) if one.amount * (change.difference or 0) > 0]
    earlier: list[KpiRow] = []
    if len(telling) < _LEAST:
        earlier = most_telling(await _rows(visit, asked, name, change.before.window), change)
    return Explained(change, reasons[:_TOLD], telling, earlier)


async def _rows(visit: Visit, asked: Asked, name: str, window: Window | None) -> list[KpiRow]:
    path = f"/team/kpi/{segment(name)}/rows"
    found = await visit.metrics.get(path, Rows, limit=_LOOKED_AT, **asked.parameters(window))
    return found.data


def most_telling(rows: Sequence[KpiRow], change: KpiChange) -> list[KpiRow]:
    """Items with links, one row each: the largest where the number rose, the smallest where it fell; of what is only
    counted, the newest."""
    linked = {(one.connection_id, one.entity_id): one for one in reversed(rows) if web_address(one.url)}
    found = sorted(linked.values(), key=lambda one: one.occurred_at, reverse=True)
    if change.unit not in ("count", "per day"):
        rose = (change.difference or 0) > 0
        found.sort(key=lambda one: one.number or 0.0, reverse=rose)
    return found[:_LINKED]
