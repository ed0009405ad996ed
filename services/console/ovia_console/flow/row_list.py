"""The rows behind one number of these pages, with links to their sources."""

import asyncio
from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from ovia_console.flow.rows import Pages, Row
from ovia_console.flow.value_stream import TITLES
from ovia_console.pages.visit import OfVisit
from ovia_console.scopes.scope import choices_of, scope_of
from ovia_console.services import segment

PAGE = 50


class Meaning(msgspec.Struct, frozen=True):
    """A KPI as the catalogue tells it."""

    title: str
    unit: str
    n: int


@get("/flow/rows/{kpi:str}")
async def show(
    visit: OfVisit, kpi: FromPath[str], cursor: Annotated[str, QueryParameter(max_length=2000)] = ""
) -> Response[str]:
    """Exactly what the number is counted from, newest first."""
    scope = scope_of(visit.request)
    path = f"/team/kpi/{segment(kpi)}"
    meaning, page, choices = await asyncio.gather(
        visit.metrics.get(path, Meaning, **scope.asked()),
        visit.metrics.get(f"{path}/rows", Pages[Row], **scope.asked(), cursor=cursor, limit=PAGE),
        choices_of(visit),
    )
    template = "flow/row_rows.html" if visit.in_place and cursor else "flow/rows.html"
    title = visit.gettext(TITLES.get(kpi, meaning.title))
    return visit.page(template, scope=scope, choices=choices, page=page, meaning=meaning, title=title, kpi=kpi)
