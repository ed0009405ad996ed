"""A small organisation, and clients of the server that serves it."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import ClientSession, encode_basic_auth
from aiohttp.test_utils import TestClient, TestServer

from ovia_demo.answers import Answers, answers
from ovia_demo.organisation import Organisation, generate
from ovia_demo.server import create_app
from ovia_demo.serving import TOKEN, Options

BASIC = {"Authorization": encode_basic_auth("reader@fernweh.example", TOKEN)}
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PRIVATE = {"PRIVATE-TOKEN": TOKEN}

Serve = Callable[..., Awaitable["Source"]]


class Source:
    """A client with its credentials; answers are decoded JSON."""

    def __init__(self, client: TestClient[Any, Any], headers: dict[str, str]) -> None:
        self.client = client
        self.headers = headers

    @property
    def session(self) -> ClientSession:
        return self.client.session

    async def get(self, path: str, /, status: int = 200, **params: Any) -> Any:
        async with self.client.get(path, params=params, headers=self.headers) as response:
            assert response.status == status, await response.text()
            return await response.json()

    async def post(self, path: str, body: Any, status: int = 200) -> Any:
        async with self.client.post(path, json=body, headers=self.headers) as response:
            assert response.status == status, await response.text()
            return await response.json()

    async def links(self, path: str, **params: Any) -> tuple[Any, dict[str, str]]:
        """The body, and where the Link header leads, by relation."""
        async with self.client.get(path, params=params, headers=self.headers) as response:
            assert response.status == 200, await response.text()
            found = {rel: str(link["url"]) for rel, link in response.links.items()}
            return await response.json(), found

    async def follow(self, path: str, **params: Any) -> list[Any]:
        """Every record of a list, by the links named next."""
        rows, links = await self.links(path, **params)
        rows = rows["results"] if isinstance(rows, dict) else rows
        while "next" in links:
            async with self.session.get(links["next"], headers=self.headers) as response:
                assert response.status == 200, await response.text()
                page = await response.json()
                links = {rel: str(link["url"]) for rel, link in response.links.items()}
            rows += page["results"] if isinstance(page, dict) else page
        return list(rows)


@pytest.fixture(scope="session")
def fernweh() -> Organisation:
    """For tests that change nothing."""
    return generate(seed=7, people=24, months=6)


@pytest.fixture(scope="session")
def known(fernweh: Organisation) -> Answers:
    """What is true of it."""
    return answers(fernweh)


@pytest.fixture
async def serve() -> AsyncGenerator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(organisation: Organisation, headers: dict[str, str], **options: Any) -> Source:
            server = TestServer(create_app(organisation, Options(**options)))
            return Source(await stack.enter_async_context(TestClient(server)), headers)

        yield start
