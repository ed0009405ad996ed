"""Real replicas of the api behind the real gateway, replaced one after another under load, and killed."""

import asyncio
import itertools
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from ovia_local.ports import free_ports
from tests.api.conftest import STARTS_WITHIN_SECONDS, Organisations, Service, launch
from tests.conftest import RoleDsn
from tests.gateway.conftest import Gateway, running
from tests.gateway.stand_ins import Names

ADDRESSES = [f"127.0.6.{number}" for number in range(1, 5)]


class Replicas:
    """Replicas of the api, of which DNS names those that are healthy, as Swarm does."""

    def __init__(self, names: Names, directory: Path, dsn: str, port: int) -> None:
        self._names = names
        self._directory = directory
        self._settings = {
            "OVIA_DATABASE_URL": dsn,
            "OVIA_PORT": str(port),
            "OVIA_DRAIN_SECONDS": "3",
            "OVIA_REQUESTS_PER_MINUTE": "1000000",
        }
        self._port = port
        self._free = iter(ADDRESSES)
        self._running: dict[str, Service] = {}

    async def start(self) -> str:
        """One more; named by DNS once it has started."""
        address = next(self._free)
        service = launch("ovia-api", self._directory, self._settings | {"OVIA_HOST": address})
        service.address = f"http://{address}:{self._port}"
        self._running[address] = service
        await service.answers("/health/started")
        self._names.names.setdefault("tasks.api", []).append(address)
        return address

    async def end(self, address: str) -> int:
        """Swarm takes one out of DNS and tells it to end, in no particular order."""
        service = self._running.pop(address)
        service.process.terminate()
        self._names.names["tasks.api"].remove(address)
        return await asyncio.to_thread(service.process.wait, STARTS_WITHIN_SECONDS)

    async def kill(self, address: str) -> None:
        """It is gone, and DNS does not know yet."""
        service = self._running.pop(address)
        # The worker first: its parent would end in order.
        for child in Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)
        service.process.kill()
        await asyncio.to_thread(service.process.wait, STARTS_WITHIN_SECONDS)

    def close(self) -> None:
        for service in self._running.values():
            service.process.terminate()
        for service in self._running.values():
            service.process.wait(STARTS_WITHIN_SECONDS)


class Load:
    """Reads and changes without end, each counted by what it was answered."""

    def __init__(self, gateway: Gateway, authorization: dict[str, str], *, keys: bool) -> None:
        self.answers: Counter[str] = Counter()
        self._gateway = gateway
        self._headers = authorization
        self._keys = keys
        self._numbers = itertools.count()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Load":
        self._client = httpx.AsyncClient(
            verify=self._gateway.client_context(), trust_env=False, timeout=60, headers=self._headers
        )
        self._tasks = [asyncio.create_task(self._ask()) for _ in range(4)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    async def more(self, count: int) -> None:
        """Waits for so many more answers."""
        wanted = self.answers.total() + count
        async with asyncio.timeout(STARTS_WITHIN_SECONDS):
            while self.answers.total() < wanted:
                await asyncio.sleep(0.01)

    async def _ask(self) -> None:
        while True:
            number = next(self._numbers)
            change = number % 3 == 0
            url = f"https://127.0.0.1:{self._gateway.ports['https']}{'/team/teams' if change else '/team/people'}"
            headers = {"Host": self._gateway.domain}
            if change and self._keys:
                headers["Idempotency-Key"] = f"team-{number}"
            request = self._client.build_request(
                "POST" if change else "GET",
                url,
                headers=headers,
                json={"name": f"{id(self)} {number}"} if change else None,
            )
            request.extensions["sni_hostname"] = self._gateway.domain
            answer = await self._client.send(request)
            self.answers[f"{request.method} {answer.status_code}"] += 1
            await asyncio.sleep(0.02)


@pytest.fixture
async def replicas(role_dsn: RoleDsn, tmp_path: Path) -> AsyncIterator[tuple[Replicas, Gateway]]:
    port, grafana_port = free_ports(2)
    with Names() as names, running(tmp_path, names, port, grafana_port, OVIA_TLS="internal") as gateway:
        made = Replicas(names, tmp_path, role_dsn("ovia_api"), port)
        try:
            yield made, gateway
        finally:
            await asyncio.to_thread(made.close)


async def test_nobody_notices_that_replicas_are_replaced_or_killed(
    replicas: tuple[Replicas, Gateway], organisations: Organisations
) -> None:
    made, gateway = replicas
    first, second = await asyncio.gather(made.start(), made.start())
    manager = organisations[0].authorization("manager")
    # Changes without a key: what was sent and not answered would show as a failure.
    async with Load(gateway, manager, keys=False) as load:
        await load.more(50)
        third = await made.start()
        assert await made.end(first) == 0
        await load.more(50)
        assert await made.end(second) == 0
        await load.more(50)
    assert set(load.answers) == {"GET 200", "POST 201"}, load.answers
    # A kill breaks off what is under way: reads are asked again, and so are changes that say they may be.
    await made.start()
    async with Load(gateway, manager, keys=True) as load:
        await load.more(50)
        await made.kill(third)
        await load.more(150)
    assert set(load.answers) == {"GET 200", "POST 201"}, load.answers
