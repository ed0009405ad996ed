"""The list of people."""

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import QueryParameter

from ovia_console.forms.outcomes import outcome_of
from ovia_console.pages.visit import OfVisit
from ovia_console.people import words
from ovia_console.scopes.scope import choices_of

PAGE = 25


@get("/people")
async def show(
    visit: OfVisit,
    search: str = "",
    status: str = "",
    team: str = "",
    cursor: Annotated[str, QueryParameter(max_length=2000)] = "",
) -> Response[str]:
    """The people of the organisation, by name; htmx asks for the next page, or another choice, in place."""
    people = await visit.api.page(
        "/team/people", search=search.strip(), status=status, team=team, cursor=cursor, limit=PAGE
    )
    shown: dict[str, Any] = {"people": people, "search": search, "status": status, "team": team, "words": words.ALL}
    if visit.in_place and cursor:
        return visit.page("people/rows.html", **shown)
    if visit.in_place:
        return visit.page("people/found.html", **shown)
    choices = await choices_of(visit)
    return visit.page("people/list.html", **shown, teams=choices.teams, outcome=outcome_of(visit.request))
