"""How reading the sources is going, for people to look at."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec


class SyncState(StrEnum):
    """running: being read now. paused: its connection is. failing: the last attempt failed. idle: none of these."""

    IDLE = "idle"
    RUNNING = "running"
    FAILING = "failing"
    PAUSED = "paused"


class ConnectionReference(msgspec.Struct, frozen=True):
    """A source, named."""

    id: UUID
    kind: str
    name: str


class SyncProgress(msgspec.Struct, frozen=True):
    """Records read so far; `total` is an estimate for the read under way, null when there is none."""

    done: int
    total: int | None


class LastRun(msgspec.Struct, frozen=True):
    """The latest attempt. `records_per_second` is null until time has passed."""

    status: str
    started_at: datetime
    finished_at: datetime | None
    records_read: int
    records_per_second: float | None


class SyncStatus(msgspec.Struct, frozen=True):
    """One stream of one project, space or repository of a connection.

    `lag_seconds` is the age of what we know: the time since the start of the last complete read, null before the
    first. `open_dead_letters` counts the records of this connection's stream, in any scope, not understood yet.
    `sample` marks generated data.
    """

    id: UUID
    connection: ConnectionReference
    sample: bool
    stream: str
    scope: str
    status: SyncState
    lag_seconds: float | None
    progress: SyncProgress
    last_success_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    consecutive_failures: int
    next_due_at: datetime | None
    open_dead_letters: int
    last_run: LastRun | None


class SyncPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of partitions ended."""

    connection_id: UUID
    stream: Annotated[str, msgspec.Meta(pattern="^[^\\x00]*\\Z")]
    scope: Annotated[str, msgspec.Meta(pattern="^[^\\x00]*\\Z")]
