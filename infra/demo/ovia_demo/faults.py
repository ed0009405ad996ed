"""Disturbed answers, for tests of clients: a share of the requests, chosen by a seed, meets a fault."""

import asyncio
import socket
import struct
import time
from random import Random
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from ovia_demo.serving import answer, token_of

STATUSES = {"429": 429, "500": 500, "502": 502, "503": 503, "504": 504}
KINDS = (*STATUSES, "html", "truncated", "cut_before", "cut_after", "reset", "slow", "dribble")
# Requests that were under way when the 429 was sent cannot know of it.
UNDER_WAY = 0.25
PIECES = 20
_PAGE = "<!doctype html><title>Sign in</title><p>Your session has ended.</p>"


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """`seconds` is how late a slow answer is and how long a dribbling one takes; `retry_after` goes with a 429."""

    kinds: tuple[str, ...] = KINDS
    share: float = 0.2
    seed: int = 1
    seconds: float = 1.0
    retry_after: int = 1


class Violation(msgspec.Struct, frozen=True):
    """A request that came before the time that its client had been told to wait for."""

    path: str
    client: str
    early_seconds: float


class Log:
    """What was asked, what was disturbed, and which clients did not wait when told to."""

    def __init__(self) -> None:
        self.requests = 0
        self.faults: dict[str, int] = {}
        self.violations: list[Violation] = []
        self._told: dict[str, tuple[float, float]] = {}

    def arrived(self, request: web.Request) -> None:
        self.requests += 1
        client, now = client_of(request), time.monotonic()
        told, until = self._told.get(client, (0.0, 0.0))
        if told + UNDER_WAY < now < until:
            self.violations.append(Violation(request.path, client, round(until - now, 3)))

    def told_to_wait(self, request: web.Request, seconds: float) -> None:
        now = time.monotonic()
        self._told[client_of(request)] = (now, now + seconds)

    def shown(self) -> dict[str, Any]:
        return {"requests": self.requests, "faults": self.faults, "violations": self.violations}


def client_of(request: web.Request) -> str:
    """One program that reads one source: known by the source, its token and its name."""
    source = request.path.split("/")[1]
    return f"{source} {token_of(request)[0]} {request.headers.get('User-Agent', '')}"


class Faults:
    """The schedule in force, if any. The same seed disturbs the same requests of a sequence."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self._schedule: Schedule | None = None
        self._rng = Random(0)

    def use(self, schedule: Schedule | None) -> None:
        self._schedule = schedule
        self._rng = Random(schedule.seed if schedule is not None else 0)

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The handler's answer, or what a bad day makes of it."""
        self.log.arrived(request)
        schedule = self._schedule
        if schedule is None or not schedule.kinds or self._rng.random() >= schedule.share:
            response = await handler(request)
        else:
            kind = self._rng.choice(schedule.kinds)
            self.log.faults[kind] = self.log.faults.get(kind, 0) + 1
            response = await _disturbed(request, handler, kind, schedule)
        wait = response.headers.get("Retry-After")
        if wait is not None:
            self.log.told_to_wait(request, float(wait))
        return response


async def _disturbed(request: web.Request, handler: Handler, kind: str, schedule: Schedule) -> web.StreamResponse:
    if kind in STATUSES:
        wait = {"Retry-After": str(schedule.retry_after)} if kind == "429" else {}
        return answer({"message": f"{kind} on purpose", "errorMessages": [f"{kind} on purpose"]}, STATUSES[kind], wait)
    match kind:
        case "html":
            return web.Response(text=_PAGE, content_type="text/html")
        case "cut_before":
            return _closed(request, reset=False)
        case "reset":
            return _closed(request, reset=True)
        case "slow":
            await asyncio.sleep(schedule.seconds)
            return await handler(request)
        case _:
            whole = await handler(request)
            assert isinstance(whole, web.Response)
            return await _in_pieces(request, whole, kind, schedule)


async def _in_pieces(
    request: web.Request, whole: web.Response, kind: str, schedule: Schedule
) -> web.StreamResponse:  # fmt: skip
    body = whole.body if isinstance(whole.body, bytes) else b""
    headers = {name: value for name, value in whole.headers.items() if name not in ("Content-Length", "Content-Type")}
    response = web.StreamResponse(status=whole.status, headers=headers)
    response.content_type, response.charset = "application/json", "utf-8"
    half = body[: len(body) // 2]
    response.content_length = len(half) if kind == "truncated" else len(body)
    await response.prepare(request)
    if kind == "dribble":
        size = max(1, -(-len(body) // PIECES))
        for start in range(0, len(body), size):
            await response.write(body[start : start + size])
            await asyncio.sleep(schedule.seconds / PIECES)
    else:
        await response.write(half)
    if kind == "cut_after":
        _closed(request, reset=False)
    else:
        await response.write_eof()
    return response


def _closed(request: web.Request, *, reset: bool) -> web.Response:
    """Ends the connection; what is returned reaches nobody."""
    transport = request.transport
    if transport is not None:
        if reset:
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()
    return web.Response(status=500)
