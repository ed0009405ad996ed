"""What everything that writes text for us can do."""

from collections.abc import AsyncGenerator, Sequence
from enum import StrEnum
from typing import Any, Protocol

import msgspec


class Role(StrEnum):
    """Who says a message. Text from sources is never the system's."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Message(msgspec.Struct, frozen=True):
    """One message of a conversation."""

    role: Role
    content: str


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """What a model wrote, whole: one cut off at `max_tokens` is a failure. Tokens are estimated if it tells none."""

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0


class ChatModel(Protocol):
    """Writes the next message of a conversation. Nothing that it writes may be believed unchecked."""

    @property
    def name(self) -> str:
        """The provider: `openai`, `anthropic`."""

    @property
    def model(self) -> str:
        """The model, as its provider calls it."""

    async def complete(
        self, messages: Sequence[Message], *, schema: dict[str, Any] | None = None, max_tokens: int = 1024
    ) -> Completion:
        """The next message; with a JSON schema (of an object), its text is JSON that was asked to fit it.

        Whoever asks validates: servers differ in what of a schema they heed.

        Raises `ProviderFailed`.
        """

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 1024) -> AsyncGenerator[str | Completion]:
        """Pieces of the next message as they come, and at its end, last, the whole as a `Completion`.

        Raises `ProviderFailed`, also after pieces: without a `Completion` they are not a whole.
        """
