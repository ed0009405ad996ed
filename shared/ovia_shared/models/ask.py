"""What Ask is asked, how it understood the question, and what it answers from what."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec

from ovia_shared.models.ask_filters import Filters as Filters  # noqa: PLC0414 (a part of a plan, known from here)
from ovia_shared.models.ask_filters import Moment
from ovia_shared.models.ask_filters import SourceKind as SourceKind  # noqa: PLC0414 (likewise)
from ovia_shared.models.ask_usage import Usage
from ovia_shared.models.kpi import Scope, Window

# Characters: of a question, and so of what is searched for it.
LONGEST_QUESTION = 4000


class Language(StrEnum):
    """What answers are written in."""

    ENGLISH = "en"
    RUSSIAN = "ru"


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk that was found. `score` is between 0 and 1, for this question; `features` is what it is made of.

    `text` is the piece from the character `start` to before `end` of the part (the body, or a comment by its id).
    """

    chunk_id: int
    kind: SourceKind
    connection_id: UUID | None
    external_id: str
    part: str
    part_external_id: str
    title_path: list[str]
    text: str
    start: int
    end: int
    url: str | None
    version: str | None
    project_external_id: str | None
    identity_ids: list[UUID]
    created_at: datetime | None
    updated_at: datetime | None
    score: float
    features: dict[str, float]


class Intent(StrEnum):
    """What kind of answer a question wants."""

    METRIC = "metric"
    LIST = "list"
    PERSON = "person"
    WHY = "why"
    STATUS = "status"
    KNOWLEDGE = "knowledge"


class MentionKind(StrEnum):
    """What a name in a question stands for."""

    PERSON = "person"
    TEAM = "team"
    PRODUCT = "product"
    PROJECT = "project"
    SPRINT = "sprint"
    RELEASE = "release"
    WORK_ITEM = "work_item"
    KPI = "kpi"
    TIME = "time"


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """What a name may stand for. `id` is what a scope of that kind has, a key for a work item, a name for a KPI."""

    kind: MentionKind
    id: str
    label: str
    score: float


class Mention(msgspec.Struct, frozen=True, kw_only=True):
    """Words of the question, from the character `start` to before `end`, and what they were taken for."""

    text: str
    start: int
    end: int
    meant: Candidate


class Ambiguity(msgspec.Struct, frozen=True, kw_only=True):
    """Words that may stand for several things, which one is asked back rather than guessed."""

    text: str
    candidates: list[Candidate]


class Comparison(StrEnum):
    """What a value is set beside."""

    NOTHING = "nothing"
    PREVIOUS = "previous"


class Breakdown(StrEnum):
    """Whose values are told one by one."""

    NOTHING = "nothing"
    TEAM = "team"
    PRODUCT = "product"


class MetricAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A KPI (by its name in the catalogue) of a scope in a window."""

    kpi: str
    scope: Scope
    window: Window
    comparison: Comparison = Comparison.NOTHING
    breakdown: Breakdown = Breakdown.NOTHING


class ListKind(StrEnum):
    """Lists that can be asked for."""

    STALE_MERGE_REQUESTS = "stale_merge_requests"
    WAITING_FOR_REVIEW = "waiting_for_review"
    OPEN_MERGE_REQUESTS = "open_merge_requests"
    BLOCKERS = "blockers"
    FAILING_PIPELINES = "failing_pipelines"
    WORK_IN_PROGRESS = "work_in_progress"
    OPEN_INCIDENTS = "open_incidents"
    SPILLOVER = "spillover"
    DEPLOYMENTS = "deployments"


class ListAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows of a kind, of a scope, in a window (or, for what is open, at its end); longest-lasting first."""

    kind: ListKind
    scope: Scope
    window: Window
    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 10


class PersonQuestion(StrEnum):
    """What is asked about people."""

    WHO_IS = "who_is"
    WORKS_ON = "works_on"
    OWNER_OF = "owner_of"
    KNOWS_ABOUT = "knows_about"
    MEMBERS_OF = "members_of"


class PersonAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About one person (`person`), about who answers for something (`scope` or `item`), or who knows a `topic`."""

    question: PersonQuestion
    person: UUID | None = None
    scope: Scope | None = None
    item: str | None = None
    topic: str | None = None


class Search(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What passages are looked for. `recent`: the question asks for what is newest."""

    text: Annotated[str, msgspec.Meta(max_length=LONGEST_QUESTION)]
    filters: Filters = msgspec.field(default_factory=Filters)
    recent: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a question was understood: everything an answer is made from, and nothing else is looked at.

    `by` is `rules`, or the model that made it. An ambiguity leaves the plan without anything to look up.
    """

    language: Language
    intent: Intent
    by: str = "rules"
    metrics: list[MetricAsk] = []
    lists: list[ListAsk] = []
    people: list[PersonAsk] = []
    search: Search | None = None
    mentions: list[Mention] = []
    ambiguities: list[Ambiguity] = []
    assumptions: list[str] = []


class Confidence(StrEnum):
    """How far an answer may be relied on; docs/ask.md has the rule."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Outcome(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    ASKED_BACK = "asked_back"
    REFUSED = "refused"


class CitationKind(StrEnum):
    """What supports a statement."""

    PASSAGE = "passage"
    RECEIPT = "receipt"
    ROW = "row"


class Citation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a statement rests on; `number` is how the answer names it.

    A passage is told whole enough to be found again after the index changed (`source`: kind, connection, external id,
    part, characters, version). A receipt has its id and its values by name. A row is in `row`. `excerpt` is masked.
    """

    number: int
    kind: CitationKind
    title: str
    url: str | None = None
    excerpt: str | None = None
    source: dict[str, Any] | None = None
    receipt_id: UUID | None = None
    kpi: str | None = None
    values: dict[str, float | None] | None = None
    row: dict[str, Any] | None = None
    updated_at: datetime | None = None


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence and the numbers of the citations that support it, at least one."""

    text: str
    citations: list[int]


class AskAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a question. `looked_at` says what was searched, also when nothing was found.

    `notes` say what was done without (a provider that failed, a budget that is spent). `stated` are the statements
    before a model worded them, empty where none did.
    """

    id: UUID
    question: str
    filters: Filters
    outcome: Outcome
    plan: Plan
    statements: list[Statement]
    citations: list[Citation]
    confidence: Confidence | None
    assumptions: list[str]
    looked_at: list[str]
    follow_ups: list[str]
    notes: list[str]
    usage: list[Usage]
    as_of: Moment
    index_version: int
    milliseconds: int
    created_at: Moment
    stated: list[Statement] = []
