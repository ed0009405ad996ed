"""Who was in which team when. No row is altered but for its end (`known_to`): a correction closes it and adds one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import load_temporary, to_models
from ovia_shared.database.teams import BELOW
from ovia_shared.models.mapping import PersonReference
from ovia_shared.models.team import (
    MemberFilter,
    MemberPosition,
    MembershipRow,
    NewMembership,
    TeamMember,
    TeamReference,
)

_ROW = "id, team_id, person_id, role, valid_from, nullif(valid_to, 'infinity') as valid_to"
_SELECT = """
select s.id, s.team_id, t.name, s.person_id, p.display_name, s.role, s.valid_from,
       nullif(s.valid_to, 'infinity') as valid_to
  from team_memberships s
  join teams t on t.org_id = s.org_id and t.id = s.team_id
  join people p on p.org_id = s.org_id and p.id = s.person_id
"""
_AT = """
 join below b on b.id = s.team_id
 where s.org_id = $1 and s.known_to = 'infinity' and s.valid_from <= $3 and (s.valid_to is null or s.valid_to > $3)
   and p.deleted_at is null and ($4 or s.team_id = $2)
"""


async def at(
    conn: Connection, org_id: UUID, wanted: MemberFilter, after: MemberPosition | None, most: int
) -> list[TeamMember]:
    """At most `most` members behind `after`, by name."""
    rows = await conn.fetch(
        f"""{BELOW.format(team="$2")} {_SELECT} {_AT}
           and ($5::text is null or (p.display_name collate "C", s.id) > ($5, $6::uuid))
         order by p.display_name collate "C", s.id limit $7
        """,
        org_id,
        wanted.team_id,
        wanted.at,
        wanted.sub_teams,
        None if after is None else after.display_name,
        None if after is None else after.id,
        most,
    )
    return [_to_member(row) for row in rows]


async def count_at(conn: Connection, org_id: UUID, wanted: MemberFilter) -> int:
    """How many members the filter lets through."""
    total: int = await conn.fetchval(
        f"""{BELOW.format(team="$2")}
        select count(*) from team_memberships s join people p on p.org_id = s.org_id and p.id = s.person_id {_AT}
        """,  # noqa: S608 (constants)
        org_id,
        wanted.team_id,
        wanted.at,
        wanted.sub_teams,
    )
    return total


async def find_one(conn: Connection, org_id: UUID, membership_id: UUID) -> TeamMember | None:
    """A membership believed now, or None."""
    row = await conn.fetchrow(
        f"{_SELECT} where s.org_id = $1 and s.id = $2 and s.known_to = 'infinity'", org_id, membership_id
    )
    return None if row is None else _to_member(row)


async def whose(conn: Connection, org_id: UUID, membership_id: UUID) -> UUID | None:
    """Whose membership it is or was, corrected since or not; None if there was never one."""
    found: UUID | None = await conn.fetchval(
        "select person_id from team_memberships where org_id = $1 and id = $2", org_id, membership_id
    )
    return found


async def of_people(conn: Connection, org_id: UUID, person_ids: Sequence[UUID]) -> list[MembershipRow]:
    """All memberships of these people, past ones too, as believed now."""
    rows = await conn.fetch(
        f"""
        select {_ROW} from team_memberships
         where org_id = $1 and person_id = any($2) and known_to = 'infinity' order by valid_from, id
        """,  # noqa: S608 (a constant list of columns)
        org_id,
        list(person_ids),
    )
    return to_models(MembershipRow, rows)


async def lasting_of_team(conn: Connection, org_id: UUID, team_id: UUID) -> list[MembershipRow]:
    """The memberships of a team that have not ended yet."""
    rows = await conn.fetch(
        f"""
        select {_ROW} from team_memberships
         where org_id = $1 and team_id = $2 and known_to = 'infinity' and (valid_to is null or valid_to > now())
         order by id
        """,  # noqa: S608 (a constant list of columns)
        org_id,
        team_id,
    )
    return to_models(MembershipRow, rows)


async def close(conn: Connection, org_id: UUID, ids: Sequence[UUID], at: datetime) -> int:
    """Ends the belief in these rows; how many were believed until now."""
    done = await conn.execute(
        "update team_memberships set known_to = $3 where org_id = $1 and id = any($2) and known_to = 'infinity'",
        org_id,
        list(ids),
        at,
    )
    return int(done.rpartition(" ")[2])


async def add(conn: Connection, org_id: UUID, rows: Sequence[MembershipRow], at: datetime) -> None:
    """Adds memberships believed from now on, in bulk."""
    if not rows:
        return
    names = ("id", "team_id", "person_id", "role", "valid_from", "valid_to")
    columns = "id uuid, team_id uuid, person_id uuid, role text, valid_from timestamptz, valid_to timestamptz"
    await load_temporary(
        conn, "added_memberships", columns, [tuple(getattr(row, name) for name in names) for row in rows], names
    )
    await conn.execute(
        """
        insert into team_memberships (org_id, id, team_id, person_id, role, valid_from, valid_to, known_from)
        select $1, id, team_id, person_id, role, valid_from, valid_to, $2 from added_memberships
        """,
        org_id,
        at,
    )
    await conn.execute("drop table added_memberships")


async def export(conn: Connection, org_id: UUID) -> list[asyncpg.Record]:
    """Every membership believed now of teams and people who are there: team, person, name, e-mail, role, from, to."""
    return await conn.fetch(
        """
        select s.team_id, s.person_id, p.display_name, p.primary_email, s.role, s.valid_from,
               nullif(s.valid_to, 'infinity') as valid_to
          from team_memberships s
          join teams t on t.org_id = s.org_id and t.id = s.team_id
          join people p on p.org_id = s.org_id and p.id = s.person_id
         where s.org_id = $1 and s.known_to = 'infinity' and t.deleted_at is null and p.deleted_at is null
         order by s.team_id, p.display_name, s.valid_from, s.id
        """,
        org_id,
    )


def of(team_id: UUID, wanted: NewMembership) -> MembershipRow:
    """The row that says so, with an id of its own."""
    return MembershipRow(new_id(), team_id, wanted.person_id, wanted.role, wanted.valid_from, wanted.valid_to)


def _to_member(row: asyncpg.Record) -> TeamMember:
    id_, team_id, team, person_id, person, role, valid_from, valid_to = row
    return TeamMember(id_, TeamReference(team_id, team), PersonReference(person_id, person), role, valid_from, valid_to)
