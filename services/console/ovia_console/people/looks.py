"""Who looked at somebody's page: for the person and for managers."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from ovia_console.pages.visit import OfVisit
from ovia_console.people import card


@get("/people/{person_id:uuid}/views")
async def show(
    visit: OfVisit, person_id: FromPath[UUID], cursor: Annotated[str, QueryParameter(max_length=2000)] = ""
) -> Response[str]:
    """Once an hour each, newest first."""
    looks = await visit.api.page(card.place(person_id) + "/views", cursor=cursor, limit=50)
    if visit.in_place and cursor:
        return visit.page("people/looks_rows.html", looks=looks)
    person = await visit.api.get(card.place(person_id), dict[str, Any])
    return visit.page("people/looks.html", **card.frame(visit, person, "views"), looks=looks)
