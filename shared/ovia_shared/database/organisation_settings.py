"""What an organisation chose, by name: `matching`, `classification`, … Versioned, so the past can be replayed.

A setting is one struct with defaults. Nothing stored means the defaults; a stored value that lacks a field, because it
was stored before the field existed, takes that field's default.
"""

from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from ovia_shared.database import knowing
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection

Setting = TypeVar("Setting", bound=msgspec.Struct)


async def read(
    conn: Connection, org_id: UUID, name: str, kind: type[Setting], *, as_of: datetime | None = None
) -> Setting:
    """The setting in force now, or at `as_of`; `kind()` where nothing was stored by then."""
    value = await conn.fetchval(
        """
        select value from organisation_settings
         where org_id = $1 and name = $2
           and case when $3::timestamptz is null then known_to = 'infinity'
                    else known_from <= $3 and known_to > $3 end
        """,
        org_id,
        name,
        as_of,
    )
    return kind() if value is None else msgspec.convert(value, kind)


async def versions(conn: Connection, org_id: UUID, name: str, kind: type[Setting], most: int) -> list[Setting]:
    """What was chosen by and by, newest first: what is in force now, then at most so many before it.

    The defaults, which held before anything was chosen, are not among them.
    """
    rows = await conn.fetch(
        """
        select value from organisation_settings
         where org_id = $1 and name = $2 order by known_from desc, id desc limit $3
        """,
        org_id,
        name,
        most + 1,
    )
    return [msgspec.convert(row["value"], kind) for row in rows]


async def lock(conn: Connection, org_id: UUID, name: str) -> None:
    """One writer at a time per setting, until the end of the transaction."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended('setting ' || $1 || $2, 0))", str(org_id), name)


async def version(conn: Connection, org_id: UUID, name: str) -> int:
    """How often the setting was chosen: 0 while the defaults hold."""
    counted: int = await conn.fetchval(
        "select count(*) from organisation_settings where org_id = $1 and name = $2", org_id, name
    )
    return counted


async def write(conn: Connection, org_id: UUID, name: str, value: msgspec.Struct, actor: str) -> bool:
    """Stores the setting as of now; False if that is what was in force already. One writer at a time per setting."""
    await lock(conn, org_id, name)
    wanted = msgspec.to_builtins(value)
    current = await conn.fetchval(
        "select value from organisation_settings where org_id = $1 and name = $2 and known_to = 'infinity'",
        org_id,
        name,
    )
    if current == wanted:
        return False
    moment = await knowing.moment(conn)
    await conn.execute(
        """
        update organisation_settings set known_to = $3
         where org_id = $1 and name = $2 and known_to = 'infinity'
        """,
        org_id,
        name,
        moment,
    )
    await conn.execute(
        """
        insert into organisation_settings (org_id, id, name, value, actor, known_from) values ($1, $2, $3, $4, $5, $6)
        """,
        org_id,
        new_id(),
        name,
        wanted,
        actor,
        moment,
    )
    return True
