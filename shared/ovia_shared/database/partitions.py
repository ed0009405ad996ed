"""Sync partitions: claiming them by lease, moving their cursor under fencing, letting go.

A lease is time, not a status: a reader that dies blocks its partition until `lease_expires_at` and no longer.
Every claim raises the fencing token; every write of a reader is conditional on its token still being the current one.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import structs

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_model
from ovia_shared.errors import LeaseLost
from ovia_shared.models.sync import Lease, Partition

_FIELDS = "id, connection_id, stream, scope, cursor, fencing_token, records_done"


async def ensure(conn: Connection, org_id: UUID, connection_id: UUID, stream: str, scope: str = "") -> UUID:
    """The id of this partition, made if it is missing. Makes it due now in any case."""
    partition_id: UUID = await conn.fetchval(
        """
        insert into sync_partitions (org_id, id, connection_id, stream, scope)
        values ($1, $2, $3, $4, $5)
            on conflict (org_id, connection_id, stream, scope) do update set next_due_at = now()
        returning id
        """,
        org_id,
        new_id(),
        connection_id,
        stream,
        scope,
    )
    return partition_id


async def claim(
    conn: Connection,
    org_id: UUID,
    owner: str,
    lease_seconds: float,
    among: Sequence[UUID] | None = None,
    untried_since: datetime | None = None,
    besides: Collection[UUID] = (),
) -> Partition | None:
    """Takes the partition that has been due longest and that nobody holds, or None when there is none.

    `among` narrows the choice to these partitions, `untried_since` to those that neither succeeded nor failed since;
    connections in `besides` are left alone.
    Partitions of paused connections, and of projects that are no longer shown, are never due.
    """
    row = await conn.fetchrow(
        f"""
        update sync_partitions p
           set lease_owner = $2, fencing_token = fencing_token + 1, last_started_at = now(),
               lease_expires_at = now() + make_interval(secs => $3),
               -- A read that was broken off goes on counting; one that was complete begins anew.
               records_done = case when last_success_at = last_started_at then 0 else records_done end,
               records_total = case when last_success_at = last_started_at then null else records_total end
         where p.org_id = $1 and p.id = (
               select d.id from sync_partitions d
                 join connections c on c.org_id = d.org_id and c.id = d.connection_id and c.status = 'active'
                where d.org_id = $1 and d.next_due_at <= now()
                  and (d.lease_expires_at is null or d.lease_expires_at < now())
                  and ($4::uuid[] is null or d.id = any ($4))
                  and ($5::timestamptz is null
                       or coalesce(greatest(d.last_success_at, d.last_error_at), '-infinity') < $5)
                  and not d.connection_id = any ($6)
                  and not exists (
                      select from projects p
                       where p.org_id = d.org_id and p.connection_id = d.connection_id and p.external_id = d.scope
                         and (p.access_lost_at is not null or p.removed_at is not null))
                order by d.next_due_at, d.id
                limit 1
                  for update of d skip locked)
        returning {_FIELDS}
        """,  # noqa: S608 (a constant list of columns)
        org_id,
        owner,
        lease_seconds,
        among,
        untried_since,
        list(besides),
    )
    return to_model(Partition, row)


async def holder(conn: Connection, org_id: UUID, among: Sequence[UUID]) -> Lease | None:
    """The lease, still running, that expires first among these partitions; None if all are free."""
    row = await conn.fetchrow(
        """
        select lease_owner as owner, lease_expires_at as expires_at
          from sync_partitions
         where org_id = $1 and id = any ($2) and lease_expires_at >= now()
         order by lease_expires_at limit 1
        """,
        org_id,
        among,
    )
    return to_model(Lease, row)


async def renew(conn: Connection, org_id: UUID, partition: Partition, lease_seconds: float) -> None:
    """Keeps the lease for as long again. Raises `LeaseLost` if another reader has it."""
    await _fenced(
        conn,
        """
        update sync_partitions set lease_expires_at = now() + make_interval(secs => $4)
         where org_id = $1 and id = $2 and fencing_token = $3 and lease_owner is not null
        """,
        org_id,
        partition,
        lease_seconds,
    )


async def advance(
    conn: Connection,
    org_id: UUID,
    partition: Partition,
    cursor: Any,
    records: int,
    total: int | None,
    lease_seconds: float,
) -> Partition:
    """Moves the cursor and renews the lease, in the transaction that stores the records it stands for.

    `records` is how many more were read, `total` an estimate for this read. Returns the partition as it stands if
    that transaction lasts, which is what the next page continues from. Raises `LeaseLost`, also where a page before
    this one did not survive a crash of the server: a cursor behind it would pass over its records for ever.
    """
    await _fenced(
        conn,
        """
        update sync_partitions
           set cursor = $4, records_done = records_done + $5, records_total = coalesce($6, records_total),
               lease_expires_at = now() + make_interval(secs => $7)
         where org_id = $1 and id = $2 and fencing_token = $3 and lease_owner is not null and records_done = $8
        """,
        org_id,
        partition,
        cursor,
        records,
        total,
        lease_seconds,
        partition.records_done,
    )
    return structs.replace(partition, cursor=cursor, records_done=partition.records_done + records)


async def succeed(conn: Connection, org_id: UUID, partition: Partition, next_due_seconds: float) -> None:
    """Records a complete read and lets go. Raises `LeaseLost`, also where a crash of the server took a page back."""
    await _fenced(
        conn,
        """
        update sync_partitions
           set lease_owner = null, lease_expires_at = null, last_success_at = last_started_at,
               last_error = null, last_error_at = null, consecutive_failures = 0,
               next_due_at = now() + make_interval(secs => $4)
         where org_id = $1 and id = $2 and fencing_token = $3 and lease_owner is not null and records_done = $5
        """,
        org_id,
        partition,
        next_due_seconds,
        partition.records_done,
    )


async def fail(conn: Connection, org_id: UUID, partition: Partition, error: str, first_delay_seconds: float) -> None:
    """Records a failed read and lets go; the cursor stays. Each failure in a row doubles the delay, up to a day."""
    await _fenced(
        conn,
        """
        update sync_partitions
           set lease_owner = null, lease_expires_at = null, last_error = $4, last_error_at = now(),
               consecutive_failures = consecutive_failures + 1,
               next_due_at = now() + least(make_interval(secs => $5) * power(2, least(consecutive_failures, 20)),
                                           interval '1 day')
         where org_id = $1 and id = $2 and fencing_token = $3 and lease_owner is not null
        """,
        org_id,
        partition,
        error,
        first_delay_seconds,
    )


async def release(conn: Connection, org_id: UUID, partition: Partition) -> None:
    """Lets go of an unfinished read, due again at once. Raises `LeaseLost`."""
    await _fenced(
        conn,
        """
        update sync_partitions set lease_owner = null, lease_expires_at = null, next_due_at = now()
         where org_id = $1 and id = $2 and fencing_token = $3 and lease_owner is not null
        """,
        org_id,
        partition,
    )


async def give_back(conn: Connection, org_id: UUID, partition: Partition, owner: str) -> bool:
    """Lets go of the lease this owner has on the partition, due again at once; whether there was one.

    An older lease of its own counts too: a crash of the server may have taken the last claim back.
    """
    outcome = await conn.execute(
        """
        update sync_partitions set lease_owner = null, lease_expires_at = null, next_due_at = now()
         where org_id = $1 and id = $2 and lease_owner = $3 and fencing_token <= $4
        """,
        org_id,
        partition.id,
        owner,
        partition.fencing_token,
    )
    return bool(outcome != "UPDATE 0")


async def _fenced(conn: Connection, statement: str, org_id: UUID, partition: Partition, *values: Any) -> None:
    outcome = await conn.execute(statement, org_id, partition.id, partition.fencing_token, *values)
    if outcome == "UPDATE 0":
        raise LeaseLost(f"another reader took over {partition.stream} {partition.scope}".rstrip() + "; this one stops")
