"""Finds passages: one search in the database, ranked by what each has in common with the question."""

import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from ovia_rag.providers.embedding import Embedder
from ovia_rag.providers.reranking import Reranker
from ovia_rag.retrieval import similar_words
from ovia_rag.retrieval.duplicates import collapse
from ovia_rag.retrieval.features import Features, Question
from ovia_rag.retrieval.ranking import Weights, learned
from ovia_shared.database.ask import filtering
from ovia_shared.database.ask import search as database
from ovia_shared.database.pool import Connection, Opening
from ovia_shared.errors import OviaError
from ovia_shared.models.ask import Passage, Search, SourceKind
from ovia_shared.models.ask_search import Fusion, Hit, Hits, Vector

# How many hits are ranked for good: past the hundredth hardly anything rises into view.
DEPTH = 100
# The vectors that come with Ovia are weak beside BM25: weighed equally they make results worse. This weight is the one
# that was above BM25 alone in both halves of both sets of docs/benchmarks.md.
EMBEDDED_FUSION = Fusion(weight=0.15, k=5)
PROVIDER_FUSION = Fusion(weight=0.5, k=5)
# A question for what is newest: what changed just now has e to the power of this times the odds of what is long ago,
# and half of that power is lost with each month.
RECENT_ODDS = 3.0
RECENT_HALF_LIFE_DAYS = 30.0
EMBEDDED = "embedded"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Passages, best first. `looked_at` chunks were searched, `candidates` of them ranked.

    `notes` say what was done without; `index_version` is that of the index at this moment.
    """

    passages: list[Passage]
    looked_at: int
    candidates: int
    index_version: int = 0
    by_vectors: bool = False
    notes: list[str] = []


class Ranked(msgspec.Struct, frozen=True):
    """A hit with its features, its score for ranking, and how likely it answers."""

    hit: Hit
    features: Features
    score: float
    likelihood: float


class Finder:
    """Finds by one embedder. Made once and kept: it remembers the vectors of words. `told` is noted of all it finds."""

    def __init__(self, embedder: Embedder | None, reranker: Reranker | None = None, told: Sequence[str] = ()) -> None:
        self._embedder = embedder
        self._reranker = reranker
        self._told = told
        # What is kept is found by the embedder itself; no protocol says that it can be hashed.
        own: Any = embedder
        self._words = similar_words.of(own) if embedder is not None and embedder.name == EMBEDDED else None
        self._fusion = EMBEDDED_FUSION if self._words is not None else PROVIDER_FUSION

    async def find(
        self,
        conn: Connection,
        org_id: UUID,
        search: Search,
        *,
        as_of: datetime,
        limit: int = 20,
        vector: Vector | None = None,
    ) -> Found:
        """`find_apart` on a connection that is there anyhow, and waits while providers are asked."""
        return await self.find_apart(
            lambda: contextlib.nullcontext(conn), org_id, search, as_of=as_of, limit=limit, vector=vector
        )

    async def find_apart(
        self,
        opened: Opening,
        org_id: UUID,
        search: Search,
        *,
        as_of: datetime,
        limit: int = 20,
        vector: Vector | None = None,
    ) -> Found:
        """The best `limit` passages for a search; people and teams are who they were at `as_of`.

        The database is asked in a transaction of its own, so that none is open while a provider is waited for. `vector`
        is the question's if it is known already. A provider that fails is done without, and `notes` say so. Raises what
        the database raises.
        """
        notes = [*self._told]
        if vector is None:
            vector = await self.vector(search.text, notes)
        async with opened() as conn:
            hits, ranked = await self.ranked(conn, org_id, search, as_of=as_of, vector=vector)
        if vector is not None and not hits.by_vectors:
            notes.append(f"the index has no vectors of {vector.model} yet; only words were compared")
        kept = collapse(ranked, lambda one: one.hit.content, limit)
        kept = await self._reranked(search.text, kept, notes)
        return Found(
            passages=[_passage(one) for one in kept],
            looked_at=hits.chunks,
            candidates=len(hits.hits),
            index_version=hits.index_version,
            by_vectors=hits.by_vectors,
            notes=notes,
        )

    async def ranked(
        self, conn: Connection, org_id: UUID, search: Search, *, as_of: datetime, vector: Vector | None
    ) -> tuple[Hits, list[Ranked]]:
        """All that the search in the database gives, and its hits by their scores, repetitions included."""
        narrowing = await filtering.narrowing(conn, org_id, search.filters, as_of)
        hits = await database.find(
            conn, org_id, _plain(search.text), fusion=self._fusion, depth=DEPTH, vector=vector, narrowing=narrowing
        )
        return hits, await self._ranked(hits, search, as_of)

    async def vector(self, text: str, notes: list[str]) -> Vector | None:
        """The question as a vector, or None with a note if the provider fails, or if it knows no word of it."""
        if self._embedder is None:
            return None
        try:
            values = (await self._embedder.embed([text]))[0]
        except OviaError as error:
            notes.append(f"{self._embedder.name} gave no vector ({error.message}); only words were compared")
            return None
        if not values.any():
            return None
        return Vector(self._embedder.name, self._embedder.model, values.tolist())

    async def _ranked(self, hits: Hits, search: Search, as_of: datetime) -> list[Ranked]:
        question = Question(hits.words)
        made = [question.features(hit) for hit in hits.hits]
        weights = learned().text
        if hits.by_vectors:
            weights = learned().vectors
            if self._words is not None:
                weights = learned().words
                texts = [f"{' '.join(hit.title_path)} {hit.content}" for hit in hits.hits]
                for one, value in zip(made, await self._words.alike(hits.words, texts), strict=True):
                    one["alike"] = value
        ranked = [_ranked(hit, one, weights, search, as_of) for hit, one in zip(hits.hits, made, strict=True)]
        return sorted(ranked, key=lambda one: (-one.score, one.hit.chunk_id))

    async def _reranked(self, question: str, ranked: list[Ranked], notes: list[str]) -> list[Ranked]:
        """In the order of the provider's judgement, where there is one; how likely they answer stays what it was."""
        if self._reranker is None or not ranked:
            return ranked
        try:
            scores = await self._reranker.rerank(question, [_titled(one.hit) for one in ranked])
        except OviaError as error:
            notes.append(f"{self._reranker.name} did not judge the passages ({error.message})")
            return ranked
        for one, score in zip(ranked, scores, strict=True):
            one.features["judged"] = score
        return sorted(ranked, key=lambda one: (-one.features["judged"], -one.score, one.hit.chunk_id))


