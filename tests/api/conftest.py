"""Services as they run: processes of their own behind real sockets, each with its own role.

Starting one costs seconds, so a worker keeps those it started and gives them to one test after another: the database
behind them is a fresh one for each test, under the name they know it by. A test that ends its service, changes its
settings in a way nobody else does, or reads what it says of itself from the start takes `start_service`.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from ovia_shared.database.ids import new_id
from tests.conftest import RoleDsn, SampleOrganisation

Organisations = tuple[SampleOrganisation, SampleOrganisation]
StartService = Callable[..., Awaitable["Service"]]
UseService = Callable[..., Awaitable["Service"]]

# Long beyond what a busy machine needs; a service that ended is noticed at once.
STARTS_WITHIN_SECONDS = 60


class Service:
    """A running service: its address and what it logged."""

    def __init__(self, process: subprocess.Popen[bytes], address: str, log: Path) -> None:
        self.process = process
        self.address = address
        self.log = log

    def client(self, **headers: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.address, headers=headers, timeout=20)

    async def end(self, within: float = 30) -> int:
        """Tells the service to end, and waits; its exit code."""
        self.process.terminate()
        return await asyncio.to_thread(self.process.wait, within)

    async def answers(self, path: str) -> None:
        """Waits until the path answers with 200. A process that ended fails the test with what it logged."""
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        async with self.client() as client:
            while time.monotonic() < deadline:
                assert self.process.poll() is None, self.log.read_text()
                try:
                    if (await client.get(path)).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.02)
        raise AssertionError(self.log.read_text())


# What the console has to be told; a test of its pages says where the services really are.
CONSOLE = {
    "OVIA_API_URL": "http://127.0.0.1:1",
    "OVIA_METRICS_URL": "http://127.0.0.1:1",
    "OVIA_RAG_URL": "http://127.0.0.1:1",
    "OVIA_CONSOLE_KEY": "of-no-worth-outside-the-tests-at-all",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def launch(name: str, directory: Path, settings: dict[str, str]) -> Service:
    """Starts a service by name, without waiting for it."""
    port = free_port()
    log = directory / f"{name}-{port}.log"
    environment = {
        "PATH": os.environ["PATH"],
        "OVIA_PORT": str(port),
        "OVIA_SECRETS_DIR": str(directory),
        # Nobody has to be given time to look elsewhere; those tests that do say so.
        "OVIA_DRAIN_SECONDS": "0",
        "PYTHONUNBUFFERED": "1",
    }
    if name == "ovia-console":
        environment |= CONSOLE
    # Appending, so that emptying the file between tests leaves no hole in it.
    with log.open("ab") as output:
        process = subprocess.Popen(
            [Path(sys.executable).with_name(name)], env=environment | settings, stdout=output, stderr=output
        )
    return Service(process, f"http://127.0.0.1:{port}", log)


@pytest.fixture
async def start_service(tmp_path: Path) -> AsyncIterator[StartService]:
    """Starts services by name, `await start_service("ovia-api", OVIA_DATABASE_URL=…)`; ends them with the test."""
    started: list[Service] = []

    async def start(name: str, **settings: str) -> Service:
        service = launch(name, tmp_path, settings)
        started.append(service)
        await service.answers("/health")
        return service

    yield start
    for service in started:
        await service.end()


class _Kept:
    """The services a worker has started for its tests, by name and settings."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running: dict[tuple[str, frozenset[tuple[str, str]]], Service] = {}

    async def give(self, name: str, settings: dict[str, str]) -> Service:
        key = (name, frozenset(settings.items()))
        service = self._running.get(key)
        if service is None or service.process.poll() is not None:
            service = self._running[key] = launch(name, self._directory, settings)
        # Its connections ended with the database of the test before; it is ready when it has found this one.
        await service.answers("/ready")
        os.truncate(service.log, 0)
        return service

    def end(self) -> None:
        for service in self._running.values():
            service.process.terminate()
        for service in self._running.values():
            service.process.wait(30)


@pytest.fixture(scope="session")
def kept_services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Kept]:
    """See the top of this file. A test that asks for it, through whatever fixture, has its database under one name."""
    kept = _Kept(tmp_path_factory.mktemp("services"))
    yield kept
    kept.end()


@pytest.fixture
async def use_service(kept_services: _Kept, role_dsn: RoleDsn) -> UseService:
    """Gives services by name that other tests used before: `await use_service("ovia-api")`."""

    async def use(name: str, **settings: str) -> Service:
        known = {
            "OVIA_DATABASE_URL": role_dsn(name.replace("-", "_")),
            # All tests of a worker come from one address; what is limited has tests of its own.
            "OVIA_ANONYMOUS_REQUESTS_PER_MINUTE": "1000000",
            # Facts that a test wrote by hand would be found to be no longer so.
            "OVIA_BACKGROUND": "false",
        }
        return await kept_services.give(name, known | settings)

    return use


@pytest.fixture
async def service(use_service: UseService) -> Service:
    """The api service."""
    return await use_service("ovia-api")


@pytest.fixture
async def ours(service: Service, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a viewer's token of the first organisation."""
    async with service.client(**organisations[0].authorization("viewer")) as client:
        yield client


@pytest.fixture
async def filled(database_dsn: str, organisations: Organisations) -> Organisations:
    """Both organisations with 60 accounts, 50 mappings and 20 people each, told apart by their names."""
    connection = await asyncpg.connect(database_dsn)
    for place, organisation in enumerate(organisations):
        mark = ("Ours", "Theirs")[place]
        await connection.execute("select set_config('ovia.org_id', $1, false)", str(organisation.id))
        people = [
            (organisation.id, new_id(), f"Person{n:02} {mark}", f"p{n}@{mark}.example".lower()) for n in range(20)
        ]
        await connection.executemany(
            "insert into people (org_id, id, display_name, primary_email) values ($1, $2, $3, $4)", people
        )
        for n in range(60):
            identity = new_id()
            await connection.execute(
                "insert into identities (org_id, id, source, external_id, email, display_name)"
                " values ($1, $2, $3, $4, $5, $6)",
                organisation.id,
                identity,
                "git_commit_author" if n % 3 else "git_commit_committer",
                f"{mark} {n}",
                f"account{n}@{mark}.example".lower(),
                f"Account{n} Ёлкина {mark}",
            )
            if n < 50:
                await connection.execute(
                    "insert into mappings (org_id, id, identity_id, person_id, status, confidence, rule_trace,"
                    " engine_version) values ($1, $2, $3, $4, $5, $6, $7, 'test-1')",
                    organisation.id,
                    new_id(),
                    identity,
                    people[n % 20][1],
                    "conflict" if n % 5 == 0 else "auto",
                    0.4 + n / 100,
                    '[{"rule": "same_mailbox", "evidence": "one mailbox", "weight": 4.0, "contribution": 4.0}]',
                )
        connection_id, partition_id = new_id(), new_id()
        await connection.execute(
            "insert into connections (org_id, id, kind, name, base_url) values ($1, $2, 'git', $3, $3)",
            organisation.id,
            connection_id,
            f"/{mark}",
        )
        await connection.execute(
            "insert into sync_partitions (org_id, id, connection_id, stream, last_error, last_error_at,"
            " consecutive_failures) values ($1, $2, $3, 'commits', 'the disk is full', now(), 2)",
            organisation.id,
            partition_id,
            connection_id,
        )
    await connection.close()
    return organisations
