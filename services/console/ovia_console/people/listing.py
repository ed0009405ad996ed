"""The list of people, and adding one."""

from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from ovia_console.pages.visit import OfVisit

PAGE = 25


@get("/people")
async def show(
    visit: OfVisit,
    search: str = "",
    status: str = "",
    team: str = "",
    cursor: Annotated[str, QueryParameter(max_length=2000)] = "",
) -> Response[str]:
    """The people of the organisation, by name; htmx asks for the next page in place."""
    people = await visit.api.page("/team/people", search=search, status=status, team=team, cursor=cursor, limit=PAGE)
    template = "people/rows.html" if visit.in_place and cursor else "people/list.html"
    return visit.page(template, people=people, search=search, status=status, team=team)
