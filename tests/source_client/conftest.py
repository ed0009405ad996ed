"""Sources to ask: real servers on this machine, well-behaved or not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ovia_shared.models.source import SourceSettings
from ovia_shared.source_client.client import SourceClient
from ovia_shared.source_client.tempo import Tempo

QUICK = Tempo(base_delay=0.001, longest_delay=0.01)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[str]]
RawHandler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
ServeRaw = Callable[[RawHandler], Awaitable[str]]


@pytest.fixture(autouse=True)
def _no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a server that answers everything with the handler; gives its base URL."""
    async with AsyncExitStack() as servers:

        async def start(handler: Handler) -> str:
            app = web.Application(client_max_size=2**20)
            app.router.add_route("*", "/{tail:.*}", handler)
            server = await servers.enter_async_context(TestServer(app))
            return str(server.make_url("")).rstrip("/")

        yield start


@pytest.fixture
async def serve_raw() -> AsyncIterator[ServeRaw]:
    """Starts a server of bytes: the handler gets the head of a request and where to write."""
    async with AsyncExitStack() as servers:

        async def start(handler: RawHandler) -> str:
            async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                try:
                    await handler(await reader.readuntil(b"\r\n\r\n"), writer)
                except (OSError, asyncio.IncompleteReadError):
                    pass
                finally:
                    writer.close()

            server = await servers.enter_async_context(await asyncio.start_server(connection, "127.0.0.1", 0))
            return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        yield start


class FakeTime:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.slept: list[float] = []
        self.started = datetime(2026, 3, 2, 10, 0, 0, tzinfo=UTC)
        self.tempo = Tempo(
            base_delay=0.0, longest_delay=0.0, clock=lambda: self.passed, now=lambda: self.now, sleep=self.sleep
        )

    @property
    def now(self) -> datetime:
        return self.started + timedelta(seconds=self.passed)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds
        await asyncio.sleep(0)


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


PLAIN = SourceSettings()


def client_of(
    base: str,
    settings: SourceSettings = PLAIN,
    headers: dict[str, str] | None = None,
    *,
    tempo: Tempo = QUICK,
    concurrency: int = 8,
) -> SourceClient:
    """A client that hardly waits between its tries."""
    return SourceClient(base, settings, headers or {}, name="Tracker", tempo=tempo, concurrency=concurrency)
