"""Providers held to an organisation's budget of a day."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextvars import ContextVar
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec
import numpy as np

from ovia_rag.providers.batching import batches
from ovia_rag.providers.chat import ChatModel, Completion, Message
from ovia_rag.providers.embedding import Embedder, Vectors
from ovia_rag.providers.failures import Failure, ProviderFailed
from ovia_rag.providers.reranking import Reranker
from ovia_rag.providers.tokens import estimate
from ovia_shared.database.ask import spending
from ovia_shared.database.ask.spending import Request
from ovia_shared.database.pool import Database
from ovia_shared.models.ask_usage import Usage

A_MILLION = 1_000_000

# What was used for one question.
_METER: ContextVar[list[Usage] | None] = ContextVar("meter", default=None)

# Nobody did anything for these.
_NOT_CHARGED = frozenset(
    {Failure.RESTING, Failure.UNREACHABLE, Failure.BUSY, Failure.NOT_SET_UP, Failure.REFUSED, Failure.TOO_LARGE}
)


@contextlib.contextmanager
def metered(into: list[Usage]) -> Iterator[None]:
    """Whatever is asked of providers inside, and may have to be paid for, is put down there too; also what failed."""
    token = _METER.set(into)
    try:
        yield
    finally:
        _METER.reset(token)


def today() -> date:
    """The day of UTC."""
    return datetime.now(UTC).date()


class Purse(msgspec.Struct, frozen=True, kw_only=True):
    """Whose budget it is, and what a million tokens cost. `database` is for it alone, because whoever asks a provider
    may hold a connection of another pool and would wait here for one of the same."""

    database: Database
    org_id: UUID
    tokens_per_day: int | None
    cost_per_day: float | None
    prompt_price: float
    completion_price: float = 0.0
    day: Callable[[], date] = today

    @contextlib.asynccontextmanager
    async def paying(self, who: Embedder | ChatModel | Reranker, read: int, written: int = 0) -> AsyncIterator["Bill"]:
        """Reserves what a request may come to, and puts what it came to in its place.

        Raises `ProviderFailed` if the budget does not suffice. A request that failed counts as it was reserved: who
        failed may have done, and charged, all of it.
        """
        reserved = self._request(who, read, written)
        async with self.database.transaction(self.org_id) as conn:
            enough = await spending.reserve(conn, reserved, tokens=self.tokens_per_day, cost=self.cost_per_day)
        if not enough:
            raise ProviderFailed(
                f"the budget of today does not suffice to ask {who.name}; it starts anew at midnight (UTC)",
                failure=Failure.BUDGET_SPENT,
            )
        bill, meter, failed = Bill(), _METER.get(), True
        try:
            yield bill
            failed = False
        except ProviderFailed as error:
            if error.failure in _NOT_CHARGED:
                bill.read, bill.written = 0, 0
            raise
        finally:
            actual = reserved
            if bill.read is not None:
                actual = msgspec.structs.replace(self._request(who, bill.read, bill.written), day=reserved.day)
                async with self.database.transaction(self.org_id) as conn:
                    await spending.settle(conn, reserved, actual)
            if meter is not None and actual.prompt_tokens + actual.completion_tokens:
                meter.append(_usage(actual, failed=failed))

    def _request(self, who: Embedder | ChatModel | Reranker, read: int, written: int) -> Request:
        cost = (read * self.prompt_price + written * self.completion_price) / A_MILLION
        return Request(
            org_id=self.org_id, day=self.day(), provider=who.name, model=who.model,
            prompt_tokens=read, completion_tokens=written, cost=cost,
        )  # fmt: skip


def _usage(request: Request, *, failed: bool) -> Usage:
    return Usage(
        provider=request.provider, model=request.model, prompt_tokens=request.prompt_tokens,
        completion_tokens=request.completion_tokens, cost=request.cost, failed=failed,
    )  # fmt: skip


class Bill(msgspec.Struct):
    """What a request came to; nothing told: what was reserved."""

    read: int | None = None
    written: int = 0


class PaidEmbedder:
    """Another embedder, while the budget lasts."""

    def __init__(self, inner: Embedder, purse: Purse) -> None:
        self.name = inner.name
        self.model = inner.model
        self.dimension = inner.dimension
        self._inner = inner
        self._purse = purse

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder`. How many tokens it was nobody tells: the estimate, rather too high, stands.

        Each request is paid for by itself, so that one that fails costs nobody those before and behind it.
        """
        made = np.zeros((len(texts), self.dimension), np.float32)
        start = 0
        for count in batches(texts):
            part = texts[start : start + count]
            async with self._purse.paying(self, sum(map(estimate, part))):
                made[start : start + count] = await self._inner.embed(part)
            start += count
        return made


class PaidChat:
    """Another model, while the budget lasts."""

    def __init__(self, inner: ChatModel, purse: Purse) -> None:
        self.name = inner.name
        self.model = inner.model
        self._inner = inner
        self._purse = purse

    async def complete(
        self, messages: Sequence[Message], *, schema: dict[str, Any] | None = None, max_tokens: int = 1024
    ) -> Completion:
        """See `ChatModel`."""
        read = estimate(messages) + (0 if schema is None else estimate(msgspec.json.encode(schema).decode()))
        async with self._purse.paying(self, read, max_tokens) as bill:
            done = await self._inner.complete(messages, schema=schema, max_tokens=max_tokens)
            bill.read, bill.written = done.prompt_tokens, done.completion_tokens
            return done

    async def stream(self, messages: Sequence[Message], *, max_tokens: int = 1024) -> AsyncGenerator[str | Completion]:
        """See `ChatModel`."""
        asked = self._inner.stream(messages, max_tokens=max_tokens)
        async with (
            self._purse.paying(self, estimate(messages), max_tokens) as bill,
            contextlib.aclosing(asked) as pieces,
        ):
            async for piece in pieces:
                if isinstance(piece, Completion):
                    bill.read, bill.written = piece.prompt_tokens, piece.completion_tokens
                yield piece


class PaidReranker:
    """Another reranker, while the budget lasts."""

    def __init__(self, inner: Reranker, purse: Purse) -> None:
        self.name = inner.name
        self.model = inner.model
        self._inner = inner
        self._purse = purse

    async def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """See `Reranker`."""
        read = len(texts) * estimate(question) + sum(map(estimate, texts))
        async with self._purse.paying(self, read):
            return await self._inner.rerank(question, texts)
