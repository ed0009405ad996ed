"""Vectors and orders by models of others: right, or not used."""

import numpy as np
import pytest

from ovia_rag.providers.failures import Failure, ProviderFailed
from ovia_rag.providers.openai import OpenAIEmbedder, Route
from ovia_rag.providers.reranking import HttpReranker
from tests.rag.providers.conftest import CallerFor
from tests.rag.providers.fake_model import DIMENSION, MODEL, FakeModel, Misbehaviour, vector

WRONG: list[tuple[Misbehaviour, Failure]] = [
    (Misbehaviour.WRONG_DIMENSION, Failure.UNUSABLE),
    (Misbehaviour.NOT_NUMBERS, Failure.UNUSABLE),
    (Misbehaviour.ZERO_VECTORS, Failure.UNUSABLE),
    (Misbehaviour.TOO_FEW, Failure.UNUSABLE),
    (Misbehaviour.TWICE_THE_SAME, Failure.UNUSABLE),
    (Misbehaviour.WRONG_SHAPE, Failure.UNUSABLE),
    (Misbehaviour.CUT_JSON, Failure.UNUSABLE),
    (Misbehaviour.DEEP_JSON, Failure.UNUSABLE),
    (Misbehaviour.WEB_PAGE, Failure.UNUSABLE),
    (Misbehaviour.REDIRECT, Failure.UNUSABLE),
    (Misbehaviour.BROKEN, Failure.IN_TROUBLE),
    (Misbehaviour.DROPPED, Failure.IN_TROUBLE),
    (Misbehaviour.BUSY, Failure.BUSY),
    (Misbehaviour.UNKNOWN_MODEL, Failure.REFUSED),
]


async def test_vectors_have_length_one_and_the_order_of_the_texts(
    embedder: OpenAIEmbedder, fake_model: FakeModel
) -> None:
    texts = [f"text {number}" for number in range(150)]
    made = await embedder.embed(texts)
    expected = np.array([vector(text) for text in texts])
    assert np.allclose(made, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-6)
    assert made.dtype == np.float32
    assert [len(one["input"]) for one in fake_model.asked] == [32, 32, 32, 32, 22]
    assert "dimensions" not in fake_model.asked[0]


async def test_nothing_is_asked_about_texts_of_nothing(embedder: OpenAIEmbedder, fake_model: FakeModel) -> None:
    made = await embedder.embed(["", "one", " \n"])
    assert [bool(row.any()) for row in made] == [False, True, False]
    assert fake_model.asked[0]["input"] == ["one"]
    assert (await embedder.embed([])).shape == (0, DIMENSION)


async def test_long_texts_are_cut_and_asked_about_in_several_requests(
    embedder: OpenAIEmbedder, fake_model: FakeModel
) -> None:
    await embedder.embed(["x" * 30_000] * 6)
    assert [[len(text) for text in one["input"]] for one in fake_model.asked] == [[20_000] * 5, [20_000]]


async def test_models_that_shorten_vectors_are_asked_to(caller_for: CallerFor, fake_model: FakeModel) -> None:
    shortening = OpenAIEmbedder(caller_for(), Route(shortens=True), model=MODEL, dimension=512)
    assert (await shortening.embed(["one"])).shape == (1, 512)
    assert fake_model.asked[0]["dimensions"] == 512


@pytest.mark.parametrize(("misbehaves", "failure"), WRONG)
async def test_vectors_that_cannot_be_right_are_refused(
    embedder: OpenAIEmbedder, fake_model: FakeModel, misbehaves: Misbehaviour, failure: Failure
) -> None:
    fake_model.misbehaves = misbehaves
    with pytest.raises(ProviderFailed) as raised:
        await embedder.embed(["one", "two"])
    assert raised.value.failure is failure, raised.value.message


async def test_texts_are_put_in_order_by_how_well_they_answer(reranker: HttpReranker, fake_model: FakeModel) -> None:
    scores = await reranker.rerank("red fox", ["a cat", "the red fox runs", "red paint", ""])
    assert sorted(range(4), key=lambda place: -scores[place])[:2] == [1, 2]
    assert fake_model.asked[0]["top_n"] == 4
    assert await reranker.rerank("anything", []) == []
    fake_model.misbehaves = Misbehaviour.LOGITS
    likelihoods = await reranker.rerank("red fox", ["a cat", "the red fox runs", "red paint"])
    assert likelihoods[0] < 0.01 < 0.99 < likelihoods[2] < likelihoods[1] <= 1


@pytest.mark.parametrize(
    ("misbehaves", "failure"),
    [
        one
        for one in WRONG
        if one[0] not in (Misbehaviour.WRONG_DIMENSION, Misbehaviour.NOT_NUMBERS, Misbehaviour.ZERO_VECTORS)
    ],
)
async def test_an_order_that_cannot_be_right_is_refused(
    reranker: HttpReranker, fake_model: FakeModel, misbehaves: Misbehaviour, failure: Failure
) -> None:
    fake_model.misbehaves = misbehaves
    with pytest.raises(ProviderFailed) as raised:
        await reranker.rerank("red fox", ["a cat", "a fox"])
    assert raised.value.failure is failure, raised.value.message
