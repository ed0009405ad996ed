"""Many requests at once to a source that fails now and then: every answer right, tries bounded, silence kept."""

import asyncio
import random
import time
from collections import Counter

import pytest
from aiohttp import web

from ovia_shared.models.source import SourceSettings
from ovia_shared.source_client.client import SourceClient
from tests.source_client.conftest import Serve, client_of

REQUESTS = 300
MOST_TRIES = 15


async def _cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"number": ')
    assert request.transport is not None
    request.transport.close()
    return response


async def _reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _hang(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(0.4)
    return web.json_response({"number": -1})


async def _limit(request: web.Request) -> web.StreamResponse:
    return web.Response(status=429, headers={"Retry-After": "0.02"})


async def _unavailable(request: web.Request) -> web.StreamResponse:
    return web.Response(status=random.choice([500, 502, 503, 504]), text="<h1>Sorry</h1>")


async def _page(request: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>Log in</html>", content_type="text/html")


async def _half(request: web.Request) -> web.StreamResponse:
    return web.Response(text='{"number": 1', content_type="application/json")


class Moody:
    """Answers a number with itself, except for a share of the requests."""

    def __init__(self, *faults: object, share: float) -> None:
        self.chance = random.Random(20260302)
        self.faults, self.share = faults, share
        self.asked: Counter[int] = Counter()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        number = int(request.query["number"])
        self.asked[number] += 1
        if self.chance.random() < self.share:
            fault = self.chance.choice(self.faults)
            assert callable(fault)
            response: web.StreamResponse = await fault(request)
            return response
        return web.json_response({"number": number})


async def ask_all(client: SourceClient, numbers: range) -> list[int]:
    answers = await asyncio.gather(*(client.get("/", {"number": number}) for number in numbers))
    return [answer.decode(dict[str, int])["number"] for answer in answers]


@pytest.mark.parametrize("share", [0.1, 0.3])
@pytest.mark.parametrize("fault", [_cut, _reset, _limit, _unavailable, _page, _half])
async def test_every_answer_is_right_whatever_fails(serve: Serve, fault: object, share: float) -> None:
    source = Moody(fault, share=share)
    async with client_of(await serve(source.answer), SourceSettings(max_tries=MOST_TRIES)) as client:
        assert await ask_all(client, range(REQUESTS)) == list(range(REQUESTS))
    assert client.requests == source.asked.total() > REQUESTS
    assert max(source.asked.values()) <= MOST_TRIES


async def test_silence_now_and_then_is_waited_out(serve: Serve) -> None:
    source = Moody(_hang, share=0.1)
    settings = SourceSettings(max_tries=MOST_TRIES, timeout_seconds=0.1)
    async with client_of(await serve(source.answer), settings, concurrency=20) as client:
        assert await ask_all(client, range(REQUESTS)) == list(range(REQUESTS))


async def test_two_clients_with_all_faults_at_once(serve: Serve) -> None:
    source = Moody(_cut, _reset, _limit, _unavailable, _page, _half, share=0.3)
    base, settings = await serve(source.answer), SourceSettings(max_tries=MOST_TRIES)
    async with client_of(base, settings) as one, client_of(base, settings) as other:
        found = await asyncio.gather(ask_all(one, range(REQUESTS)), ask_all(other, range(REQUESTS, 2 * REQUESTS)))
    assert [*found[0], *found[1]] == list(range(2 * REQUESTS))
    assert one.requests + other.requests == source.asked.total()


async def test_no_more_requests_are_under_way_than_are_allowed(serve: Serve) -> None:
    now = most = 0

    async def slow(request: web.Request) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1
        return web.json_response({"number": 1})

    async with client_of(await serve(slow), concurrency=3) as client:
        await ask_all(client, range(30))
    assert most == 3


async def test_nobody_asks_before_retry_after_has_passed(serve: Serve) -> None:
    silent_from = 0.0
    under_way = 0
    arrivals: list[float] = []
    holding, released = asyncio.Event(), asyncio.Event()

    async def limited(request: web.Request) -> web.Response:
        nonlocal silent_from, under_way
        arrivals.append(time.monotonic())
        under_way += 1
        try:
            if len(arrivals) == 20:
                # All others are held here first, so whatever comes after this answer was asked after it.
                holding.set()
                while under_way < 8:
                    await asyncio.sleep(0.001)
                silent_from = time.monotonic()
                asyncio.get_running_loop().call_later(0.3, released.set)
                return web.Response(status=429, headers={"Retry-After": "1"})
            await asyncio.sleep(0.01)
            if holding.is_set():
                await released.wait()
            return web.json_response({"number": 1})
        finally:
            under_way -= 1

    async with client_of(await serve(limited), concurrency=8) as client:
        await ask_all(client, range(100))
    assert len(arrivals) == 101
    assert [moment for moment in arrivals if silent_from < moment < silent_from + 1.0] == []
