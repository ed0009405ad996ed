"""The list: what waits, all mappings, or accounts of nobody; and how far accounts are mapped."""

import asyncio
from typing import Annotated, Any

from litestar import Response, get
from litestar.params import QueryParameter

from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.queue.filters import PAGE, SOURCES, Filters, filters_of
from ovia_console.scopes.scope import choices_of
from ovia_console.services import Page, ServiceProblem
from ovia_shared.errors import InvalidInput
from ovia_shared.models.queue import QueueStats

_PATHS = {"orphans": "/team/identities/orphans"}
_MAPPINGS = "/team/identity-mappings"


@get("/queue")
async def show(visit: OfVisit, cursor: Annotated[str, QueryParameter(max_length=8000)] = "") -> Response[str]:
    """The page. htmx asks for the list alone when a filter changes, and for the rows behind it at its end."""
    wanted = filters_of(visit.request)
    rows, faults = await _rows(visit, wanted, cursor)
    shown: dict[str, Any] = {"filters": wanted, "rows": rows, "faults": faults, "cursor": cursor}
    if visit.in_place:
        return visit.page("queue/rows.html" if cursor else "queue/list.html", **shown)
    told, choices = await asyncio.gather(visit.api.get("/team/conflict-queue/stats", QueueStats), choices_of(visit))
    known = [*SOURCES, *(one.source for one in told.by_source), *([wanted.source] if wanted.source else [])]
    return visit.page(
        "queue/page.html",
        **shown,
        stats=told,
        sources=list(dict.fromkeys(known)),
        teams=[(one.key.partition(":")[2], "\u2003" * one.depth + one.name) for one in choices.teams],
        http_status=422 if faults else 200,
    )


@get("/queue/stats")
async def stats(visit: OfVisit) -> Response[str]:
    """How much waits and how far accounts are mapped, asked again once something was decided."""
    return visit.page("queue/stats.html", stats=await visit.api.get("/team/conflict-queue/stats", QueueStats))


@get("/queue/rates")
async def rates(visit: OfVisit) -> Response[str]:
    """Coverage of each source, loaded behind the page: the metrics service may count for a while."""
    quality = await visit.metrics.get("/data-quality", dict[str, Any])
    return visit.page("queue/rates.html", accounts=quality["accounts"])


async def _rows(visit: Visit, wanted: Filters, cursor: str) -> tuple[Page, dict[str, str]]:
    """A page of rows; of filters that make no sense none, and what is wrong by field."""
    try:
        path = _PATHS.get(wanted.tab, _MAPPINGS)
        return await visit.api.page(path, **wanted.asked(), cursor=cursor, limit=PAGE), {}
    except InvalidInput as error:
        wrong = visit.gettext("A confidence is from 0 to 100 %.") if error.field != "team" else error.message
        return Page([]), {error.field or "": wrong}
    except ServiceProblem as problem:
        # A cursor of other filters is no fault of the form.
        if problem.status != 422 or cursor:
            raise
        crossed = visit.gettext("The lower bound is above the upper one.")
        return Page([]), {"min": crossed} if problem.of("min_confidence") else {"": problem.message}
