"""The rag service as it runs, and clients of it."""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple

import httpx
import pytest

from ovia_shared.database import organisation_settings
from ovia_shared.models.ask_settings import AskSettings, ModelChoice, ModelProvider
from tests.api.conftest import Organisations, Service, UseService, kept_services, use_service
from tests.conftest import OpenDatabase
from tests.kpis.conftest import Books, books, day
from tests.rag.providers.fake_model import MODEL, FakeModel

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


async def stated(client: httpx.AsyncClient, question: str) -> list[str]:
    """What is answered while no model is chosen."""
    answer = await ask(client, question)
    assert (answer["outcome"], answer["plan"]["by"], answer["usage"]) == ("answered", "rules", [])
    assert answer["statements"]
    return [one["text"] for one in answer["statements"]]


class Heard(NamedTuple):
    """An event of a stream, and when it came, by `time.monotonic`."""

    name: str
    told: Any
    at: float


async def heard(client: httpx.AsyncClient, body: dict[str, Any]) -> list[Heard]:
    """The events of an answer."""
    found = []
    async with client.stream("POST", "/ask", json=body, headers={"Accept": "text/event-stream"}) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                found.append(Heard(name, json.loads(line.removeprefix("data: ")), time.monotonic()))
    return found


WORDED = "Fernweh Gliders merged 3 merge requests."
PLAN = {"intent": "metric", "kpis": ["throughput.merge_requests"]}

Choose = Callable[..., Awaitable[None]]


def writes(*sentences: tuple[str, list[int]], plan: Any = PLAN) -> Callable[[dict[str, Any]], str]:
    """What the model says: a plan when it is asked for one, else these sentences; in a stream a line each."""

    def says(body: dict[str, Any]) -> str:
        if "You turn a question" in body["messages"][0]["content"]:
            return json.dumps(plan)
        lines = [{"text": text, "citations": numbers} for text, numbers in sentences]
        return "\n".join(map(json.dumps, lines)) if body.get("stream") else json.dumps({"sentences": lines})

    return says


@pytest.fixture
async def choose(open_database: OpenDatabase, organisations: Organisations, fake_model: FakeModel) -> Choose:
    """Makes the first organisation's model the misbehaving server, which plans and words well until told not to."""
    metrics = await open_database("ovia_metrics")
    fake_model.says = writes((WORDED, [1]))

    async def choose(*, patience: float = 3.0, base_url: str = "", **more: Any) -> None:
        model = ModelChoice(
            provider=ModelProvider.OPENAI, model=MODEL, base_url=base_url or fake_model.base_url,
            timeout_seconds=patience, prompt_price=1e5, completion_price=1e5,
        )  # fmt: skip
        async with metrics.transaction(organisations[0].id) as conn:
            settings = AskSettings(**{"model": model} | more)
            await organisation_settings.write(conn, organisations[0].id, "ask", settings, "somebody")

    return choose
