"""The state of reading the sources, put together for people to look at."""

from typing import Any
from uuid import UUID

import asyncpg

from ovia_shared.database.pool import Connection
from ovia_shared.models.sync_status import (
    ConnectionReference,
    LastRun,
    SyncPosition,
    SyncProgress,
    SyncState,
    SyncStatus,
)

# Open letters are counted once for all partitions of a stream: a stream may have many of both.
_SELECT = """
with open_letters as materialized (
    select connection_id, stream, count(*) as open from dead_letters
     where org_id = $1 and resolved_at is null group by connection_id, stream
)
select p.id, c.id as connection_id, c.kind, c.name, coalesce(c.settings -> 'sample' = 'true', false) as sample,
       p.stream, p.scope,
       case when p.lease_expires_at > now() then 'running'
            when c.status = 'paused' then 'paused'
            when p.consecutive_failures > 0 then 'failing'
            else 'idle' end as status,
       extract(epoch from now() - p.last_success_at)::double precision as lag_seconds,
       p.records_done, p.records_total, p.last_success_at, p.last_error, p.last_error_at, p.consecutive_failures,
       case when isfinite(p.next_due_at) then p.next_due_at end as next_due_at,
       coalesce(o.open, 0) as open_dead_letters,
       r.status as run_status, r.started_at, r.finished_at, r.records_read,
       (r.records_read / nullif(extract(epoch from coalesce(r.finished_at, now()) - r.started_at), 0))::double precision
           as records_per_second
  from sync_partitions p
  join connections c on c.org_id = p.org_id and c.id = p.connection_id
  left join open_letters o on o.connection_id = p.connection_id and o.stream = p.stream
  left join lateral (
       select s.status, s.started_at, s.finished_at, s.records_read from sync_runs s
        where s.org_id = p.org_id and s.partition_id = p.id
        order by s.started_at desc limit 1) r on true
 where p.org_id = $1 and c.status in ('active', 'paused')
"""


async def reading(conn: Connection, org_id: UUID) -> bool:
    """Whether something is being read at this moment."""
    return bool(
        await conn.fetchval(
            "select exists (select from sync_partitions where org_id = $1 and lease_expires_at > now())", org_id
        )
    )


async def find(conn: Connection, org_id: UUID, after: SyncPosition | None, most: int) -> list[SyncStatus]:
    """At most `most` partitions behind `after`, by connection, stream and scope."""
    values: list[Any] = [org_id]
    condition = ""
    if after is not None:
        values += [after.connection_id, after.stream, after.scope]
        condition = " and (p.connection_id, p.stream, p.scope) > ($2, $3, $4)"
    rows = await conn.fetch(
        f"{_SELECT}{condition} order by p.connection_id, p.stream, p.scope limit {int(most)}", *values
    )
    return [_to_status(row) for row in rows]


async def count(conn: Connection, org_id: UUID) -> int:
    """How many partitions there are, those of removed connections left out."""
    total: int = await conn.fetchval(
        """
        select count(*)
          from sync_partitions p
          join connections c on c.org_id = p.org_id and c.id = p.connection_id and c.status in ('active', 'paused')
         where p.org_id = $1
        """,
        org_id,
    )
    return total


def _to_status(row: asyncpg.Record) -> SyncStatus:
    return SyncStatus(
        id=row["id"],
        connection=ConnectionReference(row["connection_id"], row["kind"], row["name"]),
        sample=row["sample"],
        stream=row["stream"],
        scope=row["scope"],
        status=SyncState(row["status"]),
        lag_seconds=row["lag_seconds"],
        progress=SyncProgress(row["records_done"], row["records_total"]),
        last_success_at=row["last_success_at"],
        last_error=row["last_error"],
        last_error_at=row["last_error_at"],
        consecutive_failures=row["consecutive_failures"],
        next_due_at=row["next_due_at"],
        open_dead_letters=row["open_dead_letters"],
        last_run=None
        if row["run_status"] is None
        else LastRun(
            row["run_status"],
            row["started_at"],
            row["finished_at"],
            row["records_read"],
            row["records_per_second"],
        ),
    )
