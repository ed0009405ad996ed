"""Providers that ask the misbehaving server, and hardly wait."""

from collections.abc import AsyncIterator, Callable

import pytest

from ovia_rag.providers import openai
from ovia_rag.providers.anthropic import AnthropicChat
from ovia_rag.providers.breaking import Breaker
from ovia_rag.providers.calling import Caller, Target
from ovia_rag.providers.chat import ChatModel
from ovia_rag.providers.openai import OpenAIChat, OpenAIEmbedder, Route
from ovia_rag.providers.reranking import HttpReranker
from ovia_shared.source_client.tempo import Tempo
from tests.rag.providers.fake_model import DIMENSION, MODEL, FakeModel

QUICK = Tempo(base_delay=0.001, longest_delay=0.01)

CallerFor = Callable[..., Caller]
ChatFor = Callable[..., ChatModel]


@pytest.fixture
async def caller_for(fake_model: FakeModel) -> AsyncIterator[CallerFor]:
    """Who asks the server, by what matters to the test."""
    made: list[Caller] = []

    def make(*, patience: float = 20.0, breaker: Breaker | None = None) -> Caller:
        target = Target(title="Fake", base_url=fake_model.base_url, patience=patience)
        made.append(Caller(target, tempo=QUICK, breaker=breaker))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture(params=["openai", "azure", "anthropic"])
def chat_for(request: pytest.FixtureRequest, caller_for: CallerFor) -> ChatFor:
    """A model of each kind."""

    def make(*, patience: float = 20.0) -> ChatModel:
        caller = caller_for(patience=patience)
        if request.param == "anthropic":
            return AnthropicChat(caller, model=MODEL)
        route = openai.azure("our model", "2024-10-21") if request.param == "azure" else Route()
        return OpenAIChat(caller, route, model=MODEL)

    return make


@pytest.fixture
def embedder(caller_for: CallerFor) -> OpenAIEmbedder:
    """Vectors by the server."""
    return OpenAIEmbedder(caller_for(), Route(), model=MODEL, dimension=DIMENSION)


@pytest.fixture
def reranker(caller_for: CallerFor) -> HttpReranker:
    """An order by the server."""
    return HttpReranker(caller_for(), model=MODEL)
