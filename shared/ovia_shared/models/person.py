"""People as they are read."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from ovia_shared.models.mapping import Mapping
from ovia_shared.models.review import Email, Line, ReasonText


class PersonStatus(StrEnum):
    """inactive: no longer with the organisation; the history stays."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class Person(msgspec.Struct, frozen=True):
    """A human being, once. `accounts` counts the mappings in use."""

    id: UUID
    display_name: str
    primary_email: str | None
    status: PersonStatus
    accounts: int
    created_at: datetime
    updated_at: datetime


class PersonRow(msgspec.Struct, frozen=True):
    """A person as stored. `deleted_at`: put away by somebody; `merged_into_id`: who they turned out to be."""

    id: UUID
    display_name: str
    primary_email: str | None
    status: PersonStatus
    deleted_at: datetime | None
    merged_into_id: UUID | None
    version: int
    created_at: datetime


class NewPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody to be added by hand."""

    display_name: Line
    primary_email: Email | None = None


class PersonChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person as they shall be: what is left out is taken away, and `status` is active."""

    display_name: Line
    primary_email: Email | None = None
    status: PersonStatus = PersonStatus.ACTIVE


class LinkAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account to be somebody's, and why."""

    identity_id: UUID
    reason: ReasonText | None = None


class Membership(msgspec.Struct, frozen=True):
    """A time in a team; `valid_to` is null while it lasts. A correction gives it another id."""

    id: UUID
    team_id: UUID
    team_name: str
    role: str | None
    valid_from: datetime
    valid_to: datetime | None


class PersonDetail(msgspec.Struct, frozen=True):
    """A person with everything that leads to them: every mapping believed now, whatever its status, and teams.

    `merged_into_id` is set for somebody who turned out to be another person, who has the accounts since.
    """

    id: UUID
    display_name: str
    primary_email: str | None
    status: PersonStatus
    accounts: int
    created_at: datetime
    updated_at: datetime
    mappings: list[Mapping]
    memberships: list[Membership]
    merged_into_id: UUID | None = None


class PersonFilter(msgspec.Struct, frozen=True):
    """Which people are wanted; a filter left None narrows nothing."""

    status: PersonStatus | None = None
    words: tuple[str, ...] = ()
    team_id: UUID | None = None


class PersonPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of people ended."""

    display_name: Annotated[str, msgspec.Meta(pattern="^[^\\x00]*\\Z")]
    id: UUID
