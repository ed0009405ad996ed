"""Taking a person's name out of everything that is believed and was decided, for good."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ovia_shared.database.pool import Connection


async def merged_into(conn: Connection, org_id: UUID, person_id: UUID) -> list[UUID]:
    """Everybody who turned out to be this person, in however many steps."""
    rows = await conn.fetch(
        """
        with recursive merged (id) as (
            select id from people where org_id = $1 and merged_into_id = $2
            union
            select p.id from people p join merged m on p.org_id = $1 and p.merged_into_id = m.id)
        select id from merged order by id
        """,
        org_id,
        person_id,
    )
    return [row["id"] for row in rows]


async def erased_at(conn: Connection, org_id: UUID, person_id: UUID) -> datetime | None:
    """When the person was erased; None: they were not."""
    moment: datetime | None = await conn.fetchval(
        "select erased_at from people where org_id = $1 and id = $2", org_id, person_id
    )
    return moment


async def tokens_of(conn: Connection, org_id: UUID, people: Sequence[UUID]) -> list[UUID]:
    """The tokens of these people that are not revoked."""
    rows = await conn.fetch(
        "select id from tokens where org_id = $1 and person_id = any($2) and revoked_at is null order by id",
        org_id,
        list(people),
    )
    return [row["id"] for row in rows]


async def erase(
    conn: Connection, org_id: UUID, people: Sequence[UUID], accounts: Sequence[UUID], pseudonym: str
) -> tuple[int, int, int]:
    """Erases these rows of one person, and their accounts; how many mappings, events and views were about them.

    Locked by the caller, who decided that it may be. See migration 0034 for what goes.
    """
    row = await conn.fetchrow(
        "select mappings + others as mappings, events, views from erase_person($2, $3, $4) where current_org() = $1",
        org_id,
        list(people),
        list(accounts),
        pseudonym,
    )
    assert row is not None
    return row["mappings"], row["events"], row["views"]
