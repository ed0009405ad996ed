"""Sync runs: one row for each attempt at reading a partition."""

from uuid import UUID

from ovia_shared.database import notices
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.models.sync import Partition, Progress


async def start(conn: Connection, org_id: UUID, partition: Partition) -> UUID:
    """Opens a run. Runs of earlier readers that never ended are marked abandoned: their lease is gone."""
    await conn.execute(
        """
        update sync_runs set status = 'abandoned', finished_at = now()
         where org_id = $1 and partition_id = $2 and status = 'running' and fencing_token < $3
        """,
        org_id,
        partition.id,
        partition.fencing_token,
    )
    run_id = new_id()
    await conn.execute(
        """
        insert into sync_runs (org_id, id, partition_id, fencing_token, status) values ($1, $2, $3, $4, 'running')
        """,
        org_id,
        run_id,
        partition.id,
        partition.fencing_token,
    )
    return run_id


async def progress(conn: Connection, org_id: UUID, run_id: UUID, done: Progress) -> None:
    """What the run has done so far, so that a watcher sees it move."""
    await conn.execute(
        "update sync_runs set records_read = $3, raw_added = $4, dead_letters = $5 where org_id = $1 and id = $2",
        org_id,
        run_id,
        done.read,
        done.raw_added,
        done.dead_letters,
    )


async def finish(conn: Connection, org_id: UUID, run_id: UUID, error: str | None = None) -> None:
    """Closes the run: succeeded, or failed with the error. Whoever derives from what was read is told."""
    await conn.execute(
        """
        update sync_runs set status = $3, error = $4, finished_at = now() where org_id = $1 and id = $2
        """,
        org_id,
        run_id,
        "succeeded" if error is None else "failed",
        error,
    )
    await conn.execute("select pg_notify($1, $2)", notices.INGESTED, str(org_id))


async def forget(conn: Connection, org_id: UUID, days: int, most: int) -> int:
    """Deletes at most `most` attempts that ended more than so many days ago, but the last of each partition."""
    outcome = await conn.execute(
        """
        delete from sync_runs where org_id = $1 and id = any (array(
            select r.id from sync_runs r
             where r.org_id = $1 and r.finished_at < now() - make_interval(days => $2)
               and exists (
                   select from sync_runs n
                    where n.org_id = $1 and n.partition_id = r.partition_id and n.started_at > r.started_at)
             limit $3))
        """,
        org_id,
        days,
        most,
    )
    return int(outcome.rpartition(" ")[2])
