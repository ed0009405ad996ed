"""Records that were read and could not be understood, for people to look at."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from ovia_shared.models.sync_status import ConnectionReference

StreamName = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern="^[^\\x00]+$")]


class DeadLetterSummary(msgspec.Struct, frozen=True):
    """One version of a record that was not understood, and why. `size` is in bytes.

    `replay_requested_at` is set while a replay waits to be tried; `resolved_at` once the record was understood.
    """

    id: UUID
    connection: ConnectionReference
    stream: str
    external_id: str
    reason: str
    normaliser_version: int
    size: int
    created_at: datetime
    replay_requested_at: datetime | None
    resolved_at: datetime | None


class DeadLetterDetail(DeadLetterSummary, frozen=True):
    """The same with what was read, as text: bytes that are no UTF-8 become �. `cut` says that more was read."""

    payload: str
    cut: bool

    def summary(self) -> DeadLetterSummary:
        """The same without what was read."""
        return DeadLetterSummary(**{name: getattr(self, name) for name in DeadLetterSummary.__struct_fields__})


class DeadLetterFilter(msgspec.Struct, frozen=True):
    """Which dead letters are wanted; a filter left empty narrows nothing."""

    connection_id: UUID | None = None
    stream: str | None = None
    resolved: bool | None = None


class DeadLetterPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of dead letters ended."""

    id: UUID


class ReplayWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which dead letters to try once more: those of a connection, of a stream, or of both; with neither, all."""

    connection_id: UUID | None = None
    stream: StreamName | None = None


class ReplayCount(msgspec.Struct, frozen=True):
    """How many dead letters will be tried once more because of this request."""

    requested: int
