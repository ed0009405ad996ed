"""Whatever has OpenAI's interface: OpenAI, Azure, Ollama, vLLM, TEI and many more."""

import contextlib
from collections.abc import AsyncGenerator, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
import numpy as np

from ovia_rag.providers.batching import LONGEST_TEXT, MOST_TEXTS, batches
from ovia_rag.providers.calling import Caller
from ovia_rag.providers.chat import Completion, Message
from ovia_rag.providers.embedding import Vectors
from ovia_rag.providers.failures import Failure, ProviderFailed
from ovia_rag.providers.tokens import estimate
from ovia_shared.source_client.links import Params

NAME = "openai"
AZURE = "azure"
OWN_ADDRESS = "https://api.openai.com/v1"
LONGEST_ANSWER = 200_000


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """How a kind of server wants to be asked. `shortens`: the model makes vectors of the length one asks for.

    `current`: it wants the current name of the limit on tokens, and leaves no choice of temperature.
    """

    name: str = NAME
    embeddings: str = "/embeddings"
    completions: str = "/chat/completions"
    params: Params = {}
    shortens: bool = False
    current: bool = False


class _Vector(msgspec.Struct):
    index: int
    embedding: list[float]


class _Vectors(msgspec.Struct):
    data: list[_Vector]


class OpenAIEmbedder:
    """Vectors by a model of somebody else's."""

    def __init__(self, caller: Caller, route: Route, *, model: str, dimension: int) -> None:
        self.name = route.name
        self.model = model
        self.dimension = dimension
        self._caller = caller
        self._route = route
        # Learned from refusals.
        self._most = MOST_TEXTS

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder`. Longer texts than 20,000 characters are cut. How many a server takes at once is learned."""
        made = np.zeros((len(texts), self.dimension), np.float32)
        # Servers refuse to be asked about nothing.
        left = [place for place, text in enumerate(texts) if text.strip()]
        while left:
            batch = left[: next(batches([texts[place] for place in left], self._most))]
            try:
                async with self._caller.watched():
                    made[batch] = await self._ask([texts[place][:LONGEST_TEXT] for place in batch])
            except ProviderFailed as error:
                if error.failure is not Failure.TOO_LARGE:
                    raise
                if len(batch) == 1:
                    # Then it was this text, and not how many there were.
                    self._most = MOST_TEXTS
                    raise
                self._most = len(batch) // 2
                continue
            left = left[len(batch) :]
        return made

    async def _ask(self, texts: list[str]) -> Vectors:
        body: dict[str, Any] = {"model": self.model, "input": texts, "encoding_format": "float"}
        if self._route.shortens:
            body["dimensions"] = self.dimension
        answer = await self._caller.ask(self._route.embeddings, body, _Vectors, self._route.params)
        if sorted(one.index for one in answer.data) != list(range(len(texts))):
            raise self._caller.unusable(f"{len(answer.data)} vectors for {len(texts)} texts")
        ordered = sorted(answer.data, key=lambda one: one.index)
        wrong = next((len(one.embedding) for one in ordered if len(one.embedding) != self.dimension), None)
        if wrong is not None:
            raise self._caller.unusable(f"vectors of {wrong} numbers where {self.dimension} are set")
        rows = np.array([one.embedding for one in ordered], np.float64)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if not np.all(np.isfinite(lengths)) or not np.all(lengths > 0):
            raise self._caller.unusable("vectors that are none")
        normal: Vectors = (rows / lengths).astype(np.float32)
        return normal


class _Said(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Said = msgspec.field(default_factory=_Said)
    delta: _Said = msgspec.field(default_factory=_Said)
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Completed(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None


class OpenAIChat:
    """A model of somebody else's."""

    def __init__(self, caller: Caller, route: Route, *, model: str) -> None:
        self.name = route.name
        self.model = model
        self._caller = caller
        self._route = route

    async def complete(
        self, messages: Sequence[Message], *, schema: dict[str, Any] | None = None, max_tokens: int = 1024
    ) -> Completion:
        """See `ChatModel`."""
        body = self._body(messages, max_tokens)
        if schema is not None:
            wanted = {"name": "answer", "schema": schema, "strict": _is_strict(schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": wanted}
        async with self._caller.watched():
            answer = await self._caller.ask(self._route.completions, body, _Completed, self._route.params)
            for choice in answer.choices[:1]:
                self._check(choice)
                if choice.message.content:
                    return _completion(messages, choice.message.content, answer.usage)
            raise self._caller.unusable("nothing")

    async def stream(self, messages: Sequence[Message], *, max_tokens: int = 1024) -> AsyncGenerator[str | Completion]:
        """See `ChatModel`."""
        body = self._body(messages, max_tokens) | {"stream": True, "stream_options": {"include_usage": True}}
        said: list[str] = []
        usage: _Usage | None = None
        finished = False
        asked = self._caller.events(self._route.completions, body, self._route.params)
        async with self._caller.watched(), contextlib.aclosing(asked) as events:
            async for data in events:
                if data == b"[DONE]":
                    break
                part = self._part(data)
                usage = part.usage or usage
                for choice in part.choices[:1]:
                    self._check(choice)
                    finished = finished or choice.finish_reason is not None
                    if choice.delta.content:
                        said.append(choice.delta.content)
                        self._bound(said)
                        yield choice.delta.content
            if not finished or not said:
                raise self._caller.unusable("less than a whole text")
        yield _completion(messages, "".join(said), usage)

    def _body(self, messages: Sequence[Message], max_tokens: int) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": one.role.value, "content": one.content} for one in messages],
        }
        # The current models of OpenAI's take one name only, everybody else's the other.
        if self._route.current:
            return body | {"max_completion_tokens": max_tokens}
        return body | {"max_tokens": max_tokens, "temperature": 0}

    def _part(self, data: bytes) -> _Completed:
        try:
            return msgspec.json.decode(data, type=_Completed)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self._caller.unusable("something unexpected") from None

    def _check(self, choice: _Choice) -> None:
        if choice.finish_reason == "length":
            raise self._caller.unusable("a text that is cut off at the limit of its length")
        if choice.finish_reason == "content_filter" or choice.message.refusal or choice.delta.refusal:
            raise ProviderFailed(f"{self._caller.title} declines to answer", failure=Failure.DECLINED)

    def _bound(self, said: list[str]) -> None:
        if sum(map(len, said)) > LONGEST_ANSWER:
            raise self._caller.unusable("a text without end")


def _completion(messages: Sequence[Message], text: str, usage: _Usage | None) -> Completion:
    if usage is None:
        return Completion(text=text, prompt_tokens=estimate(messages), completion_tokens=estimate(text))
    return Completion(
        text=text, prompt_tokens=max(usage.prompt_tokens, 0), completion_tokens=max(usage.completion_tokens, 0)
    )


def _is_strict(schema: Any) -> bool:
    """Whether OpenAI takes the schema as binding: every object names all its properties as required, and no others."""
    if isinstance(schema, list):
        return all(map(_is_strict, schema))
    if not isinstance(schema, dict):
        return True
    if "properties" in schema and (
        schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(schema["properties"])
    ):
        return False
    return all(map(_is_strict, schema.values()))


def azure(model: str, api_version: str) -> Route:
    """Azure names the deployment in the path, and the version of its interface beside it."""
    there = f"/openai/deployments/{quote(model, safe='')}"
    return Route(
        name=AZURE, embeddings=f"{there}/embeddings", completions=f"{there}/chat/completions",
        params={"api-version": api_version}, current=True,
    )  # fmt: skip
