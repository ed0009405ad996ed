"""What reviewers ask for, and what they are told."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec

from ovia_shared.models.mapping import Mapping, PersonReference

# No NUL, which Postgres does not store.
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern="^[^\\x00]*\\Z")]
Email = Annotated[str, msgspec.Meta(min_length=3, max_length=320, pattern="^[^\\x00\\s@]+@[^\\x00\\s@]+\\Z")]
ReasonText = Annotated[str, msgspec.Meta(max_length=2000, pattern="^[^\\x00]*\\Z")]
MappingIds = Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=1000)]


class NewPersonName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person to be made."""

    display_name: Line
    primary_email: Email | None = None


class Decide(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every decision may say. `verified_by` is accepted for other clients' sake and must be the caller."""

    reason: ReasonText | None = None
    verified_by: Line | None = None


class OnMapping(Decide, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A decision about one mapping, named by the id under which it was shown."""

    mapping_id: UUID


class Remap(OnMapping, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """To somebody known, or to a new person: exactly one of the two."""

    person_id: UUID | None = None
    new_person: NewPersonName | None = None


class Split(Decide, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Accounts of one person that are another's: a new one's, or somebody known."""

    mapping_ids: MappingIds
    person_id: UUID | None = None
    new_person: NewPersonName | None = None


class Contest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a mapping is wrong, for whoever decides."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=2000, pattern="^[^\\x00]*\\Z")]


class Undo(Decide, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The decision to take back: by its id, or the last one about a mapping."""

    decision_id: UUID | None = None
    mapping_id: UUID | None = None


class Merge(Decide, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`person_id` turns out to be `into_person_id`, who stays."""

    person_id: UUID
    into_person_id: UUID


class BulkConfirm(Decide, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Either ids, of any open mapping, or a threshold, which leaves conflicts out. `dry_run` changes nothing."""

    mapping_ids: MappingIds | None = None
    min_confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    source: Line | None = None
    dry_run: bool = False


class Previewed(StrEnum):
    """A decision whose outcome can be shown before it is made."""

    CONFIRM = "confirm"
    REJECT = "reject"
    IGNORE = "ignore"
    REOPEN = "reopen"
    REMAP = "remap"
    SPLIT = "split"


class Preview(Decide, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The same fields as the decision itself."""

    action: Previewed
    mapping_ids: MappingIds
    person_id: UUID | None = None
    new_person: NewPersonName | None = None


class Decision(msgspec.Struct, frozen=True):
    """What a decision led to. `decision_id` is null where it changed nothing, since all was so already.

    `mappings` are those in force afterwards of the accounts concerned, `people` those who gained or lost one.
    """

    decision_id: UUID | None
    mappings: list[Mapping]
    people: list[PersonReference]


class AffectedAccount(msgspec.Struct, frozen=True):
    """An account, whose it was, and whose it would be."""

    identity_id: UUID
    status_before: str | None
    person_before: UUID | None
    status_after: str | None
    person_after: UUID | None


class PreviewedDecision(msgspec.Struct, frozen=True):
    """`kpis` names the KPIs that would change: those that tell of mappings, and, for people and teams who gain or lose
    an account, those counted from what was done with it."""

    accounts: list[AffectedAccount]
    people: list[UUID]
    new_people: int
    kpis: list[str]


class BulkOutcome(StrEnum):
    """confirmed: now verified. unchanged: it was already. refused: `detail` says why."""

    CONFIRMED = "confirmed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class BulkResult(msgspec.Struct, frozen=True):
    """What became of one mapping."""

    mapping_id: UUID
    outcome: BulkOutcome
    detail: str | None = None


class BulkDecision(msgspec.Struct, frozen=True):
    """`remaining` counts mappings above the threshold beyond those that one request takes. `people` are those whose
    accounts are confirmed, by name; `kpis` names the KPIs that would change, and is null behind the decision itself."""

    decision_id: UUID | None
    dry_run: bool
    confirmed: int
    refused: int
    remaining: int
    results: list[BulkResult]
    people: list[PersonReference] = []
    kpis: list[str] | None = None


class EventView(msgspec.Struct, frozen=True):
    """An entry of the history of an account or a person, with what was in force before and after."""

    id: UUID
    occurred_at: datetime
    actor: str
    action: str
    reason: str | None
    decision_id: UUID | None
    undoes: UUID | None
    identity_id: UUID | None
    person_id: UUID | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class EventPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of history ended."""

    id: UUID
