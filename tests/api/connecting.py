"""What tests of connections share: a service that has keys, admins of two organisations, and a GitLab to connect to."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection, connected
from tests.api.conftest import Organisations, Service, UseService

KEY = base64.urlsafe_b64encode(b"of no worth outside these tests!").decode()
TOKEN = "glpat-of-no-worth-0001"


class Admins(msgspec.Struct):
    """Clients with an admin's token: ours, and another organisation's."""

    ours: httpx.AsyncClient
    theirs: httpx.AsyncClient


class GitLab:
    """Just enough of a GitLab to say who somebody is. `asked` are the tokens it was shown."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        token = request.headers.get("PRIVATE-TOKEN", "")
        self.asked.append(token)
        if token != TOKEN:
            return web.json_response({"message": "401 Unauthorized"}, status=401)
        known: dict[str, Any] = {
            "/api/v4/version": {"version": "18.2.0", "revision": "abc"},
            "/api/v4/metadata": {"version": "18.2.0", "revision": "abc"},
            "/api/v4/user": {"id": 7, "username": "ada", "name": "Ada Brandt"},
            "/api/v4/groups/gliders": {"id": 3, "full_path": "gliders"},
            "/api/v4/projects": [{"id": 1, "path_with_namespace": "gliders/rudder"}],
        }
        if request.path in known:
            return web.json_response(known[request.path])
        return web.json_response({"message": "404 Not found"}, status=404)

    def wanted(self, **changes: Any) -> dict[str, Any]:
        """The body that adds this GitLab."""
        return {"kind": "gitlab", "name": "GitLab", "base_url": self.url, "credentials": {"token": TOKEN}} | changes


@pytest.fixture
async def gitlab() -> AsyncIterator[GitLab]:
    """A GitLab behind a real socket."""
    stand_in = GitLab()
    application = web.Application()
    application.router.add_get("/{path:.*}", stand_in.answer)
    async with TestServer(application) as server:
        stand_in.url = str(server.make_url("")).rstrip("/")
        yield stand_in


@pytest.fixture
async def keyed(use_service: UseService) -> Service:
    """The api service with a key for credentials."""
    return await use_service("ovia-api", OVIA_CREDENTIALS_KEYS=KEY)


@pytest.fixture
async def admins(keyed: Service, organisations: Organisations) -> AsyncIterator[Admins]:
    """An admin of each organisation, talking to that service."""
    async with (
        keyed.client(**organisations[0].authorization("admin")) as ours,
        keyed.client(**organisations[1].authorization("admin")) as theirs,
    ):
        yield Admins(ours, theirs)


@pytest.fixture
async def superuser(database_dsn: str) -> AsyncIterator[Connection]:
    """A connection that row-level security does not bind, to look at what is stored."""
    async with connected(database_dsn) as connection:
        yield connection


async def add(client: httpx.AsyncClient, address: str = "https://gitlab.fernweh.example", **changes: Any) -> Any:
    """A connection that was added without a test."""
    body = {"kind": "gitlab", "name": "GitLab", "base_url": address} | changes
    answer = await client.post("/connections", json=body, params={"verify": "false"})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def add_partition(superuser: Connection, org_id: Any, connection_id: Any, stream: str = "issues") -> Any:
    """A partition that was read up to somewhere, and is due in a day."""
    partition_id = new_id()
    await superuser.execute(
        "insert into sync_partitions (org_id, id, connection_id, stream, cursor, records_done, next_due_at)"
        " values ($1, $2, $3, $4, $5, 40, now() + interval '1 day')",
        org_id,
        partition_id,
        connection_id,
        stream,
        {"page": 4},
    )
    return partition_id
