"""What Ask's index is made from, what it holds, and how far it is."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from ovia_shared.models.ask import SourceKind

# What descriptions of KPIs have where other sources have a connection.
NO_CONNECTION = UUID(int=0)


class SourceKey(msgspec.Struct, frozen=True, order=True):
    """What one thing people wrote is found by."""

    kind: SourceKind
    connection_id: UUID
    external_id: str


class PartKind(StrEnum):
    """A text of a source. `title` is searched by itself only where there is no body."""

    TITLE = "title"
    BODY = "body"
    COMMENT = "comment"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A text, and who wrote it or is named as responsible. `external_id` is empty but for a comment.

    `restricted`: it, or the whole, is shown to some people only.
    """

    kind: PartKind
    external_id: str = ""
    text: str
    identity_ids: list[UUID] = []
    created_at: datetime | None = None
    updated_at: datetime | None = None
    restricted: bool = False


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A document, a work item, a merge request or the description of a KPI, with all its texts."""

    key: SourceKey
    title: str
    project_external_id: str | None = None
    url: str | None = None
    version: str | None = None
    parts: list[Part] = []


class Config(StrEnum):
    """The text search configuration whose words a chunk has. `russian` stems Latin words by the rules of English."""

    ENGLISH = "english"
    RUSSIAN = "russian"
    SIMPLE = "simple"


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a part, to be kept: the characters from `starts_at` to before `ends_at` of its text."""

    key: SourceKey
    part: PartKind
    part_external_id: str
    ordinal: int
    project_external_id: str | None
    title_path: list[str]
    content: str
    starts_at: int
    ends_at: int
    language: Config
    identity_ids: list[UUID]
    url: str | None
    version: str | None
    created_at: datetime | None
    updated_at: datetime | None
    restricted: bool = False


class Change(msgspec.Struct, frozen=True):
    """How many chunks a page added, removed, and left with the same words but moved or described otherwise."""

    added: int = 0
    removed: int = 0
    moved: int = 0

    def __add__(self, other: "Change") -> "Change":
        return Change(self.added + other.added, self.removed + other.removed, self.moved + other.moved)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.moved)


class IndexState(msgspec.Struct, frozen=True, kw_only=True):
    """How far the index of an organisation is.

    `chunks` and `length` (lexemes of all of them) are exact. `mean_length` is the one impacts are counted with.
    `looked_at`: everything that had changed by then is in it; None before the first pass is through.
    """

    version: int = 0
    chunks: int = 0
    length: int = 0
    mean_length: float = 0.0
    recounting: int | None = None
    cutting: int = 0
    described: UUID | None = None
    changed_at: datetime | None = None
    looked_at: datetime | None = None
    seconds: float | None = None
    failed_at: datetime | None = None
    failure: str | None = None


class EmbeddingIndex(msgspec.Struct, frozen=True, kw_only=True):
    """A set of vectors by one model. Chunks up to the id `filled` have theirs, but for `left_out` of them."""

    id: UUID
    provider: str
    model: str
    dimension: int
    state: str
    filled: int
    left_out: int


class Unembedded(msgspec.Struct, frozen=True):
    """A chunk that a set of vectors has none of: its id, and the text whose meaning is wanted."""

    id: int
    text: str
