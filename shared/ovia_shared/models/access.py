"""Access tokens as they are looked after over HTTP, and who is asking."""

from datetime import datetime
from uuid import UUID

import msgspec

from ovia_shared.models.mapping import PersonReference
from ovia_shared.models.review import Line
from ovia_shared.models.token import Role


class OrganisationReference(msgspec.Struct, frozen=True):
    """An organisation, named. `time_zone` is the IANA name of the zone its days begin in."""

    id: UUID
    name: str
    time_zone: str


class Me(msgspec.Struct, frozen=True):
    """Who is asking. `name` is the actor recorded for whatever is done.

    `expires_at` is null where the token lasts until it is revoked. `person` is whose the token is, where somebody said
    so; of somebody who was merged, who they turned out to be.
    """

    token_id: UUID
    name: str
    role: Role
    expires_at: datetime | None
    organisation: OrganisationReference
    person: PersonReference | None


class TokenDetail(msgspec.Struct, frozen=True):
    """A token as it is listed: everything but its secret, which nobody can read back.

    `usable`: neither revoked nor expired. `last_used_at` is accurate to five minutes.
    """

    id: UUID
    name: str
    role: Role
    usable: bool
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    person: PersonReference | None
    version: int


class IssuedToken(msgspec.Struct, frozen=True):
    """A new token. `secret` is what is sent as `Authorization: Bearer …`: shown now and never again."""

    token: TokenDetail
    secret: str


class NewToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token to be made. `name` is who or what uses it: the actor recorded for all it does."""

    name: Line
    role: Role
    expires_at: datetime | None = None
    person_id: UUID | None = None


class TokenChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays; null takes the expiry, or the person, away."""

    role: Role | msgspec.UnsetType = msgspec.UNSET
    expires_at: datetime | msgspec.UnsetType | None = msgspec.UNSET
    person_id: UUID | msgspec.UnsetType | None = msgspec.UNSET


class TokenFilter(msgspec.Struct, frozen=True):
    """Which tokens are wanted; a filter left None narrows nothing."""

    usable: bool | None = None
    role: Role | None = None
    person_id: UUID | None = None


class TokenPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of tokens ended."""

    id: UUID
