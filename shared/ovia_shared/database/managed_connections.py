"""Connections as people manage them: adding, changing, pausing, removing.

Whatever changes a connection raises its version, so that a change made to an older one can be refused.
"""

from typing import Any
from uuid import UUID

import asyncpg

from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict
from ovia_shared.models.connection import (
    ConnectionDetail,
    ConnectionFilter,
    ConnectionKind,
    ConnectionPosition,
    ConnectionStatus,
    CredentialsState,
)

_FIELDS = """
id, kind, name, base_url, settings, status, version, created_at, updated_at, account,
credentials is not null as has_credentials, webhook_secret is not null as has_webhook
"""
# Removed connections are shown to those who ask for them.
_WANTED = """
 where org_id = $1 and ($2::text is null or kind = $2) and ($3::text is null or status = $3)
   and ($3::text is not null or status <> 'removed')
"""


async def find(
    conn: Connection, org_id: UUID, wanted: ConnectionFilter, after: ConnectionPosition | None, most: int
) -> list[ConnectionDetail]:
    """At most `most` connections behind `after`, by name."""
    rows = await conn.fetch(
        f"""
        select {_FIELDS} from connections {_WANTED}
           and ($4::text is null or (name collate "C", id) > ($4, $5))
         order by name collate "C", id limit $6
        """,  # noqa: S608 (fixed fragments)
        org_id,
        wanted.kind,
        wanted.status,
        None if after is None else after.name,
        None if after is None else after.id,
        most,
    )
    return [_to_detail(row) for row in rows]


async def count(conn: Connection, org_id: UUID, wanted: ConnectionFilter) -> int:
    """How many connections the filter lets through."""
    total: int = await conn.fetchval(
        f"select count(*) from connections {_WANTED}",  # noqa: S608 (a fixed fragment)
        org_id,
        wanted.kind,
        wanted.status,
    )
    return total


async def find_one(conn: Connection, org_id: UUID, connection_id: UUID) -> ConnectionDetail | None:
    """This connection, whatever its status, or None."""
    row = await conn.fetchrow(
        f"select {_FIELDS} from connections where org_id = $1 and id = $2",  # noqa: S608 (constant columns)
        org_id,
        connection_id,
    )
    return None if row is None else _to_detail(row)


async def lock(conn: Connection, org_id: UUID, connection_id: UUID) -> ConnectionDetail | None:
    """The connection, held against other changes until the end of the transaction; or None."""
    # Not `for update`: that would wait for readers which store rows that refer to this one, and they for us.
    row = await conn.fetchrow(
        f"select {_FIELDS} from connections where org_id = $1 and id = $2 for no key update",  # noqa: S608 (constant columns)
        org_id,
        connection_id,
    )
    return None if row is None else _to_detail(row)


async def add(
    conn: Connection,
    org_id: UUID,
    connection_id: UUID,
    *,
    kind: ConnectionKind,
    name: str,
    base_url: str,
    settings: dict[str, Any],
    credentials: bytes | None,
    account: str | None,
) -> ConnectionDetail:
    """Adds a connection, to be read from now on. Raises `Conflict` if there is one to this address."""
    row = await conn.fetchrow(
        f"""
        insert into connections (org_id, id, kind, name, base_url, settings, credentials, account)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (org_id, kind, base_url) where status in ('active', 'paused') do nothing
        returning {_FIELDS}
        """,  # noqa: S608 (constant columns)
        org_id,
        connection_id,
        kind,
        name,
        base_url,
        settings,
        credentials,
        account,
    )
    if row is None:
        raise Conflict(f"there is a connection to this {kind} address already", field="base_url")
    return _to_detail(row)


async def change(
    conn: Connection, org_id: UUID, connection_id: UUID, *, name: str | None, settings: dict[str, Any] | None
) -> None:
    """Gives a connection another name or other settings; None leaves either as it is."""
    await conn.execute(
        """
        update connections
           set name = coalesce($3, name), settings = coalesce($4, settings), version = version + 1, updated_at = now()
         where org_id = $1 and id = $2
        """,
        org_id,
        connection_id,
        name,
        settings,
    )


async def set_status(conn: Connection, org_id: UUID, connection_id: UUID, status: ConnectionStatus) -> None:
    """Reads on, pauses or ends a connection. What is neither read nor paused loses its secrets at once."""
    await conn.execute(
        """
        update connections
           set status = $3, version = version + 1, updated_at = now(),
               credentials = case when $3 in ('active', 'paused') then credentials end,
               account = case when $3 in ('active', 'paused') then account end,
               webhook_secret = case when $3 in ('active', 'paused') then webhook_secret end
         where org_id = $1 and id = $2
        """,
        org_id,
        connection_id,
        status,
    )


async def set_webhook_secret(conn: Connection, org_id: UUID, connection_id: UUID, sealed: bytes | None) -> None:
    """Stores the secret deliveries are signed with, sealed by `CredentialsVault.seal`; None refuses all deliveries."""
    await conn.execute(
        """
        update connections set webhook_secret = $3, version = version + 1, updated_at = now()
         where org_id = $1 and id = $2
        """,
        org_id,
        connection_id,
        sealed,
    )


async def stop_reading(conn: Connection, org_id: UUID, connection_id: UUID) -> None:
    """Whoever reads this connection now writes nothing more; the cursors stay."""
    await conn.execute("select stop_reading($2) where current_org() = $1", org_id, connection_id)


async def restart_reading(conn: Connection, org_id: UUID, connection_id: UUID) -> int:
    """Has the connection read from the beginning, due now; what was read stays. Returns the number of partitions."""
    restarted: int | None = await conn.fetchval(
        "select restart_reading($2) where current_org() = $1", org_id, connection_id
    )
    return restarted or 0


async def hasten_reading(conn: Connection, org_id: UUID, connection_id: UUID) -> None:
    """Has the connection read at once where a failure or the schedule made it wait."""
    await conn.execute("select hasten_reading($2) where current_org() = $1", org_id, connection_id)


def _to_detail(row: asyncpg.Record) -> ConnectionDetail:
    return ConnectionDetail(
        id=row["id"],
        kind=ConnectionKind(row["kind"]),
        name=row["name"],
        base_url=row["base_url"],
        settings=row["settings"],
        sample=row["settings"].get("sample") is True,
        status=ConnectionStatus(row["status"]),
        credentials=CredentialsState(row["has_credentials"], row["account"]),
        webhook=row["has_webhook"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
