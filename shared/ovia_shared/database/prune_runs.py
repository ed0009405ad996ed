"""What the maintenance last ran with, so that services can tell it."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from ovia_shared.database.pool import Connection
from ovia_shared.models.retention import PruneRun


async def keep(
    conn: Connection, org_id: UUID, actor: str, days: Mapping[str, int | None], dropped: Mapping[str, int]
) -> None:
    """Remembers a run in place of the one before."""
    await conn.execute(
        """
        insert into prune_runs (org_id, actor, days, dropped) values ($1, $2, $3, $4)
            on conflict (org_id) do update
           set ran_at = now(), actor = excluded.actor, days = excluded.days, dropped = excluded.dropped
        """,
        org_id,
        actor,
        dict(days),
        dict(dropped),
    )


async def last(conn: Connection, org_id: UUID) -> tuple[PruneRun, dict[str, int | None]] | None:
    """The last run, and what it was told by setting; None if there was none."""
    row = await conn.fetchrow("select ran_at, actor, days, dropped from prune_runs where org_id = $1", org_id)
    if row is None:
        return None
    run = PruneRun(row["ran_at"], row["actor"], row["dropped"])
    return run, msgspec.convert(row["days"], dict[str, int | None])
