"""Whose accounts and which teams somebody had at a moment, as it was believed then: the two clocks of both."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.database.teams import BELOW
from ovia_shared.models.activity import ProfileAccount
from ovia_shared.models.kpi import PersonNamed
from ovia_shared.models.person import Membership

# ruff: noqa: S608 (every piece comes from here)


def believed(row: str, at: str) -> str:
    """That a mapping or membership was believed, and in force, at the moment."""
    return (
        f"{row}.known_from <= {at} and {row}.known_to > {at} and {row}.valid_from <= {at}"
        f" and ({row}.valid_to is null or {row}.valid_to > {at})"
    )


def mapped(row: str, at: str) -> str:
    """That a mapping was in use at the moment."""
    return f"{believed(row, at)} and {row}.status in ('verified', 'auto')"


def who(identity: str, name: str, at: str) -> str:
    """A join of the person, as `name`, whose this account was at the moment; their name is that of now."""
    return f"""
    left join lateral (
        select q.id, q.display_name from mappings u
          join people q on q.org_id = $1 and q.id = u.person_id and (q.deleted_at is null or q.deleted_at > {at})
         where u.org_id = $1 and u.identity_id = {identity} and {mapped("u", at)}
         order by u.status desc, u.confidence desc limit 1) {name} on true
"""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a team, or in one below it."""

    person: PersonNamed
    team_id: UUID
    team: str
    role: str | None
    valid_from: datetime


async def accounts(conn: Connection, org_id: UUID, person_id: UUID, as_of: datetime) -> list[ProfileAccount]:
    """The accounts that were this person's, by source."""
    rows = await conn.fetch(
        f"""
        select i.id as identity_id, i.source, i.username, i.email, i.display_name, m.status
          from mappings m join identities i on i.org_id = m.org_id and i.id = m.identity_id
         where m.org_id = $1 and m.person_id = $2 and {mapped("m", "$3")}
         order by i.source, i.username, i.id
        """,
        org_id,
        person_id,
        as_of,
    )
    return to_models(ProfileAccount, rows)


async def memberships(conn: Connection, org_id: UUID, person_id: UUID, as_of: datetime) -> list[Membership]:
    """The teams this person was in by then, as believed then, the latest first."""
    rows = await conn.fetch(
        """
        select s.id, s.team_id, t.name as team_name, s.role, s.valid_from, nullif(s.valid_to, 'infinity') as valid_to
          from team_memberships s
          join teams t on t.org_id = s.org_id and t.id = s.team_id
         where s.org_id = $1 and s.person_id = $2 and s.known_from <= $3 and s.known_to > $3
         order by s.valid_from desc, s.id
        """,
        org_id,
        person_id,
        as_of,
    )
    return to_models(Membership, rows)


async def members(
    conn: Connection, org_id: UUID, team_id: UUID, as_of: datetime, most: int
) -> tuple[list[Member], int]:
    """At most `most` of a team and those below it, by name; and how many there were."""
    rows = await conn.fetch(
        f"""
        {BELOW.format(team="$2")}
        select jsonb_build_object('id', p.id, 'display_name', p.display_name) as person, s.team_id, t.name as team,
               s.role, s.valid_from, count(*) over () as total
          from team_memberships s
          join below b on b.id = s.team_id
          join teams t on t.org_id = s.org_id and t.id = s.team_id
          join people p on p.org_id = s.org_id and p.id = s.person_id and (p.deleted_at is null or p.deleted_at > $3)
         where s.org_id = $1 and {believed("s", "$3")}
         order by p.display_name collate "C", s.id limit $4
        """,
        org_id,
        team_id,
        as_of,
        most,
    )
    total = rows[0]["total"] if rows else 0
    return [msgspec.convert({k: v for k, v in row.items() if k != "total"}, Member) for row in rows], total


async def of_accounts(
    conn: Connection, org_id: UUID, identity_ids: Sequence[UUID], as_of: datetime
) -> dict[UUID, PersonNamed]:
    """The people these accounts were of, by account; those of machines and of nobody known are left out."""
    rows = await conn.fetch(
        f"""
        select i.id as identity_id, p.id, p.display_name
          from identities i {who("i.id", "p", "$3")}
         where i.org_id = $1 and i.id = any($2) and not i.service_account and p.id is not null
        """,
        org_id,
        list(identity_ids),
        as_of,
    )
    return {row["identity_id"]: PersonNamed(row["id"], row["display_name"]) for row in rows}
