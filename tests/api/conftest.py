"""The api service as it runs: its own process behind a real socket, with its own role."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import httpx
import pytest

from ovia_shared.database.ids import new_id
from tests.conftest import RoleDsn, SampleOrganisation

Organisations = tuple[SampleOrganisation, SampleOrganisation]
StartService = Callable[..., Awaitable["Service"]]


class Service:
    """A running service: its address and what it logged."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, log: Path) -> None:
        self.process = process
        self.address = address
        self.log = log

    def client(self, **headers: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.address, headers=headers, timeout=20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
async def start_service(tmp_path: Path) -> AsyncIterator[StartService]:
    """Starts services by name, `await start_service("ovia-api", OVIA_DATABASE_URL=…)`; ends them with the test."""
    started: list[Service] = []

    async def start(name: str, **settings: str) -> Service:
        port = free_port()
        log = tmp_path / f"{name}-{port}.log"
        environment = {
            "PATH": os.environ["PATH"],
            "OVIA_PORT": str(port),
            "OVIA_SECRETS_DIR": str(tmp_path),
            "PYTHONUNBUFFERED": "1",
        }
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                Path(sys.executable).with_name(name), env=environment | settings, stdout=output, stderr=output
            )
        service = Service(process, f"http://127.0.0.1:{port}", log)
        started.append(service)
        async with service.client() as client:
            for _ in range(200):
                try:
                    await client.get("/health")
                except httpx.TransportError:
                    assert process.returncode is None, log.read_text()
                    await asyncio.sleep(0.05)
                else:
                    return service
        raise AssertionError(log.read_text())

    yield start
    for service in started:
        if service.process.returncode is None:
            service.process.terminate()
        await asyncio.wait_for(service.process.wait(), 30)


@pytest.fixture
async def service(start_service: StartService, role_dsn: RoleDsn) -> Service:
    """The api service."""
    return await start_service("ovia-api", OVIA_DATABASE_URL=role_dsn("ovia_api"))


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
