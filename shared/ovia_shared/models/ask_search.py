"""What a search of the index gives, before it is ranked for good."""

from datetime import datetime
from uuid import UUID

import msgspec

from ovia_shared.models.ask import SourceKind


class QuestionWord(msgspec.Struct, frozen=True):
    """A word of a question that says something, at its places in it.

    `lexemes` are how the configurations of text search store it; `idf` is its inverse document frequency, the greatest
    there is for a word that occurs nowhere.
    """

    word: str
    places: list[int]
    lexemes: list[str]
    idf: float


class Fusion(msgspec.Struct, frozen=True):
    """How two rankings become one: each gives 1 / (`k` + place), the vectors' by `weight`, the words' by the rest."""

    weight: float
    k: float


class Vector(msgspec.Struct, frozen=True):
    """A question as a vector, and whose it is: only vectors of one provider's one model compare."""

    provider: str
    model: str
    values: list[float]


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk that may answer. Places count from 1 and are None where a ranking does not have it.

    `bm25` is the sum over the question's words, `similarity` the cosine of the vectors. `found` and `in_title` are
    where the question's lexemes stand in title path and text together, and in the title path, which has `title_length`.
    """

    chunk_id: int
    source_kind: SourceKind
    connection_id: UUID
    external_id: str
    part: str
    part_external_id: str
    title_path: list[str]
    content: str
    starts_at: int
    ends_at: int
    length: int
    url: str | None
    version: str | None
    project_external_id: str | None
    identity_ids: list[UUID]
    created_at: datetime | None
    updated_at: datetime | None
    content_hash: UUID
    fused: float
    bm25: float
    text_place: int | None
    vector_place: int | None
    similarity: float | None
    found: dict[str, list[int]]
    in_title: dict[str, list[int]]
    title_length: int


class Hits(msgspec.Struct, frozen=True):
    """What a search found, best first, among the `chunks` of the index; `by_vectors`: whether vectors were too."""

    words: list[QuestionWord]
    hits: list[Hit]
    chunks: int
    index_version: int
    by_vectors: bool
