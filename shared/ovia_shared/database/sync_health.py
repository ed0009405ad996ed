"""How reading the sources is going, in one statement that reads only what is small.

Partitions, the attempts of the last hour, open dead letters, and deliveries that wait.
"""

from uuid import UUID

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.sync_health import ConnectionHealth

# A partition is put into one state here by the same rules as `sync_status` does.
_STATEMENT = """
with alive as materialized (
    select id, kind, name, status from connections where org_id = $1 and status in ('active', 'paused')
), parts as materialized (
    select p.id, p.connection_id, p.consecutive_failures,
           case when p.lease_expires_at > now() then 'running'
                when c.status = 'paused' then 'paused'
                when p.consecutive_failures > 0 then 'failing'
                when p.next_due_at <= now() then 'due'
                else 'idle' end as state,
           p.lease_owner is not null and p.lease_expires_at <= now() as vanished,
           case when c.status = 'active' then now() - coalesce(p.last_success_at, p.created_at) end as lag,
           case when c.status = 'active' and p.next_due_at <= now() and (p.lease_expires_at > now()) is not true
                then now() - p.next_due_at end as waited
      from sync_partitions p
      join alive c on c.id = p.connection_id
     where p.org_id = $1
       and not exists (
           select from projects o
            where o.org_id = p.org_id and o.connection_id = p.connection_id and o.external_id = p.scope
              and (o.access_lost_at is not null or o.removed_at is not null))
), states as (
    select connection_id,
           count(*) filter (where state = 'idle') as idle,
           count(*) filter (where state = 'due') as due,
           count(*) filter (where state = 'running') as running,
           count(*) filter (where state = 'failing') as failing,
           count(*) filter (where state = 'paused') as paused,
           extract(epoch from max(lag))::double precision as lag_seconds,
           extract(epoch from max(waited))::double precision as queue_age_seconds,
           max(consecutive_failures) as failures_in_a_row,
           count(*) filter (where vanished) as leases_expired
      from parts group by connection_id
), runs as (
    select p.connection_id,
           count(*) filter (where r.status = 'succeeded') as succeeded,
           count(*) filter (where r.status = 'failed') as failed,
           count(*) filter (where r.status = 'abandoned') as abandoned,
           sum(r.records_read)::bigint as records
      from sync_runs r
      join sync_partitions p on p.org_id = r.org_id and p.id = r.partition_id
     where r.org_id = $1 and r.finished_at > now() - interval '1 hour'
     group by p.connection_id
), letters as (
    select connection_id, count(*) as open from dead_letters
     where org_id = $1 and resolved_at is null group by connection_id
), hints as (
    select connection_id, count(*) as waiting,
           extract(epoch from now() - min(received_at))::double precision as age_seconds
      from webhook_deliveries where org_id = $1 and processed_at is null group by connection_id
)
select c.id, c.kind, c.name,
       coalesce(s.idle, 0) as idle, coalesce(s.due, 0) as due, coalesce(s.running, 0) as running,
       coalesce(s.failing, 0) as failing, coalesce(s.paused, 0) as paused,
       s.lag_seconds, coalesce(s.queue_age_seconds, 0) as queue_age_seconds,
       coalesce(s.failures_in_a_row, 0) as failures_in_a_row, coalesce(s.leases_expired, 0) as leases_expired,
       coalesce(r.succeeded, 0) as succeeded, coalesce(r.failed, 0) as failed, coalesce(r.abandoned, 0) as abandoned,
       coalesce(r.records, 0) as records,
       coalesce(l.open, 0) as dead_letters,
       coalesce(h.waiting, 0) as hints_waiting, coalesce(h.age_seconds, 0) as hints_age_seconds
  from alive c
  left join states s on s.connection_id = c.id
  left join runs r on r.connection_id = c.id
  left join letters l on l.connection_id = c.id
  left join hints h on h.connection_id = c.id
 order by c.id
"""


async def read(conn: Connection, org_id: UUID) -> list[ConnectionHealth]:
    """Every connection that is read or paused; those that were removed are nobody's concern."""
    return to_models(ConnectionHealth, await conn.fetch(_STATEMENT, org_id))
