"""Memberships over HTTP: who is in a team when, and correcting it."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, PathParameter, QueryParameter, SkipValidation

from ovia_api.teams.routes import TeamId, Teams
from ovia_api.teams.writing import not_there
from ovia_shared.database import team_memberships, teams
from ovia_shared.database.pool import Connection
from ovia_shared.models.caller import Caller
from ovia_shared.models.team import MemberFilter, MemberPosition, MembershipChange, NewMembership, TeamMember
from ovia_shared.models.token import Role
from ovia_shared.web import moments
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.idempotency import Write
from ovia_shared.web.paging import CursorText, Limit, Page, Paging

MembershipId = Annotated[UUID, PathParameter(description="The membership's id; a correction gives it another.")]

_paging = Paging[TeamMember, MemberPosition](
    "members", MemberPosition, lambda member: MemberPosition(member.person.display_name, member.id)
)
_NEW = [
    Example(
        value={
            "person_id": "01a20af7-2c11-7d02-8c3b-0d7f3f1a2b4c",
            "valid_from": "2026-03-01T00:00:00Z",
            "role": "tech lead",
        }
    )
]
_CHANGE = [
    Example(summary="It ended", value={"valid_from": "2026-03-01T00:00:00Z", "valid_to": "2026-09-01T00:00:00Z"})
]


@get(
    "/team/teams/{team_id:uuid}/members",
    guards=[requires(Role.VIEWER)],
    operation_id="list_members",
    tags=["teams"],
    summary="Who is in a team, by name",
    security=SECURITY,
    responses=problems_of(404),
)
async def list_members(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    team_id: TeamId,
    at: Annotated[datetime | None, QueryParameter(description="At this moment; without it, now.")] = None,
    sub_teams: Annotated[bool, QueryParameter(description="With the members of the teams below it.")] = False,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[TeamMember]:
    """The memberships that hold at one moment, as they are known now."""
    if await teams.find_one(conn, caller.org_id, team_id) is None:
        raise not_there()
    given = None if at is None else moments.in_utc(at, "at")
    about = MemberFilter(team_id, given or datetime.max.replace(tzinfo=UTC), sub_teams)
    begun = _paging.read(cursor, about)
    wanted = MemberFilter(team_id, given or datetime.now(UTC), sub_teams)
    rows = await team_memberships.at(conn, caller.org_id, wanted, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await team_memberships.count_at(conn, caller.org_id, wanted)
    return _paging.page(rows, limit, total, about)


@post(
    "/team/teams/{team_id:uuid}/members",
    guards=[requires(Role.MANAGER)],
    operation_id="add_member",
    operation_class=Write,
    tags=["teams"],
    summary="Somebody is or was in a team",
    security=SECURITY,
    responses=problems_of(404, 409, 413),
)
async def add_member(
    doing: Teams,
    team_id: TeamId,
    data: Annotated[NewMembership, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_NEW)],
) -> Response[TeamMember]:
    """Adds a time in a team. One that overlaps another of the same person in the same team is refused with 409."""
    added = await doing.add_member(team_id, data)
    return Response(added, status_code=201)


@put(
    "/team/memberships/{membership_id:uuid}",
    guards=[requires(Role.MANAGER)],
    operation_id="correct_membership",
    operation_class=Write,
    tags=["teams"],
    summary="End or correct a membership",
    security=SECURITY,
    responses=problems_of(404, 409, 413),
)
async def correct_membership(
    doing: Teams,
    membership_id: MembershipId,
    data: Annotated[MembershipChange, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_CHANGE)],
) -> TeamMember:
    """Says how it really was. What was believed until now stays on record, and the membership has another id."""
    return await doing.correct(membership_id, data)


@delete(
    "/team/memberships/{membership_id:uuid}",
    guards=[requires(Role.MANAGER)],
    operation_id="delete_membership",
    operation_class=Write,
    tags=["teams"],
    summary="It was never so",
    security=SECURITY,
    responses=problems_of(404, 409, 413),
)
async def delete_membership(doing: Teams, membership_id: MembershipId) -> None:
    """Takes a membership back that never was. One that has ended is corrected instead."""
    await doing.take_back(membership_id)


MEMBERS = [list_members, add_member, correct_membership, delete_membership]
