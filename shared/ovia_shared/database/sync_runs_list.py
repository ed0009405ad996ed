"""Sync runs as they are read: what each attempt at reading did, the newest first."""

from typing import Any
from uuid import UUID

import asyncpg

from ovia_shared.database.pool import Connection
from ovia_shared.models.sync_run import SyncRun, SyncRunFilter, SyncRunPosition, SyncRunStatus
from ovia_shared.models.sync_status import ConnectionReference


async def find(
    conn: Connection, org_id: UUID, wanted: SyncRunFilter, after: SyncRunPosition | None, most: int
) -> list[SyncRun]:
    """At most `most` runs behind `after`, the newest first."""
    values: list[Any] = [org_id]
    conditions = _conditions(wanted, values)
    if after is not None:
        values.append(after.id)
        conditions += f" and r.id < ${len(values)}"
    rows = await conn.fetch(
        f"""
        select r.id, r.partition_id, c.id as connection_id, c.kind, c.name, p.stream, p.scope, r.status,
               r.started_at, r.finished_at, r.records_read, r.raw_added, r.dead_letters, r.error,
               extract(epoch from coalesce(r.finished_at, now()) - r.started_at)::double precision as seconds
          from (select * from sync_runs r where r.org_id = $1{conditions} order by r.id desc limit {int(most)}) r
          join sync_partitions p on p.org_id = r.org_id and p.id = r.partition_id
          join connections c on c.org_id = p.org_id and c.id = p.connection_id
         order by r.id desc
        """,  # noqa: S608 (fixed fragments)
        *values,
    )
    return [_to_run(row) for row in rows]


async def count(conn: Connection, org_id: UUID, wanted: SyncRunFilter) -> int:
    """How many runs the filter lets through."""
    values: list[Any] = [org_id]
    conditions = _conditions(wanted, values)
    total: int = await conn.fetchval(
        f"select count(*) from sync_runs r where r.org_id = $1{conditions}",  # noqa: S608 (fixed fragments)
        *values,
    )
    return total


def _conditions(wanted: SyncRunFilter, values: list[Any]) -> str:
    conditions = ""
    for column in ("partition_id", "status"):
        if (value := getattr(wanted, column)) is not None:
            values.append(value)
            conditions += f" and r.{column} = ${len(values)}"
    if wanted.connection_id is not None:
        values.append(wanted.connection_id)
        of_connection = f"p.org_id = $1 and p.connection_id = ${len(values)}"
        conditions += f" and r.partition_id in (select p.id from sync_partitions p where {of_connection})"  # noqa: S608 (a fixed fragment)
    return conditions


def _to_run(row: asyncpg.Record) -> SyncRun:
    seconds = max(row["seconds"], 0.0)
    return SyncRun(
        id=row["id"],
        partition_id=row["partition_id"],
        connection=ConnectionReference(row["connection_id"], row["kind"], row["name"]),
        stream=row["stream"],
        scope=row["scope"],
        status=SyncRunStatus(row["status"]),
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        duration_seconds=seconds,
        records_read=row["records_read"],
        raw_added=row["raw_added"],
        dead_letters=row["dead_letters"],
        records_per_second=row["records_read"] / seconds if seconds else None,
        error=row["error"],
    )
