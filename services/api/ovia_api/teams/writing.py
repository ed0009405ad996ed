"""What is done to teams and memberships: here is decided what may be, and it is put on record."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database import audit_log, knowing, people_rows, team_memberships, teams
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict, InvalidInput, NotFound
from ovia_shared.models.caller import Caller
from ovia_shared.models.team import MembershipChange, MembershipRow, NewMembership, NewTeam, Team, TeamMember
from ovia_shared.web import etags, moments

_TIMES = ("valid_from", "valid_to")


class TeamActions:
    """The actions of one request: its transaction, who asks, and the request's id for the record."""

    def __init__(self, conn: Connection, caller: Caller, request_id: str) -> None:
        self._conn = conn
        self._org_id = caller.org_id
        self._caller = caller
        self._request_id = request_id

    async def add(self, wanted: NewTeam) -> Team:
        """Adds a team. Raises `Conflict` for a name that is taken at this place."""
        await teams.hold_tree(self._conn, self._org_id)
        name = _named(wanted.name)
        await self._require_parent(wanted.parent_id)
        team_id = await teams.add(self._conn, self._org_id, name, wanted.parent_id)
        await self._record("create", "team", team_id, {"name": name, "parent_id": _text(wanted.parent_id)})
        return await self.found(team_id)

    async def change(self, team_id: UUID, wanted: NewTeam, condition: str | None) -> Team:
        """Names a team and places it in the tree, if `condition` names the version there is."""
        await teams.hold_tree(self._conn, self._org_id)
        team = await self.found(team_id)
        etags.require_match(condition, team.version)
        name = _named(wanted.name)
        if (name, wanted.parent_id) == (team.name, team.parent_id):
            return team
        await self._require_parent(wanted.parent_id)
        if wanted.parent_id is not None and await teams.is_below(self._conn, self._org_id, wanted.parent_id, team_id):
            raise InvalidInput(
                "a team cannot stand below itself, or below a team that stands below it", field="parent_id"
            )
        await teams.put(self._conn, self._org_id, team_id, name, wanted.parent_id)
        told = {"name": [team.name, name], "parent_id": [_text(team.parent_id), _text(wanted.parent_id)]}
        await self._record("change", "team", team_id, told)
        return await self.found(team_id)

    async def put_away(self, team_id: UUID, into: UUID | None, condition: str | None) -> None:
        """Deletes a team that is empty; or has its sub-teams and present members go to the team `into` first."""
        conn, org_id = self._conn, self._org_id
        await teams.hold_tree(conn, org_id)
        team = await self.found(team_id)
        etags.require_match(condition, team.version)
        below = await teams.children(conn, org_id, team_id)
        lasting = await team_memberships.lasting_of_team(conn, org_id, team_id)
        if into is None:
            if below or lasting:
                raise Conflict(
                    f"this team has {len(below)} sub-teams and {len(lasting)} memberships that have not ended; "
                    "say with into which team takes them"
                )
        else:
            await self._require_parent(into, field="into")
            if await teams.is_below(conn, org_id, into, team_id):
                raise InvalidInput("what stands below a team cannot take what it leaves", field="into")
            for child, name in below:
                await teams.put(conn, org_id, child, name, into)
            await self._move_members(lasting, into)
        await teams.put_away(conn, org_id, team_id)
        told = {"name": team.name, "into": _text(into), "sub_teams": len(below), "members": len(lasting)}
        await self._record("delete", "team", team_id, told)

    async def add_member(self, team_id: UUID, wanted: NewMembership) -> TeamMember:
        """Adds a time in a team. Raises `Conflict` where it overlaps another of the same person in the team."""
        await teams.hold_tree(self._conn, self._org_id)
        await self.found(team_id)
        start, end = moments.period(wanted.valid_from, wanted.valid_to, _TIMES)
        await self._hold_person(wanted.person_id)
        row = team_memberships.of(team_id, msgspec.structs.replace(wanted, valid_from=start, valid_to=end))
        await self._require_apart(row, [])
        at = await knowing.moment(self._conn)
        await team_memberships.add(self._conn, self._org_id, [row], at)
        await self._record("create", "membership", row.id, msgspec.to_builtins(row))
        return await self._member(row.id)

    async def correct(self, membership_id: UUID, wanted: MembershipChange) -> TeamMember:
        """Says how a membership really was: the row is closed and another, with an id of its own, takes its place."""
        start, end = moments.period(wanted.valid_from, wanted.valid_to, _TIMES)
        before = await self._held(membership_id)
        after = msgspec.structs.replace(before, id=new_id(), role=wanted.role, valid_from=start, valid_to=end)
        if msgspec.structs.replace(after, id=before.id) == before:
            return await self._member(membership_id)
        await self._require_apart(after, [before.id])
        at = await knowing.moment(self._conn)
        await team_memberships.close(self._conn, self._org_id, [before.id], at)
        await team_memberships.add(self._conn, self._org_id, [after], at)
        told = {"before": msgspec.to_builtins(before), "after": msgspec.to_builtins(after)}
        await self._record("correct", "membership", before.id, told)
        return await self._member(after.id)

    async def take_back(self, membership_id: UUID) -> None:
        """It was never so: believed until now, and no longer."""
        before = await self._held(membership_id)
        at = await knowing.moment(self._conn)
        await team_memberships.close(self._conn, self._org_id, [before.id], at)
        await self._record("delete", "membership", before.id, msgspec.to_builtins(before))

    async def found(self, team_id: UUID) -> Team:
        """A team that is there. Raises `NotFound`."""
        team = await teams.find_one(self._conn, self._org_id, team_id)
        if team is None:
            raise not_there()
        return team

    async def _move_members(self, lasting: Sequence[MembershipRow], into: UUID) -> None:
        conn, org_id = self._conn, self._org_id
        people = sorted({row.person_id for row in lasting})
        await people_rows.lock(conn, org_id, people)
        at = await knowing.moment(conn)
        there = [row for row in await team_memberships.of_people(conn, org_id, people) if row.team_id == into]
        added: list[MembershipRow] = []
        for row in lasting:
            begun = max(row.valid_from, at)
            if row.valid_from < at:
                added.append(msgspec.structs.replace(row, id=new_id(), valid_to=at))
            # Whoever is in the other team already stays there as they are.
            if not any(one.person_id == row.person_id and one.overlaps(begun, row.valid_to) for one in there):
                added.append(msgspec.structs.replace(row, id=new_id(), team_id=into, valid_from=begun))
        await team_memberships.close(conn, org_id, [row.id for row in lasting], at)
        await team_memberships.add(conn, org_id, added, at)

    async def _require_apart(self, row: MembershipRow, besides: Sequence[UUID]) -> None:
        for other in await team_memberships.of_people(self._conn, self._org_id, [row.person_id]):
            if (
                other.team_id == row.team_id
                and other.id not in besides
                and other.overlaps(row.valid_from, row.valid_to)
            ):
                raise Conflict(f"{overlap(other)} (membership {other.id})", field="valid_from")

    async def _hold_person(self, person_id: UUID) -> None:
        person = (await people_rows.lock(self._conn, self._org_id, [person_id])).get(person_id)
        if person is None or person.deleted_at is not None:
            raise InvalidInput(f"there is no person {person_id}", field="person_id")

    async def _held(self, membership_id: UUID) -> MembershipRow:
        person_id = await team_memberships.whose(self._conn, self._org_id, membership_id)
        if person_id is None:
            raise NotFound("there is no such membership")
        # All changes to somebody's memberships wait for each other here.
        await people_rows.lock(self._conn, self._org_id, [person_id])
        for row in await team_memberships.of_people(self._conn, self._org_id, [person_id]):
            if row.id == membership_id:
                return row
        raise Conflict("this membership was corrected meanwhile; read the team's members again")

    async def _member(self, membership_id: UUID) -> TeamMember:
        found = await team_memberships.find_one(self._conn, self._org_id, membership_id)
        assert found is not None
        return found

    async def _require_parent(self, team_id: UUID | None, field: str = "parent_id") -> None:
        if team_id is not None and await teams.find_one(self._conn, self._org_id, team_id) is None:
            raise InvalidInput(f"there is no team {team_id}", field=field)

    async def _record(self, action: str, kind: str, subject: UUID, detail: dict[str, Any]) -> None:
        await audit_log.record(
            self._conn,
            self._org_id,
            actor=self._caller.name,
            action=action,
            subject_kind=kind,
            subject_id=subject,
            detail=detail,
            request_id=self._request_id,
        )


def not_there() -> NotFound:
    """Said of a team that is not there, or another organisation's."""
    return NotFound("there is no such team")


def overlap(other: MembershipRow) -> str:
    """Says which time stands in the way."""
    return f"the person is in this team already from {_day(other.valid_from)} {_until(other.valid_to)}"


def _named(name: str) -> str:
    if not name.strip():
        raise InvalidInput("the name is empty", field="name")
    return name.strip()


def _text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)


def _day(moment: datetime) -> str:
    return moment.isoformat()


def _until(moment: datetime | None) -> str:
    return "on" if moment is None else f"until {_day(moment)}"
