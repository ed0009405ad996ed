"""A tenant."""

from datetime import datetime
from uuid import UUID

import msgspec


class Organisation(msgspec.Struct, frozen=True):
    """One tenant: every other row belongs to exactly one. `time_zone` is an IANA name."""

    id: UUID
    name: str
    time_zone: str
    created_at: datetime
