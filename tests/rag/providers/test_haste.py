"""Whoever asks a question does not wait for long, and a provider that is too slow for it is one that fails."""

import asyncio
import time
from collections.abc import AsyncGenerator

import pytest

from ovia_rag.asking.patience import Hurried, HurriedEmbedder, HurriedReranker
from ovia_rag.providers import haste
from ovia_rag.providers.breaking import FAILURES
from ovia_rag.providers.chat import Completion, Message, Role
from ovia_rag.providers.failures import Failure, ProviderFailed
from ovia_rag.providers.openai import OpenAIChat, OpenAIEmbedder, Route
from ovia_rag.providers.reranking import HttpReranker
from tests.rag.providers.conftest import CallerFor
from tests.rag.providers.fake_model import MODEL, FakeModel, Misbehaviour

MESSAGES = [Message(Role.USER, "Is it so?")]


async def _failure(model: Hurried) -> Failure:
    with pytest.raises(ProviderFailed) as raised:
        await model.complete(MESSAGES)
    return raised.value.failure


async def _take(stream: AsyncGenerator[str | Completion], into: list[object]) -> None:
    async for piece in stream:
        into.append(piece)  # noqa: PERF401 (those before a failure are wanted)


async def test_a_model_that_hangs_again_and_again_is_left_in_peace(
    caller_for: CallerFor, fake_model: FakeModel
) -> None:
    model = OpenAIChat(caller_for(), Route(), model=MODEL)
    fake_model.misbehaves = Misbehaviour.SLOW
    for _ in range(FAILURES):
        assert await _failure(Hurried(model, 0.3)) is Failure.TOO_SLOW
    asked = len(fake_model.asked)
    assert await _failure(Hurried(model, 0.05)) is Failure.RESTING
    assert len(fake_model.asked) == asked


async def test_whose_asker_went_away_did_not_fail(caller_for: CallerFor, fake_model: FakeModel) -> None:
    model = OpenAIChat(caller_for(), Route(), model=MODEL)
    fake_model.misbehaves = Misbehaviour.SLOW
    for number in range(FAILURES + 1):
        asking = asyncio.create_task(Hurried(model).complete(MESSAGES))
        while len(fake_model.asked) <= number:
            await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    fake_model.misbehaves = Misbehaviour.NONE
    assert (await Hurried(model).complete(MESSAGES)).text == "It is so."


async def test_who_was_too_slow_once_is_not_asked_again_for_the_same_question(
    caller_for: CallerFor, fake_model: FakeModel
) -> None:
    model = Hurried(OpenAIChat(caller_for(), Route(), model=MODEL), 0.6)
    fake_model.misbehaves = Misbehaviour.SLOW
    for _ in range(3):
        assert await _failure(model) is Failure.TOO_SLOW
    assert len(fake_model.asked) == 1


async def test_a_stream_ends_when_the_time_of_its_question_does(caller_for: CallerFor, fake_model: FakeModel) -> None:
    fake_model.misbehaves = Misbehaviour.SLOW_STREAM
    stream = Hurried(OpenAIChat(caller_for(), Route(), model=MODEL), 0.6).stream(MESSAGES)
    pieces: list[object] = []
    with pytest.raises(ProviderFailed, match="takes longer than") as raised:
        await _take(stream, pieces)
    assert (raised.value.failure, pieces[0]) == (Failure.TOO_SLOW, "It")
    assert not any(isinstance(piece, Completion) for piece in pieces)


async def test_all_providers_of_a_question_share_its_time(
    caller_for: CallerFor, embedder: OpenAIEmbedder, reranker: HttpReranker, fake_model: FakeModel
) -> None:
    fake_model.misbehaves = Misbehaviour.SLOW
    started = time.monotonic()
    with haste.until(started + 1.5):
        with pytest.raises(ProviderFailed, match="takes longer than"):
            await HurriedEmbedder(embedder).embed(["one"])
        # There is no time left to ask: nobody is blamed for it.
        with pytest.raises(ProviderFailed, match="no time was left to ask rerank"):
            await HurriedReranker(reranker).rerank("one", ["two"])
    assert time.monotonic() - started < 5
    assert fake_model.paths == ["/embeddings"]
    with pytest.raises(ProviderFailed, match="takes longer than"):
        await HurriedReranker(reranker, 0.05).rerank("one", ["two"])


async def test_who_wants_more_patience_than_is_left_is_done_without_at_once(
    caller_for: CallerFor, fake_model: FakeModel
) -> None:
    fake_model.misbehaves = Misbehaviour.BUSY_FOR_A_WHILE
    assert await _failure(Hurried(OpenAIChat(caller_for(), Route(), model=MODEL), 1.5)) is Failure.BUSY
    assert len(fake_model.asked) == 1
