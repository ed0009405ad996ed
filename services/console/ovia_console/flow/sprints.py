"""The ledger of sprints: what was planned, came and went, was done, and was left over."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from ovia_console.flow.numbers import numbers_of
from ovia_console.flow.rows import Row, all_of
from ovia_console.pages.visit import OfVisit
from ovia_console.scopes.scope import choices_of, scope_of
from ovia_shared.errors import InvalidInput, NotFound


def _(text: str) -> str:
    """Marks a sentence for the catalogues; it is translated where it is shown."""
    return text


DAYS = 90
KPIS = ("sprint.completion", "sprint.spillover", "sprint.scope_change")
# What a count counts, by its name in addresses: the words for it, and which items these are.
COUNTS: dict[str, tuple[str, Callable[[dict[str, Any]], bool]]] = {
    "planned": (_("Planned"), lambda item: bool(item.get("committed"))),
    "added": (_("Added"), lambda item: bool(item.get("added"))),
    "removed": (_("Taken out"), lambda item: bool(item.get("removed"))),
    "done": (_("Done"), lambda item: bool(item.get("done"))),
    "spilled_over": (_("Left over"), lambda item: bool(item.get("in_scope")) and not item.get("done")),
}


class Sprint(msgspec.Struct, frozen=True, kw_only=True):
    """See `GET /team/flow/sprints`."""

    id: str
    name: str
    started_at: datetime
    closed_at: datetime
    planned: int
    added: int
    removed: int
    done: int
    spilled_over: int

    @property
    def counts(self) -> dict[str, int]:
        """By the names in `COUNTS`."""
        return {name: getattr(self, name) for name in COUNTS}

    @property
    def completion(self) -> float | None:
        """As `sprint.completion`, but that an item which was planned and came again would count twice."""
        taken = self.planned + self.added
        return self.done / taken if taken else None


class Ledger(msgspec.Struct, frozen=True):
    """Closed sprints, the last one first."""

    data: list[Sprint]


@get("/flow/sprints")
async def show(visit: OfVisit) -> Response[str]:
    """A line for each sprint that closed in the window."""
    scope = scope_of(visit.request, days=DAYS)
    ledger, choices, numbers = await asyncio.gather(
        visit.metrics.get("/team/flow/sprints", Ledger, **scope.asked()),
        choices_of(visit),
        numbers_of(visit, KPIS, scope),
    )
    return visit.page(
        "flow/sprints.html",
        scope=scope,
        choices=choices,
        sprints=ledger.data,
        counts={name: visit.gettext(words) for name, (words, _which) in COUNTS.items()},
        numbers=numbers,
    )


@get("/flow/sprints/items")
async def show_items(
    visit: OfVisit,
    sprint: Annotated[str, QueryParameter(max_length=1200)],
    what: Annotated[str, QueryParameter(max_length=20)] = "planned",
) -> Response[str]:
    """The items behind one count of the ledger."""
    if what not in COUNTS:
        raise InvalidInput("this is no count of the ledger", field="what")
    scope = scope_of(visit.request, days=DAYS)
    ledger, choices = await asyncio.gather(
        visit.metrics.get("/team/flow/sprints", Ledger, **scope.asked()), choices_of(visit)
    )
    found = next((one for one in ledger.data if one.id == sprint), None)
    if found is None:
        raise NotFound("no such sprint closed in these days")
    words, counted = COUNTS[what]
    # All that sprints tell of happens as they close.
    closed = {"from_": found.closed_at.isoformat(), "to": (found.closed_at + timedelta(milliseconds=1)).isoformat()}
    rows = await all_of(visit.metrics, "/team/kpi/sprint.completion/rows", Row, {**scope.asked(), **closed})
    external_id = sprint.partition(":")[2]
    wanted = [one for one in rows.data if one.attributes.get("sprint") == external_id and counted(one.attributes)]
    return visit.page(
        "flow/sprint_items.html",
        scope=scope,
        choices=choices,
        sprint=found,
        what=what,
        words=visit.gettext(words),
        counts={name: visit.gettext(told) for name, (told, _which) in COUNTS.items()},
        items=wanted,
    )
