"""The vectors that come with Ovia."""

import socket
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovia_rag.providers import embedded
from ovia_rag.providers.embedded import DIMENSION, Embedded
from ovia_rag.providers.embedding import Embedder

# Questions and, at the same places, what answers them, with hardly a word in common.
QUESTIONS = [
    "How do we roll back a release?",
    "Why are payments failing?",
    "Vacation policy",
    "How is the database backed up?",
    "Code review rules",
    "Certificate expired",
]
ANSWERS = [
    "Reverting a deployment: run the previous image and restore traffic",
    "Card charges are declined when the acquirer times out",
    "Employees have 28 days of paid leave each year",
    "Snapshots of Postgres are stored every night in object storage",
    "Every merge request needs two approvals from other developers",
    "TLS of the gateway was not renewed in time",
]


async def test_answers_are_mostly_nearer_to_their_questions_than_other_texts_are() -> None:
    embedder: Embedder = Embedded()
    likeness = await embedder.embed(QUESTIONS) @ (await embedder.embed(ANSWERS)).T
    right = sum(int(row.argmax()) == place for place, row in enumerate(likeness))
    # By chance it would be one.
    assert right >= len(QUESTIONS) - 1


async def test_no_network_is_used_to_load_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise AssertionError("a name was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setattr(socket.socket, "connect", refused)
    embedded._load.cache_clear()
    assert (await Embedded().embed(["one text"])).shape == (1, DIMENSION)


async def test_words_in_other_scripts_are_left_out() -> None:
    mixed, latin, russian, chinese, nothing, dots = await Embedded().embed(
        ["Почему упал webhook в gateway?", " webhook gateway?", "Почему упал деплой?", "为什么", "", "... , !"]
    )
    assert float(mixed @ latin) > 0.95
    assert not any(row.any() for row in (russian, chinese, nothing, dots))


async def test_accented_letters_are_latin() -> None:
    assert (await Embedded().embed(["Übergröße café naïve"])).any()


async def test_of_no_texts_there_are_no_rows() -> None:
    assert (await Embedded().embed([])).shape == (0, DIMENSION)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=300), max_size=5))
def test_rows_have_length_one_or_say_nothing_and_do_not_depend_on_their_neighbours(texts: list[str]) -> None:
    together = embedded._vectors(texts)
    lengths = np.linalg.norm(together, axis=1)
    assert together.dtype == np.float32
    assert np.all((np.abs(lengths - 1) < 1e-4) | (lengths == 0))
    for place, text in enumerate(texts):
        assert np.allclose(embedded._vectors([text])[0], together[place], atol=1e-5)


async def test_more_texts_than_are_looked_at_at_once_keep_their_order() -> None:
    texts = [f"build {number} failed" for number in range(300)]
    made = await Embedded().embed(texts)
    assert np.allclose(made[299], (await Embedded().embed([texts[299]]))[0], atol=1e-5)
