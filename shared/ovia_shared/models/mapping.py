"""Person–identity links as they are read: who an account belongs to, and why."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from ovia_shared.models.rule_trace import RuleTrace

Confidence = Annotated[float, msgspec.Meta(ge=0, le=1, description="0 to 1: how sure the engine is of this link")]


class MappingStatus(StrEnum):
    """auto and verified are in use; conflict waits for a decision; rejected and ignored are out of use."""

    AUTO = "auto"
    VERIFIED = "verified"
    CONFLICT = "conflict"
    REJECTED = "rejected"
    IGNORED = "ignored"


class Identity(msgspec.Struct, frozen=True):
    """An account as one source shows it. `external_id` is unique within `source`."""

    id: UUID
    source: str
    external_id: str
    username: str | None
    email: str | None
    display_name: str | None
    service_account: bool


class PersonReference(msgspec.Struct, frozen=True):
    """A person, named."""

    id: UUID
    display_name: str


class Mapping(msgspec.Struct, frozen=True):
    """The link between an account and the person behind it, as believed now.

    `valid_from` is null when the link always held, `valid_to` when it still does. `person` is null only for an
    ignored account.
    """

    id: UUID
    status: MappingStatus
    confidence: Confidence
    rule_trace: tuple[RuleTrace, ...]
    engine_version: str
    valid_from: datetime | None
    valid_to: datetime | None
    verified_by: str | None
    verified_at: datetime | None
    created_at: datetime
    identity: Identity
    person: PersonReference | None


class MappingOrder(StrEnum):
    """confidence_asc: the least certain first, then the oldest. age_desc: the oldest first."""

    CONFIDENCE_ASC = "confidence_asc"
    AGE_DESC = "age_desc"


class MappingFilter(msgspec.Struct, frozen=True):
    """Which mappings are wanted, and in which order; a filter left None narrows nothing. Confidence bounds are
    inclusive. `team_id` is a team the person is in now, or one below it."""

    status: MappingStatus | None = None
    source: str | None = None
    min_confidence: float | None = None
    max_confidence: float | None = None
    words: tuple[str, ...] = ()
    team_id: UUID | None = None
    order: MappingOrder = MappingOrder.CONFIDENCE_ASC


class MappingPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of mappings ended. `created_at` in microseconds since 1970, UTC."""

    confidence: Confidence
    created_at: Annotated[int, msgspec.Meta(ge=0, le=32503680000_000_000)]
    id: UUID
