"""The rag service as it runs, and clients of it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.api.conftest import Organisations, Service, UseService, kept_services, use_service
from tests.kpis.conftest import Books, books, day

__all__ = ["books", "kept_services", "use_service"]

MARCH = "from 2026-03-02 to 2026-03-22"


@pytest.fixture
async def rag(use_service: UseService) -> Service:
    return await use_service("ovia-rag")


@pytest.fixture
async def viewer(rag: Service, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with rag.client(**organisations[0].authorization("viewer")) as client:
        yield client


async def ask(client: httpx.AsyncClient, question: str, **more: Any) -> Any:
    answer = await client.post("/ask", json={"question": question, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def merged(books: Books) -> Books:
    """Three merge requests in March."""
    for number in range(3):
        await books.fact("merge_request.merged", day(number), value=10, attributes={"class": "bug"})
    await books.known()
    return books
