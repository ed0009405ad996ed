"""Access tokens and the roles they give."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class Role(StrEnum):
    """What a token may do; each role may do everything the one before it may."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    MANAGER = "manager"
    ADMIN = "admin"

    def reaches(self, needed: "Role") -> bool:
        """Whether this role includes what `needed` allows."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class Token(msgspec.Struct, frozen=True):
    """An access token as it is listed: everything but its secret, which nobody can read back.

    `name` is the actor recorded for whatever is done with it; `last_used_at` is accurate to five minutes.
    `person_id` is whose it is, where somebody said so; `version` counts the changes.
    """

    id: UUID
    name: str
    role: Role
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    person_id: UUID | None = None
    version: int = 1

    def usable_at(self, moment: datetime) -> bool:
        """Whether the token opens anything at this moment."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > moment)
