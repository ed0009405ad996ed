"""A server that has OpenAI's, Anthropic's and Cohere's interfaces, and misbehaves in every way it is told to."""

import asyncio
import hashlib
import json
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

DIMENSION = 256
MODEL = "fake"


class Misbehaviour(StrEnum):
    """What it does instead of answering."""

    NONE = "none"
    SLOW = "slow"
    BUSY = "busy"
    BUSY_FOR_A_WHILE = "busy_for_a_while"
    BUSY_FOR_LONG = "busy_for_long"
    BROKEN = "broken"
    DROPPED = "dropped"
    NOT_AUTHENTICATED = "not_authenticated"
    UNKNOWN_MODEL = "unknown_model"
    REDIRECT = "redirect"
    WEB_PAGE = "web_page"
    CUT_JSON = "cut_json"
    WRONG_SHAPE = "wrong_shape"
    DEEP_JSON = "deep_json"
    NOTHING = "nothing"
    CUT_STREAM = "cut_stream"
    DROPPED_STREAM = "dropped_stream"
    SLOW_STREAM = "slow_stream"
    BROKEN_STREAM = "broken_stream"
    CUT_OFF = "cut_off"
    DECLINES = "declines"
    WRONG_DIMENSION = "wrong_dimension"
    NOT_NUMBERS = "not_numbers"
    ZERO_VECTORS = "zero_vectors"
    TOO_FEW = "too_few"
    TWICE_THE_SAME = "twice_the_same"
    LOGITS = "logits"


