"""Models of others: whatever they do, there is a whole text or a reason why there is none."""

import asyncio
import json
import socket
from typing import Any

import pytest

from ovia_rag.providers.breaking import FAILURES, Breaker
from ovia_rag.providers.calling import Caller, Target
from ovia_rag.providers.chat import ChatModel, Completion, Message, Role
from ovia_rag.providers.failures import Failure, ProviderFailed
from ovia_rag.providers.openai import OpenAIChat, Route
from tests.rag.providers.conftest import QUICK, CallerFor, ChatFor
from tests.rag.providers.fake_model import MODEL, FakeModel, Misbehaviour

MESSAGES = [Message(Role.SYSTEM, "Answer shortly."), Message(Role.USER, "Is it so?")]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"so": {"type": "boolean"}},
    "required": ["so"],
    "additionalProperties": False,
}

LASTING: list[tuple[Misbehaviour, Failure]] = [
    (Misbehaviour.BUSY, Failure.BUSY),
    (Misbehaviour.BUSY_FOR_LONG, Failure.BUSY),
    (Misbehaviour.BROKEN, Failure.IN_TROUBLE),
    (Misbehaviour.DROPPED, Failure.IN_TROUBLE),
    (Misbehaviour.NOT_AUTHENTICATED, Failure.REFUSED),
    (Misbehaviour.UNKNOWN_MODEL, Failure.REFUSED),
    (Misbehaviour.REDIRECT, Failure.UNUSABLE),
    (Misbehaviour.NOTHING, Failure.UNUSABLE),
    (Misbehaviour.CUT_OFF, Failure.UNUSABLE),
    (Misbehaviour.DECLINES, Failure.DECLINED),
]
OF_WHOLES = [
    (Misbehaviour.WEB_PAGE, Failure.UNUSABLE),
    (Misbehaviour.CUT_JSON, Failure.UNUSABLE),
    (Misbehaviour.WRONG_SHAPE, Failure.UNUSABLE),
    (Misbehaviour.DEEP_JSON, Failure.UNUSABLE),
]
OF_STREAMS = [
    (Misbehaviour.CUT_STREAM, Failure.UNUSABLE),
    (Misbehaviour.DROPPED_STREAM, Failure.IN_TROUBLE),
    (Misbehaviour.BROKEN_STREAM, Failure.UNUSABLE),
    (Misbehaviour.WEB_PAGE, Failure.UNUSABLE),
]


async def streamed(model: ChatModel) -> list[str | Completion]:
    return [piece async for piece in model.stream(MESSAGES)]


async def _take(model: ChatModel, into: list[str | Completion]) -> None:
    stream = model.stream(MESSAGES)
    while True:
        into.append(await anext(stream))


async def test_a_text_is_whole_and_its_tokens_are_told(chat_for: ChatFor, fake_model: FakeModel) -> None:
    done = await chat_for().complete(MESSAGES, max_tokens=50)
    assert done == Completion(text="It is so.", prompt_tokens=11, completion_tokens=5)
    sent = fake_model.asked[0]
    assert "Answer shortly." in json.dumps(sent)
    assert 50 in (sent.get("max_tokens"), sent.get("max_completion_tokens"))


async def test_a_stream_gives_the_pieces_and_then_the_whole(chat_for: ChatFor) -> None:
    *pieces, done = await streamed(chat_for())
    assert pieces == ["It", " is", " so."]
    assert done == Completion(text="It is so.", prompt_tokens=11, completion_tokens=5)


async def test_json_is_asked_for_by_its_schema(chat_for: ChatFor, fake_model: FakeModel) -> None:
    fake_model.says = '{"so": true}'
    done = await chat_for().complete(MESSAGES, schema=SCHEMA)
    assert json.loads(done.text) == {"so": True}
    assert json.dumps(SCHEMA) in json.dumps(fake_model.asked[0])


async def test_a_schema_that_leaves_something_open_is_not_said_to_be_binding(
    caller_for: CallerFor, fake_model: FakeModel
) -> None:
    fake_model.says = "{}"
    model = OpenAIChat(caller_for(), Route(), model=MODEL)
    await model.complete(MESSAGES, schema=SCHEMA)
    await model.complete(
        MESSAGES, schema={"type": "object", "properties": {"list": {"items": SCHEMA | {"required": []}}}}
    )
    bindings = [one["response_format"]["json_schema"]["strict"] for one in fake_model.asked]
    assert bindings == [True, False]


@pytest.mark.parametrize(("misbehaves", "failure"), LASTING + OF_WHOLES)
async def test_what_goes_wrong_is_told_without_the_servers_words(
    chat_for: ChatFor, fake_model: FakeModel, misbehaves: Misbehaviour, failure: Failure
) -> None:
    fake_model.misbehaves = misbehaves
    with pytest.raises(ProviderFailed) as raised:
        await chat_for().complete(MESSAGES)
    assert raised.value.failure is failure, raised.value.message
    assert "secret" not in raised.value.message
    assert "sk-" not in raised.value.message


