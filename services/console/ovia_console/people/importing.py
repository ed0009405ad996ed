"""Taking people from a list, such as an HR system's."""

from litestar import Response, get, post

from ovia_console.imports import lists
from ovia_console.pages.visit import OfVisit


def _(text: str) -> str:
    """Marks a sentence for the catalogues; it is translated where it is shown."""
    return text


PEOPLE = lists.Kind(
    title=_("Import people"),
    home="/console/people",
    path="/team/people/import",
    columns="name, email, external_id, username, alias, team, role, from, to, active",
    example="name,email,external_id,team,from\nAnn Lee,ann@fernweh.example,E-1007,Engineering / Wings,2026-03-01",
)


@get("/people/import")
async def ask(visit: OfVisit) -> Response[str]:
    """Asks for the file."""
    return lists.ask(visit, PEOPLE)


@post("/people/import")
async def take(visit: OfVisit) -> Response[str]:
    """Tries or takes it."""
    return await lists.take(visit, PEOPLE)
