"""Attempts at reading a source, for people to look at."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from ovia_shared.models.sync_status import ConnectionReference


class SyncRunStatus(StrEnum):
    """running: under way. succeeded, failed: ended. abandoned: its reader vanished or was stopped."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABANDONED = "abandoned"


class SyncRun(msgspec.Struct, frozen=True):
    """One attempt at reading a partition.

    `duration_seconds` counts until now while it runs; `records_per_second` is null until time has passed.
    """

    id: UUID
    partition_id: UUID
    connection: ConnectionReference
    stream: str
    scope: str
    status: SyncRunStatus
    started_at: datetime
    finished_at: datetime | None
    duration_seconds: float
    records_read: int
    raw_added: int
    dead_letters: int
    records_per_second: float | None
    error: str | None


class SyncRunFilter(msgspec.Struct, frozen=True):
    """Which runs are wanted; a filter left empty narrows nothing."""

    connection_id: UUID | None = None
    partition_id: UUID | None = None
    status: SyncRunStatus | None = None


class SyncRunPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of runs ended."""

    id: UUID
