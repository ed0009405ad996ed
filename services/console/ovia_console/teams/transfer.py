"""Teams and memberships as CSV, in and out."""

from litestar import Response, get, post

from ovia_console.imports import lists
from ovia_console.pages.visit import OfVisit


def _(text: str) -> str:
    """Marks a sentence for the catalogues; it is translated where it is shown."""
    return text


TEAMS = lists.Kind(
    title=_("Import teams"),
    home="/console/teams",
    path="/team/teams/import",
    columns="team, person_id, email, person, role, from, to",
    example="team,email,role,from,to\nEngineering / Wings,ann@fernweh.example,tech lead,2026-03-01,",
)


@get("/teams/import")
async def ask(visit: OfVisit) -> Response[str]:
    """Asks for the file."""
    return lists.ask(visit, TEAMS)


@post("/teams/import")
async def take(visit: OfVisit) -> Response[str]:
    """Tries or takes it."""
    return await lists.take(visit, TEAMS)


@get("/teams/export")
async def export(visit: OfVisit) -> Response[bytes]:
    """What the import reads again."""
    async with visit.api.stream("GET", "/team/teams/export", accept="text/csv") as answer:
        content = await answer.read()
    return Response(
        content,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="teams.csv"'},
    )
