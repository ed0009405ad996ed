"""What matching everything anew would change, or changed."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from ovia_shared.models.decision import MatchingSettings
from ovia_shared.models.mapping import Confidence, MappingStatus

Threshold = Annotated[float, msgspec.Meta(ge=0.01, le=0.999)]


class ChosenSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Matching settings as they are chosen; a threshold left out is that of the configuration."""

    configuration: Literal["default", "published"] = "default"
    auto: Threshold | None = None
    conflict: Threshold | None = None


class Side(msgspec.Struct, frozen=True):
    """Whose an account is. `person_id` is null for somebody who does not exist yet."""

    person_id: UUID | None
    person_name: str
    status: MappingStatus
    confidence: Confidence


class ChangedMapping(msgspec.Struct, frozen=True):
    """An account whose mapping changes. `before` null: it had none; `after` null: it will have none."""

    identity_id: UUID
    source: str
    username: str | None
    email: str | None
    display_name: str | None
    before: Side | None
    after: Side | None


class RematchCounts(msgspec.Struct, frozen=True):
    """Accounts, but for the last two. `decided` were open to the engine; `moved` go from one person to another,
    `opened` begin to wait for a decision, `settled` stop waiting, `withdrawn` lose a mapping in use. `new_people` are
    made, `emptied_people` keep no account."""

    decided: int
    unchanged: int
    linked: int
    moved: int
    opened: int
    settled: int
    withdrawn: int
    new_people: int
    emptied_people: int


class Rematch(msgspec.Struct, frozen=True):
    """A full re-match: with which settings, what it changes, and a `digest` that says exactly this change is meant."""

    digest: str
    engine_version: str
    settings: MatchingSettings
    counts: RematchCounts
