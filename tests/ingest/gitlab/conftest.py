"""A small GitLab for each test, and a client to it."""

from collections.abc import AsyncIterator

import pytest

from ovia_shared.source_client.client import SourceClient
from tests.ingest.gitlab.server import Served, SmallGitLab, serve


@pytest.fixture
def gitlab() -> SmallGitLab:
    return SmallGitLab()


@pytest.fixture
async def served(gitlab: SmallGitLab) -> AsyncIterator[Served]:
    server = await serve(gitlab)
    yield Served(gitlab, str(server.make_url("/gitlab")))
    await server.close()


@pytest.fixture
async def client(served: Served) -> AsyncIterator[SourceClient]:
    async with served.client() as client:
        yield client
