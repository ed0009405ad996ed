"""Providers that whoever asks a question does not wait for too long: an answer without them is better than none.

A question has so many seconds for all its providers together, and each of them a part of that, so that none takes the
time of those that come after it.
"""

import contextlib
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any

from ovia_rag.providers import haste
from ovia_rag.providers.chat import ChatModel, Completion, Message
from ovia_rag.providers.embedding import Embedder, Vectors
from ovia_rag.providers.failures import Failure, ProviderFailed
from ovia_rag.providers.reranking import Reranker

# Of the half minute that a request may take. The rest is for the database, and for putting the answer together.
QUESTION_SECONDS = 20.0
# To understand a question, and again to word its answer.
WRITING_SECONDS = 10.0
# For the vector of a question, and again for judging its passages.
FINDING_SECONDS = 5.0
# Nobody is asked who has less: it would fail for want of time, and be blamed for it.
LEAST_SECONDS = 1.0


class Hurried:
    """Another model, for one question. One that was too slow once is not asked again for it."""

    def __init__(self, inner: ChatModel, seconds: float = WRITING_SECONDS) -> None:
        self.name = inner.name
        self.model = inner.model
        self._inner = inner
        self._seconds = seconds
        self._slow: ProviderFailed | None = None

    async def complete(
        self, messages: Sequence[Message], *, schema: dict[str, Any] | None = None, max_tokens: int = 1024
    ) -> Completion:
        """See `ChatModel`."""
        with self._hurry():
            return await self._inner.complete(messages, schema=schema, max_tokens=max_tokens)

    async def stream(self, messages: Sequence[Message], *, max_tokens: int = 1024) -> AsyncGenerator[str | Completion]:
        """See `ChatModel`."""
        async with contextlib.aclosing(self._inner.stream(messages, max_tokens=max_tokens)) as pieces:
            # When a stream has to end is settled as it begins.
            with self._hurry():
                first = await anext(pieces)
            yield first
            async for piece in pieces:
                yield piece

    @contextlib.contextmanager
    def _hurry(self) -> Iterator[None]:
        if self._slow is not None:
            raise self._slow
        try:
            with _for(self.name, self._seconds):
                yield
        except ProviderFailed as error:
            if error.failure is Failure.TOO_SLOW:
                self._slow = ProviderFailed(error.message, failure=Failure.TOO_SLOW)
            raise


class HurriedEmbedder:
    """Another embedder, for questions. Whoever indexes has time."""

    def __init__(self, inner: Embedder, seconds: float = FINDING_SECONDS) -> None:
        self.name = inner.name
        self.model = inner.model
        self.dimension = inner.dimension
        self._inner = inner
        self._seconds = seconds

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder`."""
        with _for(self.name, self._seconds):
            return await self._inner.embed(texts)


class HurriedReranker:
    """Another reranker."""

    def __init__(self, inner: Reranker, seconds: float = FINDING_SECONDS) -> None:
        self.name = inner.name
        self.model = inner.model
        self._inner = inner
        self._seconds = seconds

    async def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """See `Reranker`."""
        with _for(self.name, self._seconds):
            return await self._inner.rerank(question, texts)


@contextlib.contextmanager
def _for(name: str, seconds: float) -> Iterator[None]:
    if haste.left(seconds) < min(LEAST_SECONDS, seconds):
        raise ProviderFailed(f"no time was left to ask {name}", failure=Failure.TOO_SLOW)
    with haste.until(time.monotonic() + seconds):
        yield
