"""The audit log: who did what to anything but identities. Append-only."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection


async def record(
    conn: Connection,
    org_id: UUID,
    *,
    actor: str,
    action: str,
    subject_kind: str,
    subject_id: UUID | None = None,
    detail: Mapping[str, Any] | None = None,
    request_id: str | None = None,
) -> None:
    """Adds an entry, in the transaction of what it tells about. `detail` must hold no secret."""
    await conn.execute(
        """
        insert into audit_log (org_id, id, actor, action, subject_kind, subject_id, detail, request_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        org_id,
        new_id(),
        actor,
        action,
        subject_kind,
        subject_id,
        dict(detail or {}),
        request_id,
    )
