"""Organisations. Only the owner role creates and lists them; a service sees the one it works for."""

from uuid import UUID

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_model, to_models
from ovia_shared.errors import Conflict, InvalidInput
from ovia_shared.models.organisation import Organisation

_FIELDS = "org_id as id, name, time_zone, created_at"


async def create(conn: Connection, name: str, time_zone: str) -> Organisation:
    """Makes an organisation and turns this transaction to it, so that its first rows can follow.

    Raises `Conflict` if the name is taken and `InvalidInput` if Postgres does not know the time zone.
    """
    # No unique index can guard the name: it would have to begin with org_id. Creating is rare, so it queues.
    await conn.execute("select pg_advisory_xact_lock(hashtext('ovia organisation names'))")
    if await conn.fetchval("select exists (select from organisations where name = $1)", name):
        raise Conflict(f"an organisation named {name} exists already", field="name")
    if not await conn.fetchval("select exists (select from pg_timezone_names where name = $1)", time_zone):
        raise InvalidInput(f"{time_zone} is no time zone; give an IANA name such as Europe/Berlin", field="time_zone")
    org_id = new_id()
    await conn.execute("select set_config('ovia.org_id', $1, true)", str(org_id))
    row = await conn.fetchrow(
        f"insert into organisations (org_id, name, time_zone) values ($1, $2, $3) returning {_FIELDS}",  # noqa: S608 (constant columns)
        org_id,
        name,
        time_zone,
    )
    made = to_model(Organisation, row)
    assert made is not None
    return made


async def everyone(conn: Connection) -> list[Organisation]:
    """All organisations by name, for the owner; any other role gets the one it works for, or none."""
    return to_models(
        Organisation,
        await conn.fetch(f"select {_FIELDS} from organisations order by name, org_id"),  # noqa: S608 (constant columns)
    )


async def find(conn: Connection, org_id: UUID) -> Organisation | None:
    """This organisation, or None."""
    return to_model(
        Organisation,
        await conn.fetchrow(f"select {_FIELDS} from organisations where org_id = $1", org_id),  # noqa: S608 (constant columns)
    )


async def ids(conn: Connection) -> list[UUID]:
    """The ids of all organisations: the one thing a background worker may know across them."""
    return [row["id"] for row in await conn.fetch("select organisation_ids() as id")]


async def is_only(conn: Connection) -> bool:
    """Whether the installation has one organisation, so that what is shown of all is nobody else's."""
    alone: bool = await conn.fetchval("select is_only_organisation()")
    return alone
