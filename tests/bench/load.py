"""The load client: a process of its own that asks one address again and again over keep-alive connections.

Run as `python -m tests.bench.load`, it reads a `Plan` from standard input and writes a `Measured` to standard output.
It does no more than find the end of each answer: the leaner the client, the less it takes from the server beside it.
"""

import asyncio
import sys
import time
from typing import cast

import msgspec
import uvloop


class Plan(msgspec.Struct):
    """What to ask, over how many connections at once, and for how long."""

    host: str
    port: int
    path: str
    headers: dict[str, str]
    connections: int
    seconds: float


class Measured(msgspec.Struct):
    """What came of it: requests answered, the seconds they took, and each one's latency in milliseconds."""

    requests: int
    seconds: float
    latencies: list[float]


class _Client(asyncio.Protocol):
    def __init__(self, request: bytes, until: float, latencies: list[float], done: asyncio.Future[None]) -> None:
        self._request = request
        self._until = until
        self._latencies = latencies
        self._done = done
        self._started = 0.0
        self._missing = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by inheritance
        self._ask()

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            end = data.find(b"\r\n\r\n")
            if not data.startswith(b"HTTP/1.1 200") or end < 0:
                self._fail(data[:500])
                return
            start = data.find(b"content-length: ") + 16
            length = int(data[start : data.find(b"\r\n", start)])
            self._missing = length - (len(data) - end - 4)
        else:
            self._missing -= len(data)
        if self._missing == 0:
            now = time.perf_counter()
            self._latencies.append((now - self._started) * 1000)
            if now < self._until:
                self._ask()
            else:
                self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)

    def _ask(self) -> None:
        self._missing = -1
        self._started = time.perf_counter()
        self._transport.write(self._request)

    def _fail(self, answer: bytes) -> None:
        self._done.set_exception(RuntimeError(f"not the answer expected: {answer.decode(errors='replace')}"))
        self._transport.close()


async def ask(plan: Plan) -> Measured:
    """Carries out the plan in this process."""
    lines = [f"GET {plan.path} HTTP/1.1", f"host: {plan.host}:{plan.port}"]
    lines += [f"{name}: {value}" for name, value in plan.headers.items()]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    started = time.perf_counter()
    ends = [loop.create_future() for _ in range(plan.connections)]
    for end in ends:
        await loop.create_connection(
            lambda end=end: _Client(request, started + plan.seconds, latencies, end),  # type: ignore[misc]
            plan.host,
            plan.port,
        )
    async with asyncio.timeout(plan.seconds + 15):
        await asyncio.gather(*ends)
    return Measured(len(latencies), time.perf_counter() - started, latencies)


if __name__ == "__main__":
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(ask(plan))))
