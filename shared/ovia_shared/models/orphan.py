"""Accounts that belong to nobody yet."""

from datetime import datetime
from uuid import UUID

import msgspec


class Orphan(msgspec.Struct, frozen=True):
    """An account without an active mapping."""

    id: UUID
    source: str
    external_id: str
    username: str | None
    email: str | None
    display_name: str | None
    service_account: bool
    created_at: datetime


class OrphanFilter(msgspec.Struct, frozen=True):
    """Which orphans are wanted; a filter left None narrows nothing."""

    source: str | None = None
    service_account: bool | None = None
    words: tuple[str, ...] = ()


class OrphanPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of orphans ended."""

    id: UUID
