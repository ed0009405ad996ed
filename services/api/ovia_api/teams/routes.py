"""Teams over HTTP: the tree, and changing it."""

from typing import Annotated, Any, TypeAlias
from uuid import UUID

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, PathParameter, QueryParameter, SkipValidation

from ovia_api.teams.writing import TeamActions, not_there
from ovia_shared.database import teams
from ovia_shared.database.pool import Connection
from ovia_shared.models.caller import Caller
from ovia_shared.models.team import NewTeam, Team, TeamFilter, TeamPosition
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.etags import ETAG, IfMatch, etag
from ovia_shared.web.idempotency import Write
from ovia_shared.web.paging import CursorText, Limit, Page, Paging

TeamId = Annotated[UUID, PathParameter(description="The team's id.")]
Teams: TypeAlias = NamedDependency[SkipValidation[TeamActions]]

_paging = Paging[Team, TeamPosition]("teams", TeamPosition, lambda team: TeamPosition(team.name, team.id))
_TEAM = [Example(value={"name": "Wings", "parent_id": "01a20af7-18f0-7c1e-9b0a-52a1c3f6d7e8"})]


async def team_actions_of(
    request: Request[Any, Any, Any],
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
) -> TeamActions:
    """What this request may do to teams, once its role is proven."""
    return TeamActions(conn, caller, request.scope["state"]["request_id"])


@get(
    "/team/teams",
    guards=[requires(Role.VIEWER)],
    operation_id="list_teams",
    tags=["teams"],
    summary="Teams, by name",
    security=SECURITY,
    responses=problems_of(),
)
async def list_teams(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    parent: Annotated[UUID | None, QueryParameter(description="Only the teams directly below this one.")] = None,
    roots: Annotated[bool | None, QueryParameter(description="Only the teams that stand below none.")] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[Team]:
    """Every team with its path from the root, today's members and how many teams stand directly below it."""
    wanted = TeamFilter(parent, roots)
    begun = _paging.read(cursor, wanted)
    rows = await teams.find(conn, caller.org_id, wanted, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await teams.count(conn, caller.org_id, wanted)
    return _paging.page(rows, limit, total, wanted)


@get(
    "/team/teams/{team_id:uuid}",
    guards=[requires(Role.VIEWER)],
    operation_id="read_team",
    tags=["teams"],
    summary="A team",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(404),
)
async def read_team(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    team_id: TeamId,
) -> Response[Team]:
    """One team. Its ETag goes into If-Match of a change."""
    found = await teams.find_one(conn, caller.org_id, team_id)
    if found is None:
        raise not_there()
    return _shown(found)


@post(
    "/team/teams",
    guards=[requires(Role.MANAGER)],
    operation_id="add_team",
    operation_class=Write,
    tags=["teams"],
    summary="Add a team",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(409, 413),
)
async def add_team(
    doing: Teams, data: Annotated[NewTeam, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_TEAM)]
) -> Response[Team]:
    """Adds a team below another, or at the root. Teams directly below one have different names."""
    added = await doing.add(data)
    return _shown(added, 201, Location=f"/team/teams/{added.id}")


@put(
    "/team/teams/{team_id:uuid}",
    guards=[requires(Role.MANAGER)],
    operation_id="change_team",
    operation_class=Write,
    tags=["teams"],
    summary="Rename or move a team",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(404, 409, 412, 413, 428),
)
async def change_team(
    doing: Teams,
    team_id: TeamId,
    data: Annotated[NewTeam, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_TEAM)],
    if_match: IfMatch = None,
) -> Response[Team]:
    """Names the team and places it, with all below it. A place below itself is refused with 422."""
    return _shown(await doing.change(team_id, data, if_match))


@delete(
    "/team/teams/{team_id:uuid}",
    guards=[requires(Role.MANAGER)],
    operation_id="delete_team",
    operation_class=Write,
    tags=["teams"],
    summary="Delete a team",
    security=SECURITY,
    responses=problems_of(404, 409, 412, 413, 428),
)
async def delete_team(
    doing: Teams,
    team_id: TeamId,
    into: Annotated[UUID | None, QueryParameter(description="The team that takes sub-teams and members.")] = None,
    if_match: IfMatch = None,
) -> None:
    """Takes the team out of every list; who was in it when stays known. One with sub-teams or present members needs
    `into`: from now on they are there."""
    await doing.put_away(team_id, into, if_match)


def _shown(team: Team, status: int = 200, **headers: str) -> Response[Team]:
    return Response(team, status_code=status, headers=etag(team.version) | headers)


TEAMS = [list_teams, read_team, add_team, change_team, delete_team]
