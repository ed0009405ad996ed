"""Reading a source: the unit of work, its lease, and what a run did."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class Partition(msgspec.Struct, frozen=True):
    """One stream of one project, space or repository of a connection, as its reader holds it.

    `fencing_token` is the number this claim was given: every write names it, and one that is no longer the
    partition's current number writes nothing.
    """

    id: UUID
    connection_id: UUID
    stream: str
    scope: str
    cursor: Any
    fencing_token: int
    records_done: int


class Lease(msgspec.Struct, frozen=True):
    """Who reads a partition, and until when at the latest without renewal."""

    owner: str
    expires_at: datetime


class Progress(msgspec.Struct, frozen=True):
    """What one run has done so far. Counts are records."""

    read: int = 0
    raw_added: int = 0
    dead_letters: int = 0
