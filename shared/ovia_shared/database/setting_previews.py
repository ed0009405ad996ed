"""Looks at what choosing a setting would change: how far each got, and what came of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict
from ovia_shared.models.kpi import Scope, ScopeKind
from ovia_shared.models.setting import (
    PreviewProgress,
    PreviewResult,
    PreviewStatus,
    SettingName,
    SettingPreview,
)

# Without a heartbeat for as long, whoever computed a preview is gone.
GONE = timedelta(minutes=1)


async def begin(
    conn: Connection, org_id: UUID, name: str, value: msgspec.Struct, scope: Scope, requested_by: str
) -> UUID:  # fmt: skip
    """A preview that is being computed from now on. Raises `Conflict` while another is."""
    await conn.execute(
        "delete from setting_previews where org_id = $1 and created_at < now() - interval '1 day'", org_id
    )
    await conn.execute(
        """
        update setting_previews set status = 'abandoned', finished_at = now()
         where org_id = $1 and status = 'running' and heartbeat_at < now() - $2::interval
        """,
        org_id,
        GONE,
    )
    preview_id: UUID | None = await conn.fetchval(
        """
        insert into setting_previews (org_id, id, name, value, scope_kind, scope_id, status, phase, requested_by)
        values ($1, $2, $3, $4, $5, $6, 'running', 'waiting', $7)
            on conflict (org_id) where status = 'running' do nothing
        returning id
        """,
        org_id,
        new_id(),
        name,
        msgspec.to_builtins(value),
        scope.kind,
        scope.id,
        requested_by,
    )
    if preview_id is None:
        raise Conflict("another preview is being computed for this organisation; wait until it is done")
    return preview_id


async def find(conn: Connection, org_id: UUID, preview_id: UUID) -> SettingPreview | None:
    """This preview, or None."""
    row = await conn.fetchrow(
        """
        select *, case when status = 'running' and heartbeat_at < now() - $3::interval then 'abandoned' else status end
                      as state
          from setting_previews where org_id = $1 and id = $2
        """,
        org_id,
        preview_id,
        GONE,
    )
    if row is None:
        return None
    result: Any = row["result"]
    return SettingPreview(
        id=row["id"],
        name=SettingName(row["name"]),
        value=row["value"],
        scope=Scope(ScopeKind(row["scope_kind"]), row["scope_id"]),
        status=PreviewStatus(row["state"]),
        progress=PreviewProgress(row["phase"], row["done"], row["total"]),
        requested_by=row["requested_by"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        error=row["error"],
        result=None if result is None else msgspec.convert(result, PreviewResult),
    )


async def progress(conn: Connection, org_id: UUID, preview_id: UUID, made: PreviewProgress) -> None:
    """How far it got, and that somebody still computes it."""
    await conn.execute(
        """
        update setting_previews set phase = $3, done = $4, total = $5, heartbeat_at = now()
         where org_id = $1 and id = $2 and status = 'running'
        """,
        org_id,
        preview_id,
        made.phase,
        made.done,
        made.total,
    )


async def finish(
    conn: Connection,
    org_id: UUID,
    preview_id: UUID,
    made: PreviewProgress,
    result: PreviewResult | None,
    error: str | None,
) -> None:
    """What came of it: a result, or why there is none."""
    await conn.execute(
        """
        update setting_previews
           set status = $3, phase = $4, done = $5, total = $6, result = $7, error = $8, finished_at = now()
         where org_id = $1 and id = $2 and status = 'running'
        """,
        org_id,
        preview_id,
        PreviewStatus.FAILED if result is None else PreviewStatus.DONE,
        made.phase,
        made.done,
        made.total,
        None if result is None else msgspec.to_builtins(result, builtin_types=()),
        error,
    )
