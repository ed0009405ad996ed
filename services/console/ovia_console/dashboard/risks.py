"""What endangers the next release, the oldest first."""

import asyncio
from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from ovia_console.dashboard.answers import Risks
from ovia_console.dashboard.asking import Asked, asked_of
from ovia_console.dashboard.spoken import Spoken
from ovia_console.dashboard.words import RISKS
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.scopes.scope import choices_of

_TOP, _PAGE = 6, 25


@get("/dashboard/risks")
async def show_top(visit: OfVisit) -> Response[str]:
    """The first of them, for the front page."""
    asked = asked_of(visit.request)
    found = await _risks(visit, asked, _TOP)
    return _answer(visit, "dashboard/top_risks.html", asked, found)


@get("/risks")
async def show_all(visit: OfVisit, cursor: Annotated[str, QueryParameter(max_length=8000)] = "") -> Response[str]:
    """All of them, page by page; htmx asks for the next one in place."""
    asked = asked_of(visit.request)
    if visit.in_place and cursor:
        return _answer(visit, "dashboard/risk_rows.html", asked, await _risks(visit, asked, _PAGE, cursor))
    found, choices = await asyncio.gather(_risks(visit, asked, _PAGE, cursor), choices_of(visit))
    return visit.page(
        "dashboard/all_risks.html",
        risks=found, asked=asked, scope=asked.scope, choices=choices, kinds=RISKS,
        spoken=Spoken(visit), began=not cursor,
    )  # fmt: skip


async def _risks(visit: Visit, asked: Asked, limit: int, cursor: str = "") -> Risks:
    return await visit.metrics.get("/team/kpi/risks", Risks, limit=limit, cursor=cursor, **asked.parameters())


def _answer(visit: Visit, template: str, asked: Asked, found: Risks) -> Response[str]:
    return visit.page(template, risks=found, asked=asked, kinds=RISKS, spoken=Spoken(visit))
