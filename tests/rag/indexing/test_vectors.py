"""Every piece gets its vector by the model that was chosen, and words do not wait for it."""

from collections.abc import Sequence

import numpy as np
import pytest

from ovia_rag.providers.embedding import Vectors
from ovia_rag.providers.failures import Failure, ProviderFailed
from ovia_shared.database.ask import embeddings
from tests.rag.indexing.conftest import Hashed, Texts


async def test_a_model_that_fails_keeps_nobody_from_finding_words(texts: Texts) -> None:
    assert texts.embedder is not None
    texts.embedder.refused["Waxed"] = ProviderFailed("asleep", failure=Failure.UNREACHABLE)
    await texts.put("documents", "1", body="Waxed.")
    with pytest.raises(ProviderFailed):
        await texts.index()
    assert await texts.told() == ["Waxed."]
    state = await texts.state()
    assert (state.failure, state.looked_at is not None) == ("asleep", True)
    texts.embedder.refused.clear()
    await texts.index()
    assert (await texts.state()).failure is None
    assert await texts.rows(
        "select count(*) from ask_chunks c where not exists (select from ask_embeddings e where e.chunk_id = c.id)"
    ) == [(0,)]


async def test_a_piece_the_model_refuses_is_left_out_and_told(texts: Texts) -> None:
    assert texts.embedder is not None
    texts.embedder.refused["poison"] = ProviderFailed("too long", failure=Failure.REFUSED)
    for name in range(20):
        await texts.put("documents", str(name), body="A poison." if name == 7 else f"Body {name}.")
    await texts.index()
    assert await texts.rows(
        "select content from ask_chunks c where not exists (select from ask_embeddings e where e.chunk_id = c.id)"
    ) == [("A poison.",)]
    async with texts.database.transaction(texts.org_id) as conn:
        serving = await embeddings.serving(conn, texts.org_id)
    assert serving is not None
    assert serving.left_out == 1


@pytest.mark.parametrize("word", ["Body", "e"])
async def test_a_model_that_refuses_everything_leaves_nothing_out(texts: Texts, word: str) -> None:
    assert texts.embedder is not None
    texts.embedder.refused[word] = ProviderFailed("no such model", failure=Failure.REFUSED)
    for name in range(20):
        await texts.put("documents", str(name), body=f"Body {name}.")
    with pytest.raises(ProviderFailed):
        await texts.index()
    async with texts.database.transaction(texts.org_id) as conn:
        serving = await embeddings.serving(conn, texts.org_id)
    assert serving is not None
    assert (serving.filled, serving.left_out) == (0, 0)


async def test_another_models_vectors_are_made_while_the_old_ones_serve(
    texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ovia_rag.indexing.vectors.AT_ONCE", 10)
    for name in range(20):
        await texts.put("documents", str(name), body=f"Body {name}.")
    await texts.index()
    chunks = (await texts.state()).chunks

    class Watched(Hashed):
        async def embed(self, given: Sequence[str]) -> Vectors:
            async with texts.database.transaction(texts.org_id) as conn:
                serving = await embeddings.serving(conn, texts.org_id)
            assert serving is not None
            assert serving.model == "hashed-1"
            if len(self.asked) >= 10 and not self.refused:
                raise ProviderFailed("out of money", failure=Failure.BUDGET_SPENT)
            return await super().embed(given)

    texts.embedder = other = Watched("hashed-2", 384)
    with pytest.raises(ProviderFailed):
        await texts.index()
    made = len(other.asked)
    assert 0 < made < chunks
    other.refused["no such word"] = ProviderFailed("never", failure=Failure.BUSY)
    assert (await texts.index()).vectors == chunks - made
    assert await texts.rows("select model, state from ask_embedding_indexes") == [("hashed-2", "serving")]
    assert await texts.rows("select dimension, count(*) from ask_embeddings group by dimension") == [(384, chunks)]


async def test_a_rebuild_makes_words_and_vectors_anew_and_keeps_the_pieces(texts: Texts) -> None:
    await texts.put("documents", "1", body="Waxed wings.")
    await texts.put("documents", "2", body="Painted tails.")
    await texts.index()
    before = await texts.rows("select id, content from ask_chunks order by id")
    # As if another release of the dictionary had stemmed them.
    await texts.admin.execute("update ask_chunks set words = to_tsvector('simple', content) where external_id = '1'")
    await texts.admin.execute(
        "delete from ask_postings where lexeme = 'wing'; update ask_terms set chunks = chunks + 1"
    )
    assert texts.embedder is not None
    texts.embedder.asked.clear()
    await texts.index(anew=True)
    assert await texts.rows("select id, content from ask_chunks order by id") == before
    assert await texts.rows("select lexeme, chunks from ask_terms where lexeme in ('wing', 'tail') order by 1") == [
        ("tail", 1), ("wing", 1),
    ]  # fmt: skip
    assert len(texts.embedder.asked) == len(before)
    assert await texts.rows("select state from ask_embedding_indexes") == [("serving",)]


async def test_without_a_model_there_are_words_only(texts: Texts) -> None:
    texts.embedder = None
    await texts.put("documents", "1", body="Waxed.")
    await texts.index()
    assert await texts.told() == ["Waxed."]
    assert await texts.rows("select count(*) from ask_embedding_indexes") == [(0,)]


async def test_a_text_that_says_nothing_to_the_model_has_no_vector_and_is_not_asked_for_again(texts: Texts) -> None:
    class Deaf(Hashed):
        async def embed(self, given: Sequence[str]) -> Vectors:
            return np.zeros_like(await super().embed(given))

    texts.embedder = deaf = Deaf()
    await texts.put("documents", "1", body="Воск.")
    await texts.index()
    assert await texts.rows("select count(*) from ask_embeddings") == [(0,)]
    deaf.asked.clear()
    await texts.index()
    assert deaf.asked == []
