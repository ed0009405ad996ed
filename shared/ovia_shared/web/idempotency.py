"""Idempotency-Key: a write that is sent twice happens once, and is answered alike both times.

`operation_class=Write` on a handler, and 409 among its responses, is all there is to do. The answer is kept with the
change it tells about, in one transaction; a write that was refused keeps nothing, and may be tried again under its
key. Not for handlers that answer with a secret: it would be kept in clear.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.openapi.spec import OpenAPIType, Operation, Parameter, Schema
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from ovia_shared.database import idempotency
from ovia_shared.database.idempotency import KeptAnswer
from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict, MalformedInput, TooLarge
from ovia_shared.models.caller import Caller
from ovia_shared.web.lifecycle import BODY_LIMIT

_HEADER = "Idempotency-Key"
_KEY = re.compile("[!-~]{1,255}")
# What belongs to one sending of an answer, and not to the answer.
_OF_THE_SENDING = frozenset({"date", "content-length", "x-request-id"})


@dataclass
class Write(Operation):
    """The operation of a handler that honours Idempotency-Key."""

    def __post_init__(self) -> None:
        key = Parameter(
            name=_HEADER,
            param_in="header",
            description="Of your choice, new for each write: sent again within a day, it gives the same answer.",
            schema=Schema(type=OpenAPIType.STRING, min_length=1, max_length=255, pattern="^[!-~]+$"),
        )
        self.parameters = [*(self.parameters or []), key]


class Idempotency(ASGIMiddleware):
    """Answers a repeated write from what was kept of the first. Stands behind authentication."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = "public"

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        operation = getattr(scope["route_handler"], "operation_class", Operation)
        key = _key(scope) if issubclass(operation, Write) else None
        if key is None:
            await next_app(scope, receive, send)
            return
        conn: Connection = scope["state"]["conn"]
        caller: Caller = scope["user"]
        body = await _whole(receive)
        request, digest = _identify(scope, body)
        kept = await idempotency.claim(conn, caller.org_id, caller.token_id, key)
        if kept is None:
            keeping = _Keeping(send, conn, caller, key, request, digest)
            await next_app(scope, _given(body, receive), keeping)
        elif kept.digest != digest:
            same = "with another body or query" if kept.request == request else f"to {kept.request}"
            raise Conflict(f"this Idempotency-Key was used for another request, {same}", field=_HEADER)
        else:
            await _repeat(send, kept)


class _Keeping:
    """Passes an answer on, whole, after keeping it; a refusal is passed on as it comes."""

    def __init__(self, send: Send, conn: Connection, caller: Caller, key: str, request: str, digest: bytes) -> None:
        self._send = send
        self._conn = conn
        self._caller = caller
        self._key = key
        self._request = request
        self._digest = digest
        self._start: HTTPResponseStartEvent | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] < 400:
            self._start = message
        elif message["type"] != "http.response.body" or self._start is None:
            await self._send(message)
        else:
            self._body += message["body"]
            if not message.get("more_body"):
                start, self._start = self._start, None
                await self._keep(start)
                await self._send(start)
                await self._send({"type": "http.response.body", "body": self._body, "more_body": False})

    async def _keep(self, start: HTTPResponseStartEvent) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
        lasting = {name: value for name, value in headers.items() if name not in _OF_THE_SENDING}
        answer = KeptAnswer(self._request, self._digest, start["status"], lasting, self._body)
        await idempotency.keep(self._conn, self._caller.org_id, self._caller.token_id, self._key, answer)


def _key(scope: Scope) -> str | None:
    given = [value for name, value in scope["headers"] if name == b"idempotency-key"]
    if not given:
        return None
    key = given[0].decode("latin-1")
    if len(given) > 1 or not _KEY.fullmatch(key):
        raise MalformedInput(f"{_HEADER} must be 1 to 255 printable ASCII characters without spaces", field=_HEADER)
    return key


def _identify(scope: Any, body: bytes) -> tuple[str, bytes]:
    request = f"{scope['method']} {scope['path']}"
    exactly = b"\n".join([request.encode("utf-8", "surrogateescape"), scope["query_string"], body])
    return request, hashlib.sha256(exactly).digest()


async def _whole(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise MalformedInput("the body ended too early")
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            raise TooLarge("the body is larger than 1 MiB")
        if not message.get("more_body"):
            return body


def _given(body: bytes, receive: Receive) -> Receive:
    told = False

    async def receive_again() -> Any:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


async def _repeat(send: Send, kept: KeptAnswer) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept.headers.items()]
    headers += [(b"content-length", str(len(kept.body)).encode()), (b"idempotency-replayed", b"true")]
    await send({"type": "http.response.start", "status": kept.status, "headers": headers})
    await send({"type": "http.response.body", "body": kept.body, "more_body": False})
