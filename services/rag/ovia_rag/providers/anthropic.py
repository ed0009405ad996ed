"""Anthropic's interface for messages."""

import contextlib
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import msgspec

from ovia_rag.providers.calling import Caller
from ovia_rag.providers.chat import Completion, Message, Role
from ovia_rag.providers.failures import Failure, ProviderFailed
from ovia_rag.providers.tokens import estimate

NAME = "anthropic"
OWN_ADDRESS = "https://api.anthropic.com"
VERSION = "2023-06-01"
LONGEST_ANSWER = 200_000

_PATH = "/v1/messages"
# JSON of a set shape comes as the arguments of a tool that has to be used.
_TOOL = "answer"


class _Usage(msgspec.Struct):
    input_tokens: int = 0
    output_tokens: int = 0


class _Block(msgspec.Struct):
    type: str
    text: str = ""
    input: Any = None


class _Completed(msgspec.Struct):
    content: list[_Block]
    stop_reason: str | None = None
    usage: _Usage | None = None


class _Delta(msgspec.Struct):
    text: str = ""
    stop_reason: str | None = None


class _Started(msgspec.Struct):
    usage: _Usage | None = None


class _Event(msgspec.Struct):
    type: str
    message: _Started | None = None
    delta: _Delta | None = None
    usage: _Usage | None = None


class AnthropicChat:
    """A model of Anthropic's, or of who has its interface."""

    name = NAME

    def __init__(self, caller: Caller, *, model: str) -> None:
        self.model = model
        self._caller = caller

    async def complete(
        self, messages: Sequence[Message], *, schema: dict[str, Any] | None = None, max_tokens: int = 1024
    ) -> Completion:
        """See `ChatModel`."""
        body = self._body(messages, max_tokens)
        if schema is not None:
            body["tools"] = [{"name": _TOOL, "description": "Gives the answer.", "input_schema": schema}]
            body["tool_choice"] = {"type": "tool", "name": _TOOL}
        async with self._caller.watched():
            answer = await self._caller.ask(_PATH, body, _Completed)
            self._check(answer.stop_reason)
            if schema is None:
                text = "".join(block.text for block in answer.content if block.type == "text")
            else:
                given = [block.input for block in answer.content if block.type == "tool_use"]
                text = msgspec.json.encode(given[0]).decode() if given else ""
            if not text:
                raise self._caller.unusable("nothing")
            return _completion(messages, text, answer.usage)

    async def stream(self, messages: Sequence[Message], *, max_tokens: int = 1024) -> AsyncGenerator[str | Completion]:
        """See `ChatModel`."""
        said: list[str] = []
        read = written = 0
        finished = False
        asked = self._caller.events(_PATH, self._body(messages, max_tokens) | {"stream": True})
        async with self._caller.watched(), contextlib.aclosing(asked) as events:
            async for data in events:
                event = self._event(data)
                if event.type == "error":
                    raise self._caller.unusable("that it is in trouble")
                if event.message is not None and event.message.usage is not None:
                    read = event.message.usage.input_tokens
                if event.usage is not None:
                    written = event.usage.output_tokens
                if event.type == "message_stop":
                    finished = True
                    break
                if event.delta is not None:
                    self._check(event.delta.stop_reason)
                    if event.type == "content_block_delta" and event.delta.text:
                        said.append(event.delta.text)
                        if sum(map(len, said)) > LONGEST_ANSWER:
                            raise self._caller.unusable("a text without end")
                        yield event.delta.text
            if not finished or not said:
                raise self._caller.unusable("less than a whole text")
        usage = _Usage(read, written) if read or written else None
        yield _completion(messages, "".join(said), usage)

    def _body(self, messages: Sequence[Message], max_tokens: int) -> dict[str, Any]:
        system = "\n\n".join(one.content for one in messages if one.role is Role.SYSTEM)
        body: dict[str, Any] = {
            "model": self.model,
            "max_tokens": max_tokens,
            "messages": [
                {"role": one.role.value, "content": one.content} for one in messages if one.role is not Role.SYSTEM
            ],
        }
        return body | {"system": system} if system else body

    def _event(self, data: bytes) -> _Event:
        try:
            return msgspec.json.decode(data, type=_Event)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self._caller.unusable("something unexpected") from None

    def _check(self, stop_reason: str | None) -> None:
        if stop_reason == "max_tokens":
            raise self._caller.unusable("a text that is cut off at the limit of its length")
        if stop_reason == "refusal":
            raise ProviderFailed(f"{self._caller.title} declines to answer", failure=Failure.DECLINED)


def _completion(messages: Sequence[Message], text: str, usage: _Usage | None) -> Completion:
    if usage is None:
        return Completion(text=text, prompt_tokens=estimate(messages), completion_tokens=estimate(text))
    return Completion(
        text=text, prompt_tokens=max(usage.input_tokens, 0), completion_tokens=max(usage.output_tokens, 0)
    )
