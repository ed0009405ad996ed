"""A model that whoever asks a question does not wait for too long."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from ovia_rag.providers.chat import ChatModel, Completion, Message
from ovia_rag.providers.failures import Failure, ProviderFailed

# Twice for a question, to understand and to word it, within the half minute a request may take.
MOST_SECONDS = 10.0


class Hurried:
    """Another model, which fails if it takes longer: an answer without it is better than none."""

    def __init__(self, inner: ChatModel, seconds: float = MOST_SECONDS) -> None:
        self.name = inner.name
        self.model = inner.model
        self._inner = inner
        self._seconds = seconds

    async def complete(
        self, messages: Sequence[Message], *, schema: dict[str, Any] | None = None, max_tokens: int = 1024
    ) -> Completion:
        """See `ChatModel`."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._inner.complete(messages, schema=schema, max_tokens=max_tokens)
        except TimeoutError:
            raise ProviderFailed(
                f"{self.name} took longer than {self._seconds:g} seconds", failure=Failure.TOO_SLOW
            ) from None

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 1024) -> AsyncIterator[str | Completion]:
        """See `ChatModel`. Pieces come as they come."""
        return self._inner.stream(messages, max_tokens=max_tokens)
