"""What a question and a chunk have in common, counted."""

import asyncio
import re
from collections.abc import Sequence
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_rag.providers.embedding import Vectors
from ovia_rag.retrieval.features import TEXT, VECTOR, WORDS, features
from ovia_rag.retrieval.ranking import learned
from ovia_rag.retrieval.similar_words import SimilarWords, words_of
from ovia_shared.models.ask import SourceKind
from ovia_shared.models.ask_search import Hit, QuestionWord
from tests.rag.retrieval.conftest import HashedWords

SINK = QuestionWord("sink", [3], ["sink"], 2.0)
RATE = QuestionWord("rates", [4], ["rate", "rates"], 1.0)
RARE = QuestionWord("zugspitze", [7], ["zugspitz", "zugspitze"], 5.0)
_PLACES = st.dictionaries(
    st.sampled_from(["sink", "rate", "rates", "other"]), st.lists(st.integers(1, 500), min_size=1)
)


def hit(**given_: object) -> Hit:
    """Nothing in common, but for what is given."""
    nothing = Hit(
        chunk_id=1, source_kind=SourceKind.DOCUMENT, connection_id=UUID(int=1), external_id="1", part="body",
        part_external_id="", title_path=["T"], content="text", starts_at=0, ends_at=4, length=10, url=None,
        version=None, project_external_id=None, identity_ids=[], created_at=None, updated_at=None,
        content_hash=UUID(int=2), fused=0.1, bm25=0.0, text_place=None, vector_place=None, similarity=None, found={},
        in_title={}, title_length=0,
    )  # fmt: skip
    return msgspec.structs.replace(nothing, **given_)


def test_a_hit_by_nothing_has_nothing() -> None:
    assert set(features([SINK, RATE], hit()).values()) == {0.0}


def test_words_count_in_whichever_form_they_are_stored() -> None:
    found = features([SINK, RATE, RARE], hit(found={"rate": [9], "sink": [2]}, in_title={"sink": [2]}, title_length=4))
    assert found["coverage"] == pytest.approx(2 / 3)
    assert found["rare_coverage"] == pytest.approx(3 / 8)
    assert found["title"] == pytest.approx(2 / 8)
    assert found["title_precision"] == pytest.approx(1 / 4)


def test_bm25_is_a_share_of_the_most_it_can_be() -> None:
    assert features([SINK, RATE], hit(bm25=3.3))["bm25"] == pytest.approx(3.3 / (3 * 2.2))
    assert features([SINK, RATE], hit(bm25=99.0))["bm25"] == 1.0


def test_places_count_less_the_later_they_are() -> None:
    found = features([SINK], hit(text_place=1, vector_place=6))
    assert (found["text_place"], found["vector_place"]) == (1.0, 0.5)


@pytest.mark.parametrize(
    ("sink", "rate", "together", "near"),
    [([5], [6], 1, 1), ([5], [9], 0, 1), ([6], [5], 0, 1), ([5], [50], 0, 0), ([5, 80], [81], 1, 1), ([5], [], 0, 0)],
)
def test_words_that_stand_together_in_the_question_and_here_are_told(
    sink: list[int], rate: list[int], together: int, near: int
) -> None:
    found = features([RATE, SINK], hit(found={"sink": sink, "rates": rate}))
    assert (found["pairs"], found["near"]) == (together, near)


def test_a_stop_word_between_two_words_of_the_question_may_be_between_them_here_too() -> None:
    apart = QuestionWord("rates", [5], ["rates"], 1.0)
    assert features([SINK, apart], hit(found={"sink": [5], "rates": [7]}))["pairs"] == 1


@given(found=_PLACES, title=_PLACES, bm25=st.floats(0, 100), length=st.integers(0, 50))
def test_whatever_they_share_features_stay_between_0_and_1(
    found: dict[str, list[int]], title: dict[str, list[int]], bm25: float, length: int
) -> None:
    words = [SINK, RATE, RARE]
    assert all(
        0 <= value <= 1
        for value in features(words, hit(found=found, in_title=title, bm25=bm25, title_length=length)).values()
    )


def test_the_learned_weights_are_of_features_there_are_and_none_makes_a_hit_worse() -> None:
    weights = learned()
    assert set(weights.text.weights) == set(TEXT)
    assert set(weights.vectors.weights) == {*TEXT, *VECTOR}
    assert set(weights.words.weights) == {*TEXT, *VECTOR, *WORDS}
    for one in (weights.text, weights.vectors, weights.words):
        assert min(one.weights.values()) >= 0
        assert one.slope > 0
    assert weights.how["from"]
    assert weights.how["questions_learned_from"]


def test_ranking_by_the_learned_weights_was_better_than_the_fused_order_where_it_was_judged() -> None:
    how = learned().how
    assert float(how["ndcg_words"]) > float(how["ndcg_vectors"]) > float(how["ndcg_text"]) > float(how["ndcg_fused"])


@given(low=st.floats(-1e6, 1e6), more=st.floats(0, 1e6))
def test_a_higher_score_is_never_less_likely(low: float, more: float) -> None:
    weights = learned().words
    assert 0 <= weights.likelihood(low) <= weights.likelihood(low + more) <= 1


async def test_words_of_like_meaning_are_alike_and_are_asked_for_once() -> None:
    asked: list[str] = []

    class Counting(HashedWords):
        async def embed(self, texts: Sequence[str]) -> Vectors:
            asked.extend(texts)
            return await super().embed(texts)

    similar = SimilarWords(Counting(same=[("descent", "sink")]))
    first = await similar.alike([SINK], ["The descent of gliders", "Lunch at noon", "", "1 2 3"])
    assert first[0] == pytest.approx(1.0, abs=1e-5)
    assert abs(first[1]) < 0.3
    assert first[2:] == [0.0, 0.0]
    assert await similar.alike([SINK], ["descent lunch gliders"]) == pytest.approx([1.0], abs=1e-5)
    assert len(asked) == len(set(asked))


async def test_words_met_long_ago_are_forgotten_rather_than_kept_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ovia_rag.retrieval.similar_words.MOST_WORDS", 8)
    similar = SimilarWords(HashedWords(same=[("descent", "sink")]))
    for number in range(50):
        text = f"The descent of {'abcdefghij'[number % 10] * 5} and {'klmnopqrst'[number // 10] * 5}"
        assert await similar.alike([SINK], [text]) == pytest.approx([1.0], abs=1e-5)
        assert len(similar._places) <= 12


async def test_questions_asked_at_once_share_what_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(HashedWords):
        async def embed(self, texts: Sequence[str]) -> Vectors:
            await asyncio.sleep(0)
            return await super().embed(texts)

    monkeypatch.setattr("ovia_rag.retrieval.similar_words.MOST_WORDS", 6)
    similar = SimilarWords(Slow(same=[("descent", "sink")]))
    texts = [f"The descent of {letter * 4} and {letter * 5}" for letter in "abcdefghij"]
    found = await asyncio.gather(*(similar.alike([SINK], [text]) for text in texts))
    assert found == [pytest.approx([1.0], abs=1e-5)] * len(texts)


@given(st.text() | st.text(alphabet="aß²5_ -", max_size=200))
def test_words_are_runs_of_three_to_thirty_letters(text: str) -> None:
    assert words_of(text) == re.findall(r"[^\W\d_]{3,30}", text)
