"""Mappings as they are changed: their rows, and the events that tell of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.models.mapping import MappingStatus
from ovia_shared.models.rule_trace import RuleTrace

# The `engine_version` of a conflict that a person opened: the engine leaves it to people.
CONTESTED = "contested"


class MappingRow(msgspec.Struct, frozen=True):
    """One row of `mappings`: what was or is believed of an account. `valid_from` None: it always held."""

    id: UUID
    identity_id: UUID
    person_id: UUID | None
    status: MappingStatus
    confidence: float
    rule_trace: tuple[RuleTrace, ...]
    engine_version: str
    valid_from: datetime | None
    valid_to: datetime | None
    verified_by: str | None
    verified_at: datetime | None
    created_at: datetime

    @property
    def active(self) -> bool:
        """Whether it is the one mapping of its account: in use, contested or ignored."""
        return self.valid_to is None and self.status is not MappingStatus.REJECTED

    @property
    def contested(self) -> bool:
        """Whether a person said it is wrong, and nobody has decided yet."""
        return self.status is MappingStatus.CONFLICT and self.engine_version == CONTESTED


class Event(msgspec.Struct, frozen=True):
    """An entry of the log of decisions, about one account or one person.

    `before` and `after` are `{"mappings": [...], "people": [...], "memberships": [...]}`, each entry with the id of its
    row; a decision's events share `decision_id`.
    """

    action: str
    reason: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    decision_id: UUID
    mapping_id: UUID | None = None
    identity_id: UUID | None = None
    person_id: UUID | None = None
    undoes: UUID | None = None
