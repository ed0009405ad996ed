"""What surrounds every request: its id, a time limit, the body limit, security headers, a count and a log line."""

import asyncio
import re
import time
from typing import Any

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from ovia_shared.database.ids import new_id
from ovia_shared.errors import TooLarge, Unavailable
from ovia_shared.telemetry.metrics import HttpMetrics
from ovia_shared.web import problems
from ovia_shared.web.draining import Draining, Flight

BODY_LIMIT = 1024 * 1024
# Sources send what they like, and cannot be told to send less.
WEBHOOK_BODY_LIMIT = 5 * 1024 * 1024
_WEBHOOKS = "/webhooks/"

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_DEFAULTS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)

_access = structlog.get_logger("ovia.access")


class Lifecycle:
    """The outermost ASGI layer: also what no route matches, and what fails, passes through it.

    `timeout` is in seconds. `draining` knows the requests being answered, and whether the process is ending.
    """

    def __init__(self, app: ASGIApp, metrics: HttpMetrics, timeout: float, draining: Draining) -> None:
        self._app = app
        self._metrics = metrics
        self._timeout = timeout
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        self._metrics.in_flight.inc()
        request_id, length = _read_headers(scope["headers"])
        scope.setdefault("state", {})["request_id"] = request_id
        sender = _Sender(send, request_id, self._draining)
        bound = structlog.contextvars.bind_contextvars(request_id=request_id)
        flight = Flight(asyncio.current_task(), request_id, scope["method"], scope["path"])
        self._draining.flights.add(flight)
        try:
            await self._answer(scope, receive, sender, length, flight)
        finally:
            self._draining.flights.discard(flight)
            self._metrics.in_flight.dec()
            seconds = time.perf_counter() - started
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = scope.get("path_template") or "unmatched"
            self._metrics.observe(method, route, sender.status, seconds)
            _log(scope, method, route, sender.status, seconds)
            structlog.contextvars.reset_contextvars(**bound)

    async def _answer(self, scope: Scope, receive: Receive, sender: "_Sender", length: int, flight: Flight) -> None:
        try:
            limit = WEBHOOK_BODY_LIMIT if scope["path"].startswith(_WEBHOOKS) else BODY_LIMIT
            if length > limit:
                raise TooLarge(f"the body is larger than {limit // BODY_LIMIT} MiB")
            async with asyncio.timeout(self._timeout):
                await self._app(scope, receive, sender)
        except asyncio.CancelledError:
            if sender.status or not flight.cut:
                raise
            await problems.send(scope, sender, Unavailable("the service is ending; send the request again"))
        except TimeoutError:
            if sender.status:
                raise
            await problems.send(scope, sender, Unavailable("this took too long; narrow the request or try again"))
        except Exception as error:
            if sender.status:
                raise
            await problems.send(scope, sender, error)


class _Sender:
    """Adds what every response carries, and remembers the status; 0 until there is one."""

    def __init__(self, send: Send, request_id: str, draining: Draining) -> None:
        self._send = send
        self._request_id = request_id
        self._draining = draining
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message["headers"])
            present = {name for name, _ in headers}
            headers.append((b"x-request-id", self._request_id.encode()))
            headers += _SECURITY_HEADERS
            headers += [default for default in _DEFAULTS if default[0] not in present]
            if self._draining.begun:
                # A caller that keeps its connection would send the next request into the moment it is closed.
                headers.append((b"connection", b"close"))
            message["headers"] = headers
        await self._send(message)


def _read_headers(headers: Any) -> tuple[str, int]:
    request_id, length = b"", b"0"
    for name, value in headers:
        if name == b"x-request-id":
            request_id = value
        elif name == b"content-length":
            length = value
    taken = request_id.decode() if _REQUEST_ID.fullmatch(request_id) else str(new_id())
    return taken, int(length) if length.isdigit() else 0


def _log(scope: Scope, method: str, route: str, status: int, seconds: float) -> None:
    caller = scope.get("user")
    _access.info(
        "request",
        method=method,
        # Without the query string: what people search for is nobody's business in a log.
        path=scope["path"],
        route=route,
        status=status,
        duration_ms=round(seconds * 1000, 2),
        org=str(caller.org_id) if caller else None,
        token_name=caller.name if caller else None,
    )
