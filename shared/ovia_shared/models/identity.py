"""An account as a source shows it."""

from uuid import UUID

import msgspec


class NewIdentity(msgspec.Struct, frozen=True):
    """An account as a source has just shown it. `external_id` is unique within `source`.

    What is None was not shown, which is not to say that there is none. `active` is None where the source does not
    tell; `machine_reason` says, in words, why the account is no person's.
    """

    source: str
    external_id: str
    username: str | None = None
    email: str | None = None
    display_name: str | None = None
    service_account: bool = False
    notes: tuple[str, ...] = ()
    active: bool | None = None
    machine_reason: str | None = None


class Account(msgspec.Struct, frozen=True, gc=False):
    """What matching looks at: an identity, and the person it is mapped to, if any.

    `previous_names` are display names it had before. `verified`: a person confirmed the mapping.
    """

    id: UUID
    source: str
    username: str | None
    email: str | None
    display_name: str | None
    person_id: UUID | None = None
    previous_names: tuple[str, ...] = ()
    verified: bool = False