@pytest.mark.parametrize(("misbehaves", "failure"), LASTING + OF_STREAMS)
async def test_a_stream_that_goes_wrong_has_no_whole_at_its_end(
    chat_for: ChatFor, fake_model: FakeModel, misbehaves: Misbehaviour, failure: Failure
) -> None:
    fake_model.misbehaves = misbehaves
    pieces: list[str | Completion] = []

    with pytest.raises(ProviderFailed) as raised:
        await _take(chat_for(), into=pieces)
    assert raised.value.failure is failure, raised.value.message
    assert not any(isinstance(piece, Completion) for piece in pieces)


@pytest.mark.parametrize("misbehaves", [Misbehaviour.BUSY, Misbehaviour.BROKEN])
async def test_trying_again_helps_against_what_passes(
    chat_for: ChatFor, fake_model: FakeModel, misbehaves: Misbehaviour
) -> None:
    fake_model.misbehaves, fake_model.failures = misbehaves, 2
    assert (await chat_for().complete(MESSAGES)).text == "It is so."
    assert len(fake_model.asked) == 3
    fake_model.failures = 1
    assert isinstance((await streamed(chat_for()))[-1], Completion)


async def test_a_refusal_is_not_tried_again(chat_for: ChatFor, fake_model: FakeModel) -> None:
    fake_model.misbehaves = Misbehaviour.NOT_AUTHENTICATED
    with pytest.raises(ProviderFailed):
        await chat_for().complete(MESSAGES)
    assert len(fake_model.asked) == 1


async def test_who_asks_for_patience_beyond_ours_is_not_waited_for(chat_for: ChatFor, fake_model: FakeModel) -> None:
    fake_model.misbehaves = Misbehaviour.BUSY_FOR_A_WHILE
    with pytest.raises(ProviderFailed, match="left in peace") as raised:
        await chat_for(patience=1).complete(MESSAGES)
    assert raised.value.failure is Failure.BUSY
    assert len(fake_model.asked) == 1


@pytest.mark.parametrize("misbehaves", [Misbehaviour.SLOW, Misbehaviour.SLOW_STREAM])
async def test_who_is_slow_is_waited_for_so_long_and_no_longer(
    chat_for: ChatFor, fake_model: FakeModel, misbehaves: Misbehaviour
) -> None:
    fake_model.misbehaves = misbehaves
    async with asyncio.timeout(15):
        with pytest.raises(ProviderFailed) as raised:
            await streamed(chat_for(patience=0.2))
    assert raised.value.failure is Failure.TOO_SLOW


async def test_leaving_a_stream_early_leaves_nothing_open(chat_for: ChatFor, fake_model: FakeModel) -> None:
    fake_model.misbehaves = Misbehaviour.SLOW_STREAM
    model = chat_for()
    stream = model.stream(MESSAGES)
    assert await anext(stream) == "It"
    await stream.aclose()
    fake_model.misbehaves = Misbehaviour.NONE
    assert (await model.complete(MESSAGES)).text == "It is so."


async def test_who_fails_again_and_again_is_left_in_peace_and_tried_again_later(
    caller_for: CallerFor, fake_model: FakeModel
) -> None:
    now = 0.0
    model = OpenAIChat(caller_for(breaker=Breaker("Fake", lambda: now)), Route(), model=MODEL)
    fake_model.misbehaves = Misbehaviour.WRONG_SHAPE
    for _ in range(FAILURES):
        with pytest.raises(ProviderFailed, match="something unexpected"):
            await model.complete(MESSAGES)
    asked = len(fake_model.asked)
    with pytest.raises(ProviderFailed, match="left in peace") as raised:
        await model.complete(MESSAGES)
    assert (raised.value.failure, len(fake_model.asked)) == (Failure.RESTING, asked)
    now, fake_model.misbehaves = 16.0, Misbehaviour.NONE
    assert (await model.complete(MESSAGES)).text == "It is so."


async def test_who_counts_no_tokens_has_them_estimated(caller_for: CallerFor, fake_model: FakeModel) -> None:
    fake_model.misbehaves = Misbehaviour.NONE
    model = OpenAIChat(caller_for(), Route(), model=MODEL)
    done = await model.complete(MESSAGES)
    assert done.prompt_tokens == 11
    fake_model.counts = False
    done = await model.complete(MESSAGES)
    assert (done.prompt_tokens > 10, done.completion_tokens) == (True, 3)


async def test_where_nobody_listens_it_is_said() -> None:
    with socket.socket() as held:
        # Bound and not listening: nobody else can take it meanwhile.
        held.bind(("127.0.0.1", 0))
        target = Target(title="Fake", base_url=f"http://127.0.0.1:{held.getsockname()[1]}")
        async with Caller(target, tempo=QUICK) as caller:
            with pytest.raises(ProviderFailed, match="refuses the connection") as raised:
                await OpenAIChat(caller, Route(), model=MODEL).complete(MESSAGES)
    assert raised.value.failure is Failure.UNREACHABLE
