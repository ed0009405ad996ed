"""The items that were to do, in progress or done: what a layer of the cumulative flow consists of."""

import asyncio
from typing import Annotated, Literal

from litestar import Response, get
from litestar.params import QueryParameter

from ovia_console.flow.rows import Item, Pages
from ovia_console.pages.visit import OfVisit
from ovia_console.scopes.scope import choices_of, scope_of

PAGE = 50
Category = Literal["todo", "in_progress", "done"]


@get("/flow/items")
async def show(
    visit: OfVisit,
    category: Category = "in_progress",
    until: Annotated[str, QueryParameter(max_length=40)] = "",
    cursor: Annotated[str, QueryParameter(max_length=2000)] = "",
) -> Response[str]:
    """Newest first. `until` is a moment to look at that is no end of a day."""
    scope = scope_of(visit.request, days=60)
    asked = {**scope.asked(), **({"to": until} if until else {})}
    page, choices = await asyncio.gather(
        visit.metrics.get("/team/flow/items", Pages[Item], **asked, category=category, cursor=cursor, limit=PAGE),
        choices_of(visit),
    )
    template = "flow/item_rows.html" if visit.in_place and cursor else "flow/items.html"
    return visit.page(template, scope=scope, choices=choices, page=page, category=category, until=until)
