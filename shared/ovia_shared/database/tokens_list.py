"""Access tokens as they are listed and asked about over HTTP: never their secrets, nor the hashes of them."""

from collections.abc import Sequence
from uuid import UUID

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_model, to_models
from ovia_shared.models.access import Me, OrganisationReference, TokenDetail, TokenFilter, TokenPosition
from ovia_shared.models.mapping import PersonReference
from ovia_shared.models.token import Role

_USABLE = "(t.revoked_at is null and coalesce(t.expires_at > now(), true))"
_SELECT = f"""
select t.id, t.name, t.role, {_USABLE} as usable, t.created_at, t.created_by, t.expires_at, t.revoked_at,
       t.last_used_at, t.version,
       case when p.id is not null then jsonb_build_object('id', p.id, 'display_name', p.display_name) end as person
  from tokens t left join people p on p.org_id = t.org_id and p.id = t.person_id
 where t.org_id = $1
"""  # noqa: S608 (a fixed fragment)
_WANTED = f"""
   and ($2::boolean is null or {_USABLE} = $2) and ($3::text is null or t.role = $3)
   and ($4::uuid is null or t.person_id = $4)
"""


async def find(
    conn: Connection, org_id: UUID, wanted: TokenFilter, after: TokenPosition | None, most: int
) -> list[TokenDetail]:
    """At most `most` tokens behind `after`, the newest first."""
    rows = await conn.fetch(
        f"{_SELECT}{_WANTED} and ($5::uuid is null or t.id < $5) order by t.id desc limit $6",
        org_id,
        wanted.usable,
        wanted.role,
        wanted.person_id,
        None if after is None else after.id,
        most,
    )
    return to_models(TokenDetail, rows)


async def count(conn: Connection, org_id: UUID, wanted: TokenFilter) -> int:
    """How many tokens the filter lets through."""
    total: int = await conn.fetchval(
        f"select count(*) from tokens t where t.org_id = $1 {_WANTED}",  # noqa: S608 (a fixed fragment)
        org_id,
        wanted.usable,
        wanted.role,
        wanted.person_id,
    )
    return total


async def find_one(conn: Connection, org_id: UUID, token_id: UUID) -> TokenDetail | None:
    """This token, whatever its state, or None."""
    return to_model(
        TokenDetail,
        await conn.fetchrow(f"{_SELECT} and t.id = $2", org_id, token_id),
    )


async def me(conn: Connection, org_id: UUID, token_id: UUID) -> Me:
    """Who holds this token, which is theirs who ask."""
    row = await conn.fetchrow(
        """
        select t.name, t.role, t.expires_at, o.name as organisation, o.time_zone, p.id as person_id, p.display_name
          from tokens t
          join organisations o on o.org_id = t.org_id
          left join lateral (
              select p.id, p.display_name from people p
               where p.org_id = t.org_id and p.id in (select token_people(t.id)) and p.deleted_at is null) p on true
         where t.org_id = $1 and t.id = $2
        """,
        org_id,
        token_id,
    )
    assert row is not None
    return Me(
        token_id=token_id,
        name=row["name"],
        role=Role(row["role"]),
        expires_at=row["expires_at"],
        organisation=OrganisationReference(org_id, row["organisation"], row["time_zone"]),
        person=None if row["person_id"] is None else PersonReference(row["person_id"], row["display_name"]),
    )


async def is_of(conn: Connection, org_id: UUID, token_id: UUID, person_id: UUID) -> bool:
    """Whether the token is this person's own, or of somebody who turned out to be them."""
    own: bool = await conn.fetchval(
        "select $3 in (select token_people($2)) where current_org() = $1", org_id, token_id, person_id
    )
    return own


async def hold(conn: Connection, org_id: UUID) -> bool:
    """Whether nobody else changes tokens until the end of the transaction.

    Not waited for: who asks holds the row of their own token, which somebody else may be waiting for.
    """
    alone: bool = await conn.fetchval(
        "select pg_try_advisory_xact_lock(hashtextextended('tokens ' || $1, 0))", str(org_id)
    )
    return alone


async def other_admins(conn: Connection, org_id: UUID, besides: Sequence[UUID]) -> bool:
    """Whether there is a usable admin's token besides these."""
    found: bool = await conn.fetchval(
        f"""
        select exists (select from tokens t
                        where t.org_id = $1 and t.role = 'admin' and {_USABLE} and t.id <> all($2))
        """,  # noqa: S608 (a fixed fragment)
        org_id,
        list(besides),
    )
    return found
