"""What the rag service answers, as far as the pages show it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from ovia_console.pages.links import web_address

# Characters of a question, and of a comment on an answer, that the service takes.
LONGEST = 4000


class Meant(msgspec.Struct, frozen=True):
    """What words of a question stand for, or may. `score` is how surely, up to 1."""

    kind: str
    id: str
    label: str
    score: float


class Mention(msgspec.Struct, frozen=True):
    """Words of the question, and what they were taken for."""

    text: str
    meant: Meant


class Ambiguity(msgspec.Struct, frozen=True):
    """Words that may stand for several things."""

    text: str
    candidates: list[Meant] = []


class ScopeAsked(msgspec.Struct, frozen=True):
    """Whose numbers: a kind, and an id unless it is the organisation."""

    kind: str
    id: str = ""

    @property
    def key(self) -> str:
        """As it stands in addresses of the console."""
        return f"{self.kind}:{self.id}" if self.id else ""


class Window(msgspec.Struct, frozen=True):
    """Half-open."""

    start: datetime
    end: datetime


class MetricAsked(msgspec.Struct, frozen=True):
    """A number that was looked up."""

    kpi: str
    scope: ScopeAsked
    window: Window
    comparison: str = "nothing"
    breakdown: str = "nothing"


class ListAsked(msgspec.Struct, frozen=True):
    """A list that was looked up."""

    kind: str
    scope: ScopeAsked
    window: Window
    limit: int = 10


class PersonAsked(msgspec.Struct, frozen=True):
    """What was looked up about people."""

    question: str
    person: str | None = None
    scope: ScopeAsked | None = None
    item: str | None = None
    topic: str | None = None


class Filters(msgspec.Struct, frozen=True):
    """What the answer may be made from; empty narrows nothing."""

    kinds: list[str] = []
    systems: list[str] = []
    connections: list[str] = []
    projects: list[Any] = []
    product: str | None = None
    team: str | None = None
    person: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def scopes(self) -> list[ScopeAsked]:
        """Whom they name."""
        named = (("team", self.team), ("product", self.product), ("person", self.person))
        return [ScopeAsked(kind, one) for kind, one in named if one]


class Search(msgspec.Struct, frozen=True):
    """What passages were looked for."""

    text: str
    filters: Filters = Filters()
    recent: bool = False


class Plan(msgspec.Struct, frozen=True):
    """How the question was understood: nothing else was looked at."""

    language: str
    intent: str
    by: str = "rules"
    metrics: list[MetricAsked] = []
    lists: list[ListAsked] = []
    people: list[PersonAsked] = []
    search: Search | None = None
    mentions: list[Mention] = []
    ambiguities: list[Ambiguity] = []
    assumptions: list[str] = []


class Origin(msgspec.Struct, frozen=True):
    """Where a passage is from, by its source's own words."""

    kind: str = ""
    external_id: str = ""
    part: str = ""
    version: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Which source it is, whatever part of it."""
        return self.kind, self.external_id


class Citation(msgspec.Struct, frozen=True):
    """What a statement rests on: a `receipt`, a `row` or a `passage`."""

    number: int
    kind: str
    title: str
    url: str | None = None
    excerpt: str | None = None
    source: Origin | None = None
    receipt_id: UUID | None = None
    kpi: str | None = None
    values: dict[str, float | None] = {}
    row: dict[str, Any] = {}
    updated_at: datetime | None = None

    @property
    def link(self) -> str | None:
        """Its address, if that is one of the web: sources write what they like."""
        return web_address(self.url) or None

    @property
    def shown_values(self) -> dict[str, float | None]:
        """The main value first, and how much is behind it."""
        first = {name: self.values[name] for name in ("value", "n", "difference") if name in self.values}
        return first | {name: value for name, value in self.values.items() if name not in first}

    @property
    def shown_row(self) -> dict[str, Any]:
        """What of a row says something to a reader: no ids, nothing empty."""
        return {name: value for name, value in self.row.items() if _tells(name, value)}


class Statement(msgspec.Struct, frozen=True):
    """A sentence and the numbers of what it rests on."""

    text: str
    citations: list[int]


class Usage(msgspec.Struct, frozen=True):
    """A model that helped."""

    provider: str
    model: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it was given."""

    id: UUID
    question: str
    filters: Filters
    outcome: str
    plan: Plan
    statements: list[Statement]
    citations: list[Citation]
    confidence: str | None
    assumptions: list[str]
    looked_at: list[str]
    follow_ups: list[str]
    notes: list[str]
    usage: list[Usage] = []
    as_of: datetime
    milliseconds: int
    created_at: datetime


class Recounted(msgspec.Struct, frozen=True):
    """A number counted again by its receipt."""

    citation: int
    receipt_id: UUID
    equal: bool


class Replay(msgspec.Struct, frozen=True):
    """An answer made again."""

    same: bool
    numbers: list[Recounted]
    changes: list[str]
    statements: list[Statement]
    index_version_then: int
    index_version_now: int


class Asked(msgspec.Struct, frozen=True):
    """A question of the history. `withheld`: its answer rests on texts this reader may not see."""

    id: UUID
    question: str
    caller: str
    outcome: str
    confidence: str | None
    helpful: bool | None
    milliseconds: int
    created_at: datetime
    withheld: bool = False


class History(msgspec.Struct, frozen=True):
    """A page of it, newest first."""

    data: list[Asked]
    next: str | None = None
    total: int | None = None


_TECHNICAL = frozenset({"list", "group", "key", "id", "entity_kind", "entity_id", "fact_id"})


def _tells(name: str, value: Any) -> bool:
    if value is None or value in ([], "") or isinstance(value, dict):
        return False
    # The key of a work item is a word people use; those of groups and teams are ids.
    return (name not in _TECHNICAL and not name.endswith("_id")) or (name == "key" and "-" in str(value)[:12])
