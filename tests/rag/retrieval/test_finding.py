"""What is found, in which order, and what is said about it."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ovia_rag.providers.embedding import Vectors
from ovia_rag.retrieval.finding import Finder
from ovia_shared.database.ask import search
from ovia_shared.errors import OviaError
from ovia_shared.models.ask_index import Config
from ovia_shared.models.ask_search import Fusion
from tests.rag.filling import Piece
from tests.rag.retrieval.conftest import NOW, HashedWords, Library

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
TOWING = Piece(id="towing", title="Towing", text="The tow rope is released at five hundred metres above the field.")
WINCH = Piece(id="winch", title="Winch launch", text="The winch driver watches the cable and slows down near the top.")
OXYGEN = Piece(id="oxygen", title="Oxygen", text="Above four thousand metres pilots breathe oxygen from a bottle.")
VARIO = Piece(
    id="vario",
    title="Вариометр",
    text="Вариометр показывает скорость подъёма планера, проверяйте его перед каждым полётом.",
    language=Config.RUSSIAN,
)


async def test_what_holds_the_questions_words_comes_first(library: Library) -> None:
    await library.fill(TOWING, WINCH, OXYGEN)
    found = await library.find("When is the tow rope released?")
    assert found.passages[0].external_id == "towing"
    assert (found.looked_at, found.index_version) == (3, 1)
    assert found.candidates >= 1
    assert found.notes == []


async def test_a_passage_tells_what_it_is_a_piece_of_and_what_its_score_is_made_of(library: Library) -> None:
    await library.fill(TOWING)
    (passage,) = (await library.find("tow rope")).passages
    assert (passage.kind, passage.title_path, passage.text) == ("document", ["Towing"], TOWING.text)
    assert (passage.start, passage.end, passage.part) == (0, len(TOWING.text), "body")
    assert passage.updated_at == TOWING.updated_at
    assert 0 < passage.score < 1
    assert passage.features["rare_coverage"] == 1.0
    assert passage.features["pairs"] == 1.0


async def test_english_words_are_found_in_their_other_forms(library: Library) -> None:
    await library.fill(TOWING, WINCH, OXYGEN)
    assert (await library.ids("breathing bottles"))[0] == "oxygen"


async def test_russian_words_are_found_in_their_other_forms(library: Library) -> None:
    await library.fill(TOWING, WINCH, VARIO)
    assert await library.ids("Как проверить вариометры перед полётами?") == ["vario"]


async def test_texts_in_no_known_language_are_found_by_their_words_as_they_are(library: Library) -> None:
    await library.fill(
        TOWING, Piece(id="segelflug", text="Beim Windenstart wird das Seil gestrafft", language=Config.SIMPLE)
    )
    assert await library.ids("windenstart seil") == ["segelflug"]


async def test_a_question_of_stop_words_finds_nothing(library: Library) -> None:
    await library.fill(TOWING, Piece(id="simple", text="the what is of", language=Config.SIMPLE))
    assert await library.ids("what is the") == []


async def test_an_empty_index_answers_with_nothing(library: Library) -> None:
    found = await library.find("tow rope", finder=Finder(HashedWords()))
    assert (found.passages, found.looked_at, found.candidates) == ([], 0, 0)


async def test_a_word_in_the_title_counts_more_than_one_in_the_text(library: Library) -> None:
    await library.fill(
        Piece(id="aside", title="Minutes of May", text="We spoke of hangars, lunch, the ballast and the weather."),
        Piece(id="topic", title="Ballast", text="Water is let out before landing. Hangars, lunch and weather."),
    )
    assert await library.ids("ballast") == ["topic", "aside"]


async def test_words_that_stand_together_count_more_than_apart(library: Library) -> None:
    await library.fill(
        Piece(id="apart", title="A", text="The rate of failures grew and a sink was installed in the kitchen today."),
        Piece(
            id="together", title="B", text="The sink rate of gliders grew, and failures installed in kitchens today."
        ),
    )
    assert await library.ids("sink rate") == ["together", "apart"]


async def test_meaning_finds_what_no_word_says(library: Library) -> None:
    embedder = HashedWords(same=[("aerotow", "tow"), ("lifting", "rope")])
    await library.fill(TOWING, WINCH, OXYGEN, embedder=embedder)
    assert await library.ids("aerotow lifting") == []
    found = await library.find("aerotow lifting", finder=Finder(embedder))
    assert found.by_vectors
    assert found.passages[0].external_id == "towing"
    assert found.passages[0].features["alike"] > 0.9


async def test_vectors_of_another_model_are_never_compared(library: Library) -> None:
    await library.fill(TOWING, WINCH, embedder=HashedWords(model="old"))
    found = await library.find("tow rope", finder=Finder(HashedWords(model="new")))
    assert [one.external_id for one in found.passages] == ["towing"]
    assert not found.by_vectors
    assert found.notes == ["the index has no vectors of new yet; only words were compared"]


async def test_an_embedder_that_fails_is_done_without_and_that_is_said(library: Library) -> None:
    class Failing(HashedWords):
        async def embed(self, texts: Sequence[str]) -> Vectors:
            raise OviaError("it takes too long")

    await library.fill(TOWING, embedder=HashedWords())
    found = await library.find("tow rope", finder=Finder(Failing()))
    assert [one.external_id for one in found.passages] == ["towing"]
    assert found.notes == ["embedded gave no vector (it takes too long); only words were compared"]


async def test_newer_passages_come_first_only_where_that_is_asked_for(library: Library) -> None:
    await library.fill(
        Piece(id="old", title="Winch", text="Winch winch repaired, cable changed.", updated_at=LONG_AGO),
        Piece(id="new", title="Winch", text="Today parts of our winch were oiled by the mechanics.", updated_at=NOW),
    )
    usual = [one.external_id for one in (await library.find("winch repaired")).passages]
    recent = [one.external_id for one in (await library.find("winch repaired", recent=True)).passages]
    assert usual == ["old", "new"]
    assert recent == ["new", "old"]


async def test_a_copy_of_a_passage_is_told_once(library: Library) -> None:
    await library.fill(TOWING, Piece(id="copy", title="Towing", text=TOWING.text.upper()), WINCH)
    assert len(await library.ids("tow rope")) == 1


async def test_a_score_is_low_where_the_questions_rare_words_are_missing(library: Library) -> None:
    await library.fill(*(Piece(id=str(n), text=f"Gliders fly over field {n} each day.") for n in range(50)), TOWING)
    answered = (await library.find("tow rope released metres")).passages[0].score
    unanswered = (await library.find("what do gliders of the Zugspitze cost per kilogram")).passages[0].score
    assert unanswered < 0.5 < answered


async def test_a_reranker_has_the_last_word_and_its_failure_is_said(library: Library) -> None:
    titles = {one.text: one.title for one in (TOWING, OXYGEN)}

    class Backwards:
        name = "judge"
        model = "backwards"

        async def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
            if question == "metres fail":
                raise OviaError("no answer")
            assert [text.partition("\n")[0] for text in texts] == [titles[text.partition("\n")[2]] for text in texts]
            return [place / len(texts) for place in range(len(texts))]

    await library.fill(TOWING, OXYGEN)
    usual = await library.ids("metres")
    judged = await library.find("metres", finder=Finder(None, Backwards()))
    assert [one.external_id for one in judged.passages] == usual[::-1]
    assert judged.passages[0].features["judged"] == 0.5
    failed = await library.find("metres fail", finder=Finder(None, Backwards()))
    assert [one.external_id for one in failed.passages] == usual
    assert failed.notes == ["judge did not judge the passages (no answer)"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(text=st.text(max_size=200))
async def test_no_question_breaks_the_search(library: Library, text: str) -> None:
    embedder = HashedWords()
    if not (await library.find("tow")).looked_at:
        await library.fill(TOWING, VARIO, embedder=embedder)
    found = await library.find(text, finder=Finder(embedder))
    assert found.looked_at == 2
    assert all(0 <= one.score <= 1 for one in found.passages)


async def test_what_words_add_up_to_is_bm25(library: Library) -> None:
    texts = {"a": "tow rope tow winch", "b": "rope field", "c": "field vario oxygen pilot rope radio", "d": "wing"}
    await library.fill(*(Piece(id=name, text=text, language=Config.SIMPLE) for name, text in texts.items()))
    async with library.rag.transaction(library.org_id) as conn:
        found = await search.find(conn, library.org_id, "tow rope field", fusion=Fusion(0, 5), depth=10)
    mean = sum(len(text.split()) for text in texts.values()) / len(texts)
    for name, text in texts.items():
        words = text.split()
        expected = 0.0
        for asked in ("tow", "rope", "field"):
            frequency, having = words.count(asked), sum(asked in other.split() for other in texts.values())
            idf = math.log(1 + (len(texts) - having + 0.5) / (having + 0.5))
            expected += idf * frequency * 2.2 / (frequency + 1.2 * (0.25 + 0.75 * len(words) / mean))
        scored = [hit.bm25 for hit in found.hits if hit.external_id == name]
        assert scored == ([pytest.approx(expected, rel=1e-5)] if expected else [])


async def test_frequent_words_complete_the_best_of_the_rare_ones(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_POSTINGS", 3)
    await library.fill(
        *(Piece(id=f"rope {n}", text=f"The rope number {n} hangs there.") for n in range(10)),
        Piece(id="wanted", text="The purple rope hangs behind the door."),
        Piece(id="other", text="The purple cow stands behind the door."),
    )
    assert (await library.ids("purple rope"))[0] == "wanted"
    assert "rope 1" not in await library.ids("purple rope")