class FakeModel:
    """What it is to say, how it is to misbehave, and what it was asked.

    `says` is a text, or what makes one of the body it was sent; for a JSON schema it has to be JSON. `misbehaves` holds
    until it is set again; `failures` of requests misbehave first, then it answers. `asked` are the bodies, `headers`
    those of the requests. Unless it `counts`, it does not tell tokens. More texts at once than `most`, or one of more
    characters than `longest`, it refuses as text-embeddings-inference does; with `tei` it has the `/rerank` of that.
    """

    def __init__(self) -> None:
        self.base_url = ""
        self.says: str | Callable[[dict[str, Any]], str] = "It is so."
        self.misbehaves = Misbehaviour.NONE
        self.failures: int | None = None
        self.counts = True
        self.most: int | None = None
        self.longest: int | None = None
        self.tei = False
        self.refused = 0
        self.asked: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.ended = asyncio.Event()

    def text(self, body: dict[str, Any]) -> str:
        """What it says to this."""
        return self.says if isinstance(self.says, str) else self.says(body)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Whatever is asked, at any path."""
        body = await request.json()
        self.asked.append(body)
        self.paths.append(request.path_qs)
        self.headers.append(dict(request.headers))
        if self._is_too_large(body):
            self.refused += 1
            return web.json_response({"error": "batch size", "error_type": "Validation"}, status=413)
        misbehaves = self.misbehaves
        if self.failures is not None:
            self.failures -= 1
            if self.failures < 0:
                misbehaves = Misbehaviour.NONE
        if misbehaves is Misbehaviour.SLOW:
            await self.ended.wait()
        if misbehaves is Misbehaviour.DROPPED and request.transport is not None:
            request.transport.abort()
        plain = _PLAIN.get(misbehaves)
        if plain is not None:
            return plain()
        if misbehaves is Misbehaviour.CUT_JSON:
            return web.Response(text=json.dumps(self._whole(request, body, misbehaves))[:-5])
        if body.get("stream"):
            return await self._stream(request, body, misbehaves)
        return web.json_response(self._whole(request, body, misbehaves), dumps=_dumps)

    def _is_too_large(self, body: dict[str, Any]) -> bool:
        texts = body.get("input") or body.get("texts") or []
        too_many = self.most is not None and len(texts) > self.most
        return too_many or (self.longest is not None and any(len(text) > self.longest for text in texts))

    def _whole(self, request: web.Request, body: dict[str, Any], misbehaves: Misbehaviour) -> Any:
        if request.path.endswith("/embeddings"):
            return _embeddings(body, misbehaves)
        if request.path.endswith("/rerank"):
            return _tei_ranks(body, misbehaves) if self.tei else _ranks(body, misbehaves)
        text = "" if misbehaves is Misbehaviour.NOTHING else self.text(body)
        if request.path.endswith("/messages"):
            return _message(body, text, misbehaves)
        whole = _completion(text, misbehaves)
        return whole if self.counts else {"choices": whole["choices"]}

    async def _stream(self, request: web.Request, body: dict[str, Any], misbehaves: Misbehaviour) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        text = self.text(body)
        made = _anthropic_events if request.path.endswith("/messages") else _openai_events
        events = made(text, misbehaves)
        if misbehaves is Misbehaviour.NOTHING:
            events = []
        if misbehaves in (Misbehaviour.CUT_STREAM, Misbehaviour.DROPPED_STREAM, Misbehaviour.SLOW_STREAM):
            events = events[: len(events) // 2]
        if misbehaves is Misbehaviour.BROKEN_STREAM:
            events[1:] = [b"data: {not json\n\n"]
        for event in events:
            await answer.write(event)
        if misbehaves is Misbehaviour.SLOW_STREAM:
            await self.ended.wait()
        if misbehaves is Misbehaviour.DROPPED_STREAM and request.transport is not None:
            request.transport.abort()
        return answer


def _dumps(value: Any) -> str:
    # NaN is no JSON, and some servers send it all the same.
    return json.dumps(value, allow_nan=True)


def _deep() -> web.Response:
    return web.Response(text='{"data": ' + "[" * 100_000 + "]" * 100_000 + "}", content_type="application/json")


_PLAIN: dict[Misbehaviour, Callable[[], web.Response]] = {
    Misbehaviour.SLOW: lambda: web.Response(status=503),
    Misbehaviour.BUSY: lambda: web.json_response({"error": {"message": "slow down"}}, status=429),
    Misbehaviour.BUSY_FOR_A_WHILE: lambda: web.Response(status=429, headers={"Retry-After": "2"}),
    Misbehaviour.BUSY_FOR_LONG: lambda: web.Response(status=429, headers={"Retry-After": "1800"}),
    Misbehaviour.BROKEN: lambda: web.Response(status=500, text="Internal Server Error"),
    Misbehaviour.NOT_AUTHENTICATED: lambda: web.json_response(
        {"error": {"message": "Incorrect API key provided: sk-wrong. Your question was: how much is the secret"}},
        status=401,
    ),
    Misbehaviour.UNKNOWN_MODEL: lambda: web.json_response({"error": {"message": "no such model"}}, status=404),
    Misbehaviour.REDIRECT: lambda: web.Response(status=307, headers={"Location": "http://169.254.169.254/latest"}),
    Misbehaviour.WEB_PAGE: lambda: web.Response(text="<html>Log in</html>", content_type="text/html"),
    Misbehaviour.WRONG_SHAPE: lambda: web.json_response({"choices": "many", "data": 3, "content": 1, "results": {}}),
    Misbehaviour.DEEP_JSON: _deep,
}


def vector(text: str, dimension: int = DIMENSION) -> list[float]:
    """The same for the same text."""
    found: list[float] = []
    turn = 0
    while len(found) < dimension:
        found += [byte / 127.5 - 1 for byte in hashlib.sha256(f"{turn}{text}".encode()).digest()]
        turn += 1
    return found[:dimension]


def _embeddings(body: dict[str, Any], misbehaves: Misbehaviour) -> Any:
    dimension = body.get("dimensions", DIMENSION) - (misbehaves is Misbehaviour.WRONG_DIMENSION)
    rows: list[dict[str, Any]] = [
        {"index": place, "embedding": vector(text, dimension)} for place, text in enumerate(body["input"])
    ]
    match misbehaves:
        case Misbehaviour.NOT_NUMBERS:
            rows[-1]["embedding"][0] = math.inf
        case Misbehaviour.ZERO_VECTORS:
            rows[-1]["embedding"] = [0.0] * dimension
        case Misbehaviour.TOO_FEW | Misbehaviour.NOTHING:
            rows = rows[:-1]
        case Misbehaviour.TWICE_THE_SAME:
            rows[-1]["index"] = 0
    # In another order than they were asked in.
    return {"object": "list", "data": rows[::-1], "usage": {"prompt_tokens": 7, "total_tokens": 7}}


def _ranks(body: dict[str, Any], misbehaves: Misbehaviour) -> Any:
    words = set(body["query"].lower().split())
    rows = [
        {"index": place, "relevance_score": len(words & set(text.lower().split())) / 10}
        for place, text in enumerate(body["documents"])
    ]
    if misbehaves is Misbehaviour.LOGITS:
        rows = [row | {"relevance_score": 100 * row["relevance_score"] - 5} for row in rows]
    if misbehaves in (Misbehaviour.TOO_FEW, Misbehaviour.NOTHING):
        rows = rows[:-1]
    if misbehaves is Misbehaviour.TWICE_THE_SAME:
        rows[-1]["index"] = 0
    return {"results": sorted(rows, key=lambda row: -row["relevance_score"])}


def _tei_ranks(body: dict[str, Any], misbehaves: Misbehaviour) -> Any:
    if misbehaves is Misbehaviour.WRONG_SHAPE:
        return {"results": []}
    ranks = _ranks({"query": body["query"], "documents": body["texts"]}, misbehaves)["results"]
    return [{"index": one["index"], "score": one["relevance_score"]} for one in ranks]


def _completion(text: str, misbehaves: Misbehaviour) -> Any:
    said = {"role": "assistant", "content": text}
    finish = {Misbehaviour.CUT_OFF: "length", Misbehaviour.DECLINES: "content_filter"}.get(misbehaves, "stop")
    return {
        "choices": [{"index": 0, "message": said, "finish_reason": finish}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16},
    }


def _openai_events(text: str, misbehaves: Misbehaviour) -> list[bytes]:
    finish = {Misbehaviour.CUT_OFF: "length", Misbehaviour.DECLINES: "content_filter"}.get(misbehaves, "stop")
    parts: list[Any] = [{"choices": [{"delta": {"role": "assistant", "content": ""}, "finish_reason": None}]}]
    parts += [{"choices": [{"delta": {"content": word}, "finish_reason": None}]} for word in _words(text)]
    parts.append({"choices": [{"delta": {}, "finish_reason": finish}]})
    parts.append({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 5}})
    return [f"data: {json.dumps(part)}\n\n".encode() for part in parts] + [b": keep alive\n\n", b"data: [DONE]\n\n"]


def _message(body: dict[str, Any], text: str, misbehaves: Misbehaviour) -> Any:
    reason = {Misbehaviour.CUT_OFF: "max_tokens", Misbehaviour.DECLINES: "refusal"}.get(misbehaves, "end_turn")
    content: list[Any] = [{"type": "text", "text": text}]
    if "tools" in body and text:
        content = [{"type": "tool_use", "id": "t", "name": "answer", "input": json.loads(text)}]
    return {"content": content, "stop_reason": reason, "usage": {"input_tokens": 11, "output_tokens": 5}}


def _anthropic_events(text: str, misbehaves: Misbehaviour) -> list[bytes]:
    reason = {Misbehaviour.CUT_OFF: "max_tokens", Misbehaviour.DECLINES: "refusal"}.get(misbehaves, "end_turn")
    parts: list[Any] = [{"type": "message_start", "message": {"usage": {"input_tokens": 11, "output_tokens": 1}}}]
    parts += [{"type": "content_block_delta", "delta": {"type": "text_delta", "text": word}} for word in _words(text)]
    parts += [
        {"type": "ping"},
        {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ]
    return [f"event: {part['type']}\r\ndata: {json.dumps(part)}\r\n\r\n".encode() for part in parts]


def _words(text: str) -> list[str]:
    return [word if place == 0 else f" {word}" for place, word in enumerate(text.split(" "))]


@asynccontextmanager
async def running() -> AsyncIterator[FakeModel]:
    """The server, listening, until the end of the block."""
    fake = FakeModel()
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/{tail:.*}", fake.answer)
    async with TestServer(app) as server:
        fake.base_url = str(server.make_url("")).rstrip("/")
        try:
            yield fake
        finally:
            fake.ended.set()
