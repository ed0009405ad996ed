"""An account as a source shows it."""

from uuid import UUID

import msgspec


class NewIdentity(msgspec.Struct, frozen=True):
    """An account to be stored if it is not known yet. `external_id` is unique within `source`."""

    source: str
    external_id: str
    username: str | None = None
    email: str | None = None
    display_name: str | None = None
    service_account: bool = False
    notes: tuple[str, ...] = ()


class Account(msgspec.Struct, frozen=True):
    """What matching looks at: an identity, and the person it is mapped to, if any."""

    id: UUID
    source: str
    username: str | None
    email: str | None
    display_name: str | None
    person_id: UUID | None = None
