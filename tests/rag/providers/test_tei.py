"""text-embeddings-inference: it takes 32 texts at a time, and has a `/rerank` of its own."""

import numpy as np
import pytest

from ovia_rag.providers import batching
from ovia_rag.providers.choosing import Providers
from ovia_rag.providers.failures import Failure, ProviderFailed
from ovia_rag.providers.openai import OpenAIEmbedder
from ovia_rag.providers.reranking import TeiReranker
from ovia_rag.providers.tokens import estimate
from ovia_shared.config.providers import ProviderKeys
from ovia_shared.config.settings import load
from ovia_shared.database.ask import spending
from ovia_shared.models.ask_settings import (
    AskSettings,
    EmbeddingChoice,
    EmbeddingProvider,
    RerankChoice,
    RerankProvider,
    Spent,
)
from tests.api.conftest import Organisations
from tests.conftest import OpenDatabase
from tests.rag.providers.conftest import QUICK, CallerFor
from tests.rag.providers.fake_model import MODEL, FakeModel, Misbehaviour, vector

TEXTS = [f"text {number}" for number in range(100)]


@pytest.fixture
def tei(fake_model: FakeModel) -> FakeModel:
    fake_model.tei, fake_model.most = True, 32
    return fake_model


@pytest.fixture
def tei_reranker(tei: FakeModel, caller_for: CallerFor) -> TeiReranker:
    return TeiReranker(caller_for(), model=MODEL)


async def test_as_many_texts_as_it_takes_are_asked_about_at_once(embedder: OpenAIEmbedder, tei: FakeModel) -> None:
    assert (await embedder.embed(TEXTS)).all(axis=1).sum() == len(TEXTS)
    assert (tei.refused, [len(one["input"]) for one in tei.asked]) == (0, [32, 32, 32, 4])


async def test_how_many_texts_a_server_takes_is_learned_from_its_refusals(
    embedder: OpenAIEmbedder, tei: FakeModel
) -> None:
    tei.most = 8
    made = await embedder.embed(TEXTS)
    expected = np.array([vector(text) for text in TEXTS])
    assert np.allclose(made, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-6)
    assert tei.refused == 2
    await embedder.embed(TEXTS)
    assert tei.refused == 2
    assert {len(one["input"]) for one in tei.asked[2:]} == {8, 4}


async def test_a_text_that_is_too_long_even_alone_is_said_to_be_and_teaches_nothing(
    embedder: OpenAIEmbedder, tei: FakeModel
) -> None:
    tei.longest = 1000
    with pytest.raises(ProviderFailed, match="too long") as raised:
        await embedder.embed(["short", "x" * 1001])
    assert raised.value.failure is Failure.TOO_LARGE
    tei.asked.clear()
    await embedder.embed(TEXTS)
    assert [len(one["input"]) for one in tei.asked] == [32, 32, 32, 4]


async def test_what_is_refused_costs_nothing_and_what_is_done_is_paid_for_once(
    tei: FakeModel, organisations: Organisations, open_database: OpenDatabase
) -> None:
    database, org_id = await open_database("ovia_rag"), organisations[0].id
    tei.most = 4
    settings = AskSettings(
        embeddings=EmbeddingChoice(
            provider=EmbeddingProvider.OPENAI, model=MODEL, base_url=tei.base_url, dimension=256, price=1e6
        )
    )

    async def spent() -> Spent:
        async with database.transaction(org_id) as conn:
            rows = await conn.fetch("select day from ask_spending")
            return await spending.spent(conn, org_id, rows[0]["day"]) if rows else Spent()

    async with Providers(load(ProviderKeys), database, tempo=QUICK) as providers:
        await providers.embedder(org_id, settings).embed(TEXTS)
        tokens = sum(map(estimate, TEXTS))
        assert tei.refused == 3
        assert await spent() == Spent(requests=4, prompt_tokens=tokens, cost=float(tokens))
        tei.most = 0
        with pytest.raises(ProviderFailed, match="too long"):
            await providers.embedder(org_id, settings).embed(["one"])
        assert (await spent()).prompt_tokens == tokens


async def test_texts_are_put_in_order_by_its_own_rerank(tei_reranker: TeiReranker, tei: FakeModel) -> None:
    scores = await tei_reranker.rerank("red fox", ["a cat", "the red fox runs", "red paint", ""])
    assert sorted(range(4), key=lambda place: -scores[place])[:2] == [1, 2]
    assert tei.asked == [
        {
            "query": "red fox", "texts": ["a cat", "the red fox runs", "red paint", " "], "raw_scores": False,
            "truncate": True,
        }
    ]  # fmt: skip
    assert tei.paths == ["/rerank"]
    assert await tei_reranker.rerank("anything", []) == []


async def test_more_texts_than_it_takes_are_judged_in_several_requests(
    tei_reranker: TeiReranker, tei: FakeModel
) -> None:
    texts = [f"fox {number}" for number in range(batching.MOST_TEXTS)] + ["a cat", "red fox"]
    scores = await tei_reranker.rerank("red fox", texts)
    assert (tei.refused, [len(one["texts"]) for one in tei.asked]) == (0, [32, 2])
    assert (scores[-1], scores[-2], scores[0]) == (0.2, 0.0, 0.1)


@pytest.mark.parametrize(
    ("misbehaves", "failure"),
    [
        (Misbehaviour.TOO_FEW, Failure.UNUSABLE),
        (Misbehaviour.TWICE_THE_SAME, Failure.UNUSABLE),
        (Misbehaviour.WRONG_SHAPE, Failure.UNUSABLE),
        (Misbehaviour.CUT_JSON, Failure.UNUSABLE),
        (Misbehaviour.DEEP_JSON, Failure.UNUSABLE),
        (Misbehaviour.BROKEN, Failure.IN_TROUBLE),
        (Misbehaviour.BUSY, Failure.BUSY),
        (Misbehaviour.UNKNOWN_MODEL, Failure.REFUSED),
    ],
)
async def test_its_order_is_refused_where_it_cannot_be_right(
    tei_reranker: TeiReranker, tei: FakeModel, misbehaves: Misbehaviour, failure: Failure
) -> None:
    tei.misbehaves = misbehaves
    with pytest.raises(ProviderFailed) as raised:
        await tei_reranker.rerank("red fox", ["a cat", "a fox"])
    assert raised.value.failure is failure, raised.value.message


async def test_the_setting_says_which_interface_a_reranker_has(
    tei: FakeModel, organisations: Organisations, open_database: OpenDatabase
) -> None:
    async with Providers(load(ProviderKeys), await open_database("ovia_rag"), tempo=QUICK) as providers:
        for provider, field in ((RerankProvider.TEI, "texts"), (RerankProvider.RERANK, "documents")):
            tei.tei = provider is RerankProvider.TEI
            choice = RerankChoice(provider=provider, model=MODEL, base_url=tei.base_url)
            made = providers.reranker(organisations[0].id, AskSettings(rerank=choice))
            assert made is not None
            assert made.name == provider
            assert await made.rerank("red fox", ["a cat", "a red fox"]) == [0.0, 0.2]
            assert tei.asked[-1][field] == ["a cat", "a red fox"]
