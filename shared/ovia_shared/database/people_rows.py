"""People as they are written: added in bulk, put away, merged, brought back."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import load_temporary, to_models
from ovia_shared.models.person import PersonRow

_COLUMNS = "id, display_name, primary_email, status, deleted_at, merged_into_id, version, created_at"


async def add(conn: Connection, org_id: UUID, people: Sequence[tuple[UUID, str, str | None]]) -> None:
    """Adds people by id, display name and primary e-mail, in bulk."""
    if not people:
        return
    names = ("id", "display_name", "primary_email")
    await load_temporary(conn, "added_people", "id uuid, display_name text, primary_email text", people, names)
    await conn.execute(
        """
        insert into people (org_id, id, display_name, primary_email)
        select $1, id, display_name, primary_email from added_people
        """,
        org_id,
    )
    await conn.execute("drop table added_people")


async def lock(conn: Connection, org_id: UUID, ids: Sequence[UUID]) -> dict[UUID, PersonRow]:
    """Locks people until the end of the transaction, everybody in the same order; those that exist, by id."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from people where org_id = $1 and id = any($2) order by id for no key update
        """,  # noqa: S608 (a constant list of columns)
        org_id,
        sorted(set(ids)),
    )
    return {person.id: person for person in to_models(PersonRow, rows)}


async def find(conn: Connection, org_id: UUID, person_id: UUID) -> PersonRow | None:
    """A person, deleted or not."""
    rows = await conn.fetch(
        f"select {_COLUMNS} from people where org_id = $1 and id = $2",  # noqa: S608 (a constant list of columns)
        org_id,
        person_id,
    )
    return to_models(PersonRow, rows)[0] if rows else None


async def names(conn: Connection, org_id: UUID, ids: Collection[UUID]) -> dict[UUID, str]:
    """What these people are called."""
    rows = await conn.fetch("select id, display_name from people where org_id = $1 and id = any($2)", org_id, list(ids))
    return {row["id"]: row["display_name"] for row in rows}


async def untouched(conn: Connection, org_id: UUID, ids: Sequence[UUID]) -> list[PersonRow]:
    """Those of these people whom nobody has changed, put in a team, or merged somebody into."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from people p
         where org_id = $1 and id = any($2) and version = 1 and deleted_at is null
           and not exists (select from team_memberships t where t.org_id = $1 and t.person_id = p.id)
           and not exists (select from people o where o.org_id = $1 and o.merged_into_id = p.id)
         order by id for no key update
        """,  # noqa: S608 (a constant list of columns)
        org_id,
        sorted(ids),
    )
    return to_models(PersonRow, rows)


async def with_email(conn: Connection, org_id: UUID, email: str, besides: UUID | None = None) -> PersonRow | None:
    """Somebody who is not deleted and has this primary e-mail, in whatever case."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from people
         where org_id = $1 and lower(primary_email) = lower($2) and primary_email is not null and deleted_at is null
           and ($3::uuid is null or id <> $3)
         order by id limit 1
        """,  # noqa: S608 (a constant list of columns)
        org_id,
        email,
        besides,
    )
    return to_models(PersonRow, rows)[0] if rows else None


async def put(conn: Connection, org_id: UUID, person: PersonRow) -> None:
    """Makes the person's row say this, and counts the version."""
    await conn.execute(
        """
        update people
           set display_name = $3, primary_email = $4, status = $5, deleted_at = $6, merged_into_id = $7,
               version = version + 1, updated_at = now()
         where org_id = $1 and id = $2
        """,
        org_id,
        person.id,
        person.display_name,
        person.primary_email,
        person.status,
        person.deleted_at,
        person.merged_into_id,
    )


def shown(person: PersonRow) -> dict[str, Any]:
    """A person as events keep them; the version is not part of it, since undoing counts on."""

    def text(moment: datetime | None) -> str | None:
        return None if moment is None else moment.isoformat()

    return {
        "id": str(person.id),
        "display_name": person.display_name,
        "primary_email": person.primary_email,
        "status": person.status.value,
        "deleted_at": text(person.deleted_at),
        "merged_into_id": None if person.merged_into_id is None else str(person.merged_into_id),
    }
