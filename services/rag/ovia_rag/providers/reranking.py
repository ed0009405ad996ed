"""Putting texts in order again by how well they answer a question."""

import math
from collections.abc import Sequence
from typing import Protocol

import msgspec

from ovia_rag.providers.batching import MOST_TEXTS
from ovia_rag.providers.calling import Caller

NAME = "rerank"
TEI = "tei"
LONGEST_TEXT = 8_000


class Reranker(Protocol):
    """Looks at a question and a text together, which finds more than comparing their vectors, and takes longer."""

    @property
    def name(self) -> str:
        """The provider."""

    @property
    def model(self) -> str:
        """The model, as its provider calls it."""

    async def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers, between 0 and 1, in their order.

        Raises `ProviderFailed`.
        """


class _Result(msgspec.Struct):
    index: int
    relevance_score: float


class _Results(msgspec.Struct):
    results: list[_Result]


class HttpReranker:
    """Whatever has the `/rerank` of Cohere: Jina, vLLM, LiteLLM, llama.cpp and others."""

    name = NAME

    def __init__(self, caller: Caller, *, model: str) -> None:
        self.model = model
        self._caller = caller

    async def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """See `Reranker`. Longer texts than 8,000 characters are cut."""
        if not texts:
            return []
        body = {"model": self.model, "query": question, "documents": [text[:LONGEST_TEXT] or " " for text in texts]}
        async with self._caller.watched():
            answer = await self._caller.ask("/rerank", body | {"top_n": len(texts)}, _Results)
            if sorted(one.index for one in answer.results) != list(range(len(texts))):
                raise self._caller.unusable(f"an order of {len(answer.results)} for {len(texts)} texts")
            scores = [one.relevance_score for one in sorted(answer.results, key=lambda one: one.index)]
            if not all(map(math.isfinite, scores)):
                raise self._caller.unusable("scores that are none")
        return _between_0_and_1(scores)


class _Rank(msgspec.Struct):
    index: int
    score: float


class TeiReranker:
    """text-embeddings-inference, whose `/rerank` is its own: it serves one model, and takes 32 texts at a time."""

    name = TEI

    def __init__(self, caller: Caller, *, model: str) -> None:
        self.model = model
        self._caller = caller

    async def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """See `Reranker`. Longer texts than the model takes are cut, by the server."""
        scores: list[float] = []
        for start in range(0, len(texts), MOST_TEXTS):
            part = [text[:LONGEST_TEXT] or " " for text in texts[start : start + MOST_TEXTS]]
            async with self._caller.watched():
                scores += await self._ask(question, part)
        return _between_0_and_1(scores)

    async def _ask(self, question: str, texts: list[str]) -> list[float]:
        body = {"query": question, "texts": texts, "raw_scores": False, "truncate": True}
        ranks = sorted(await self._caller.ask("/rerank", body, list[_Rank]), key=lambda one: one.index)
        if [one.index for one in ranks] != list(range(len(texts))):
            raise self._caller.unusable(f"an order of {len(ranks)} for {len(texts)} texts")
        if not all(math.isfinite(one.score) for one in ranks):
            raise self._caller.unusable("scores that are none")
        return [one.score for one in ranks]


def _between_0_and_1(scores: list[float]) -> list[float]:
    if not scores or (min(scores) >= 0 and max(scores) <= 1):
        return scores
    # Some servers tell what their model puts out, whose logistic is the probability that others tell.
    return [1 / (1 + math.exp(-max(min(score, 50.0), -50.0))) for score in scores]
