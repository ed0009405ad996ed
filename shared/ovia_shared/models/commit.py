"""A commit as the canonical tables hold it."""

from datetime import datetime
from uuid import UUID

import msgspec


class Commit(msgspec.Struct, frozen=True):
    """One commit, its people already resolved to identities.

    Dates are None where no calendar holds them; offsets are minutes east of UTC. `notes` says in words what had
    to be bent to fit.
    """

    sha: str
    raw_record_id: UUID
    author_identity_id: UUID
    committer_identity_id: UUID
    authored_at: datetime | None
    authored_offset_minutes: int | None
    committed_at: datetime | None
    committed_offset_minutes: int | None
    parent_count: int
    summary: str
    notes: tuple[str, ...] = ()
    co_author_identity_ids: tuple[UUID, ...] = ()
