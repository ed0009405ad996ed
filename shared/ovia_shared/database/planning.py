"""Which partitions there are to read, and from which configured connections."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection


async def configure(
    conn: Connection, org_id: UUID, kind: str, name: str, base_url: str, settings: dict[str, Any]
) -> UUID | None:
    """The id of the connection to this address with these settings; one already there takes them over.

    None if people removed the connection to this address and have not made another: it does not come back by itself.
    """
    removed = await conn.fetchval(
        """
        select status in ('removed', 'deleting') from connections
         where org_id = $1 and kind = $2 and base_url = $3 order by created_at desc, id desc limit 1
        """,
        org_id,
        kind,
        base_url,
    )
    if removed:
        return None
    connection_id: UUID = await conn.fetchval(
        """
        insert into connections as c (org_id, id, kind, name, base_url, settings) values ($1, $2, $3, $4, $5, $6)
            on conflict (org_id, kind, base_url) where status in ('active', 'paused') do update
           set settings = excluded.settings,
               version = c.version + case when c.settings = excluded.settings then 0 else 1 end,
               updated_at = case when c.settings = excluded.settings then c.updated_at else now() end
        returning id
        """,
        org_id,
        new_id(),
        kind,
        name,
        base_url,
        settings,
    )
    return connection_id


async def pause_sample_data(conn: Connection, org_id: UUID) -> None:
    """Pauses connections to generated data. What was paused, by whomever, is resumed by people only."""
    await conn.execute(
        """
        update connections set status = 'paused', version = version + 1, updated_at = now()
         where org_id = $1 and settings ->> 'sample' = 'true' and status = 'active'
        """,
        org_id,
    )


async def plan(conn: Connection, org_id: UUID, connection_id: UUID, wanted: Sequence[tuple[str, str]]) -> int:
    """Makes the (stream, scope) partitions that are missing, due now; returns how many are new."""
    outcome = await conn.execute(
        """
        insert into sync_partitions (org_id, id, connection_id, stream, scope)
        select $1, u.id, $2, u.stream, u.scope from unnest($3::uuid[], $4::text[], $5::text[]) u (id, stream, scope)
            on conflict (org_id, connection_id, stream, scope) do nothing
        """,
        org_id,
        connection_id,
        [new_id() for _ in wanted],
        [stream for stream, _ in wanted],
        [scope for _, scope in wanted],
    )
    return int(outcome.rsplit(" ", 1)[1])


async def unread_streams(conn: Connection, org_id: UUID, connection_id: UUID, streams: Sequence[str]) -> list[str]:
    """Those of these streams that were never read to their end."""
    rows = await conn.fetch(
        """
        select u.stream from unnest($3::text[]) u (stream)
         where not exists (
               select from sync_partitions p
                where p.org_id = $1 and p.connection_id = $2 and p.stream = u.stream and p.last_success_at is not null)
        """,
        org_id,
        connection_id,
        list(streams),
    )
    return [row["stream"] for row in rows]


async def make_due(
    conn: Connection, org_id: UUID, connection_ids: Sequence[UUID], stream: str | None = None, *, reset: bool = False
) -> list[UUID]:
    """Makes the partitions of these connections due now, those of one stream if it is named; returns their ids.

    `reset` forgets how far they were read, and takes them from whoever reads them now.
    """
    rows = await conn.fetch(
        """
        update sync_partitions
           set next_due_at = now(),
               cursor = case when $4 then null else cursor end,
               fencing_token = fencing_token + case when $4 then 1 else 0 end,
               lease_owner = case when $4 then null else lease_owner end,
               lease_expires_at = case when $4 then null else lease_expires_at end
         where org_id = $1 and connection_id = any ($2) and ($3::text is null or stream = $3)
        returning id
        """,
        org_id,
        list(connection_ids),
        stream,
        reset,
    )
    return [row["id"] for row in rows]


async def hasten(conn: Connection, org_id: UUID, connection_id: UUID, wanted: Sequence[tuple[str, str | None]]) -> None:
    """Makes partitions due now by (stream, scope), those of all scopes where it is None: something in them changed."""
    await conn.execute(
        """
        update sync_partitions p set next_due_at = least(next_due_at, now())
          from unnest($3::text[], $4::text[]) u (stream, scope)
         where p.org_id = $1 and p.connection_id = $2 and p.stream = u.stream
           and (u.scope is null or p.scope = u.scope)
        """,
        org_id,
        connection_id,
        [stream for stream, _ in wanted],
        [scope for _, scope in wanted],
    )


async def normaliser_versions(conn: Connection, org_id: UUID, partition_id: UUID) -> tuple[int | None, int | None]:
    """(the version this partition's rows were made with, the oldest among the partitions of its stream).

    None where nothing was read yet.
    """
    row = await conn.fetchrow(
        """
        select p.normaliser_version,
               (select min(o.normaliser_version) from sync_partitions o
                 where o.org_id = $1 and o.connection_id = p.connection_id and o.stream = p.stream)
          from sync_partitions p where p.org_id = $1 and p.id = $2
        """,
        org_id,
        partition_id,
    )
    return (None, None) if row is None else (row[0], row[1])


async def note_first_version(conn: Connection, org_id: UUID, partition_id: UUID, version: int) -> None:
    """Notes what a partition that was never read is read with."""
    await conn.execute(
        """
        update sync_partitions set normaliser_version = $3
         where org_id = $1 and id = $2 and normaliser_version is null
        """,
        org_id,
        partition_id,
        version,
    )


async def moment(conn: Connection) -> datetime:
    """The database's time."""
    found: datetime = await conn.fetchval("select clock_timestamp()")
    return found


async def set_normaliser_version(
    conn: Connection, org_id: UUID, connection_id: UUID, stream: str, version: int
) -> None:
    """Notes that every canonical row of this stream is made with this version."""
    await conn.execute(
        """
        update sync_partitions set normaliser_version = $4
         where org_id = $1 and connection_id = $2 and stream = $3 and normaliser_version is distinct from $4
        """,
        org_id,
        connection_id,
        stream,
        version,
    )
