"""Entries of the audit log, as they are read."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec


class AuditEntry(msgspec.Struct, frozen=True):
    """Who did what to what.

    `actor` is the name of the token, or what `ovia admin --actor` was given; `request_id` finds the request in the
    logs; what `detail` holds goes by the action.
    """

    id: UUID
    occurred_at: datetime
    actor: str
    action: str
    subject_kind: str
    subject_id: UUID | None
    request_id: str | None
    detail: dict[str, Any]


class AuditFilter(msgspec.Struct, frozen=True):
    """Which entries are wanted; a filter left None narrows nothing. `since` is included, `until` is not."""

    actor: str | None = None
    action: str | None = None
    subject_kind: str | None = None
    subject_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: tuple[str, ...] = ()


class AuditPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of entries ended. `occurred_at` in microseconds since 1970, UTC."""

    occurred_at: Annotated[int, msgspec.Meta(ge=0, le=32503680000_000_000)]
    id: UUID