async def find(
    conn: Connection,
    org_id: UUID,
    search: Search,
    *,
    embedder: Embedder | None,
    as_of: datetime,
    limit: int = 20,
    reranker: Reranker | None = None,
) -> Found:
    """`Finder.find` for one search. A service keeps a `Finder` instead."""
    return await Finder(embedder, reranker).find(conn, org_id, search, as_of=as_of, limit=limit)


def _ranked(hit: Hit, found: Features, weights: Weights, search: Search, as_of: datetime) -> Ranked:
    score = weights.score(found)
    likelihood = weights.likelihood(score)
    if search.recent:
        found["recent"] = _recent(hit.updated_at, as_of)
        score += RECENT_ODDS / weights.slope * found["recent"]
    return Ranked(hit, found, score, likelihood)


def _recent(updated_at: datetime | None, as_of: datetime) -> float:
    """1 for what changed just now, halved with each month before."""
    if updated_at is None:
        return 0.0
    days: float = max((as_of - updated_at).total_seconds(), 0) / 86_400
    return float(0.5 ** (days / RECENT_HALF_LIFE_DAYS))


def _titled(hit: Hit) -> str:
    """As a reader sees it: what a piece says often depends on what it is a piece of."""
    titles = " / ".join(one for one in hit.title_path if one)
    return f"{titles}\n{hit.content}" if titles else hit.content


def _plain(text: str) -> str:
    # Postgres takes no NUL characters, and no word has one.
    return text.replace("\x00", " ")


_NOWHERE = UUID(int=0)


def _passage(one: Ranked) -> Passage:
    hit = one.hit
    return Passage(
        chunk_id=hit.chunk_id,
        kind=SourceKind(hit.source_kind),
        connection_id=None if hit.connection_id == _NOWHERE else hit.connection_id,
        external_id=hit.external_id,
        part=hit.part,
        part_external_id=hit.part_external_id,
        title_path=hit.title_path,
        text=hit.content,
        start=hit.starts_at,
        end=hit.ends_at,
        url=hit.url,
        version=hit.version,
        project_external_id=hit.project_external_id,
        identity_ids=hit.identity_ids,
        created_at=hit.created_at,
        updated_at=hit.updated_at,
        score=one.likelihood,
        features=one.features,
    )
