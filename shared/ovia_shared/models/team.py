"""Teams: a tree, and who was in which of them when."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from ovia_shared.models.mapping import PersonReference
from ovia_shared.models.review import Line

# A path names teams from the root on, with slashes between them: no name holds one.
TeamName = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern="^[^\\x00/]*\\Z")]
# Years that every client's calendar holds.
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Team(msgspec.Struct, frozen=True):
    """A team. `path` names the teams above it and itself; `members` are those of today, without sub-teams."""

    id: UUID
    parent_id: UUID | None
    name: str
    path: list[str]
    members: int
    sub_teams: int
    version: int
    created_at: datetime


class NewTeam(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A team as it shall be: below `parent_id`, or at the root without one."""

    name: TeamName
    parent_id: UUID | None = None


class TeamFilter(msgspec.Struct, frozen=True):
    """Which teams are wanted: those directly below one, those at the root, or all."""

    parent_id: UUID | None = None
    roots: bool | None = None


class TeamPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of teams ended."""

    name: Annotated[str, msgspec.Meta(pattern="^[^\\x00]*\\Z")]
    id: UUID


class TeamReference(msgspec.Struct, frozen=True):
    """A team, named."""

    id: UUID
    name: str


class TeamMember(msgspec.Struct, frozen=True):
    """Somebody's time in a team. A correction gives it another id; `valid_to` is null while it lasts."""

    id: UUID
    team: TeamReference
    person: PersonReference
    role: str | None
    valid_from: datetime
    valid_to: datetime | None


class NewMembership(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A time in a team, from `valid_from` (included) until `valid_to` (excluded), or still."""

    person_id: UUID
    valid_from: Moment
    valid_to: Moment | None = None
    role: Line | None = None


class MembershipChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A membership as it really was. To end one is to say until when it was."""

    valid_from: Moment
    valid_to: Moment | None = None
    role: Line | None = None


class MemberFilter(msgspec.Struct, frozen=True):
    """Members of a team at a moment, with those of the teams below it or without."""

    team_id: UUID
    at: datetime
    sub_teams: bool


class MemberPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of members ended."""

    display_name: Annotated[str, msgspec.Meta(pattern="^[^\\x00]*\\Z")]
    id: UUID


class MembershipRow(msgspec.Struct, frozen=True):
    """A membership as stored."""

    id: UUID
    team_id: UUID
    person_id: UUID
    role: str | None
    valid_from: datetime
    valid_to: datetime | None

    def overlaps(self, start: datetime, end: datetime | None) -> bool:
        """Whether the two times, both half-open, share a moment."""
        return (end is None or self.valid_from < end) and (self.valid_to is None or start < self.valid_to)
