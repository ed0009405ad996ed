"""The audit log: who did what to anything but identities. Append-only."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from ovia_shared.database import search
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.audit_entry import AuditEntry, AuditFilter, AuditPosition

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


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


async def find(
    conn: Connection, org_id: UUID, wanted: AuditFilter, after: AuditPosition | None, most: int
) -> list[AuditEntry]:
    """At most `most` entries behind `after`, the newest first."""
    values: list[Any] = [org_id]
    conditions = _conditions(wanted, values)
    if after is not None:
        values += [_EPOCH + after.occurred_at * _MICROSECOND, after.id]
        conditions += f" and (a.occurred_at, a.id) < (${len(values) - 1}, ${len(values)})"
    rows = await conn.fetch(
        f"""
        select a.id, a.occurred_at, a.actor, a.action, a.subject_kind, a.subject_id, a.request_id, a.detail
          from audit_log a where a.org_id = $1{conditions}
         order by a.occurred_at desc, a.id desc limit {int(most)}
        """,  # noqa: S608 (fixed fragments)
        *values,
    )
    return to_models(AuditEntry, rows)


async def count(conn: Connection, org_id: UUID, wanted: AuditFilter) -> int:
    """How many entries the filter lets through."""
    values: list[Any] = [org_id]
    conditions = _conditions(wanted, values)
    total: int = await conn.fetchval(
        f"select count(*) from audit_log a where a.org_id = $1{conditions}",  # noqa: S608 (fixed fragments)
        *values,
    )
    return total


def position(entry: AuditEntry) -> AuditPosition:
    """Where a page ends that ends with this entry."""
    return AuditPosition((entry.occurred_at - _EPOCH) // _MICROSECOND, entry.id)


def _conditions(wanted: AuditFilter, values: list[Any]) -> str:
    conditions = ""
    for column, sign, value in (
        ("actor", "=", wanted.actor),
        ("action", "=", wanted.action),
        ("subject_kind", "=", wanted.subject_kind),
        ("subject_id", "=", wanted.subject_id),
        ("occurred_at", ">=", wanted.since),
        ("occurred_at", "<", wanted.until),
    ):
        if value is not None:
            values.append(value)
            conditions += f" and a.{column} {sign} ${len(values)}"
    return conditions + search.of_audit_entry(wanted.words, values)
