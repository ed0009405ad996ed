"""Steady traffic through the gateway while something is done to the stack, with every answer counted."""

import asyncio
import socket
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

RATE = 60.0
# No phase may run longer, whatever happens: the load stops by itself.
LONGEST_SECONDS = 240.0
READS = ("/team/kpi", "/team/people?limit=5", "/team/identity-mappings?limit=5", "/sync", "/team/kpi/catalogue")


@dataclass
class Traffic:
    """What became of the requests: statuses, those that got no answer, and the worst of what was said."""

    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    without_retry_after: int = 0
    samples: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    last_failure: float = 0.0
    slowest: float = 0.0

    @property
    def sent(self) -> int:
        return self.statuses.total() + self.unanswered.total()

    @property
    def failed(self) -> int:
        """Requests that got no answer, or one that says the stack could not give it."""
        return self.unanswered.total() + sum(n for status, n in self.statuses.items() if status >= 500)

    def told(self) -> str:
        rate = self.sent / self.seconds if self.seconds else 0.0
        return (
            f"{self.failed} of {self.sent} failed ({rate:.0f}/s for {self.seconds:.0f} s, slowest {self.slowest:.1f} s)"
            + (f"; {dict(self.statuses)} {dict(self.unanswered)} {self.samples[:3]}" if self.failed else "")
        )


class _Always(AbstractResolver):
    """The name in the certificate is `localhost`, wherever the gateway is."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = ResolveResult(
            hostname=host, host=self._address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
        )
        return [found]

    async def close(self) -> None:
        return


class Client:
    """Speaks to the gateway over TLS, trusting its own authority and nobody else."""

    def __init__(self, port: int, authority: str, token: str, address: str = "127.0.0.1") -> None:
        self._address = address
        self._base = f"https://localhost:{port}"
        self._tls = ssl.create_default_context(cadata=authority)
        self._headers = {"Authorization": f"Bearer {token}"}

    def session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=self._tls, limit=200, resolver=_Always(self._address))
        timeout = aiohttp.ClientTimeout(total=30)
        return aiohttp.ClientSession(self._base, connector=connector, headers=self._headers, timeout=timeout)

    @asynccontextmanager
    async def load(self, rate: float = RATE) -> AsyncIterator[Traffic]:
        """Sends `rate` requests a second while the body runs: nine reads, then one write."""
        traffic = Traffic()
        stop = asyncio.Event()
        async with self.session() as session:
            sending = asyncio.create_task(_send(session, traffic, rate, stop))
            try:
                yield traffic
            finally:
                stop.set()
                # How long requests were sent, not how long the last answers took.
                traffic.seconds = time.monotonic() - traffic.began
                await sending


async def _send(session: aiohttp.ClientSession, traffic: Traffic, rate: float, stop: asyncio.Event) -> None:
    under_way: set[asyncio.Task[None]] = set()
    number = 0
    while not stop.is_set() and time.monotonic() - traffic.began < LONGEST_SECONDS:
        # By the clock, not by the answers: slow answers must not thin the traffic out.
        due = int((time.monotonic() - traffic.began) * rate)
        for _ in range(due - number):
            number += 1
            task = asyncio.create_task(_one(session, traffic, number))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.sleep(0.02)
    await asyncio.gather(*under_way)


async def _one(session: aiohttp.ClientSession, traffic: Traffic, number: int) -> None:
    began = time.monotonic()
    try:
        if number % 10 == 0:
            body = {"display_name": f"Load {number}"}
            request = session.post("/team/people", json=body, headers={"Idempotency-Key": str(uuid4())})
        else:
            request = session.get(READS[number % len(READS)])
        async with request as answer:
            text = await answer.text()
            traffic.statuses[answer.status] += 1
            if answer.status >= 500:
                traffic.last_failure = time.monotonic()
                traffic.samples.append(f"{answer.status} {answer.method} {answer.url.path} {text[:200]}")
                if "Retry-After" not in answer.headers:
                    traffic.without_retry_after += 1
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        traffic.unanswered[f"{type(error).__name__}: {error}"[:120]] += 1
        traffic.last_failure = time.monotonic()
    traffic.slowest = max(traffic.slowest, time.monotonic() - began)
