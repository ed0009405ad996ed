"""When the next request may be sent."""

import asyncio
from datetime import timedelta
from email.utils import format_datetime

import pytest

from ovia_shared.errors import SourceError, SourceFault
from ovia_shared.source_client.gate import Gate
from ovia_shared.source_client.tempo import Tempo
from tests.source_client.conftest import FakeTime

PATH = "/rest/api/3/search/jql"


async def waited(fake_time: FakeTime, headers: dict[str, str], *, under_way: int = 0) -> float:
    gate = Gate("Tracker", None, fake_time.tempo)
    gate.heed(PATH, {name: str(value) for name, value in headers.items()}, under_way)
    await gate.turn(PATH)
    return fake_time.passed


async def test_retry_after_is_waited_for(fake_time: FakeTime) -> None:
    assert await waited(fake_time, {"Retry-After": "7"}) == 7


async def test_retry_after_may_be_a_date_by_the_sources_clock(fake_time: FakeTime) -> None:
    theirs = fake_time.now - timedelta(hours=5)
    told = {"Date": format_datetime(theirs), "Retry-After": format_datetime(theirs + timedelta(seconds=9))}
    assert await waited(fake_time, told) == 9


async def test_without_a_date_header_a_date_is_compared_with_our_clock(fake_time: FakeTime) -> None:
    assert await waited(fake_time, {"Retry-After": format_datetime(fake_time.now + timedelta(seconds=11))}) == 11


@pytest.mark.parametrize("text", ["", "soon", "-5", "0", "Mon, 02 Mar 2020 10:00:00 GMT", "1e3x", "\u0667"])
async def test_a_retry_after_that_says_nothing_keeps_nobody_waiting(fake_time: FakeTime, text: str) -> None:
    assert await waited(fake_time, {"Retry-After": text}) == 0


async def test_more_than_an_hour_is_an_error_that_names_the_time(fake_time: FakeTime) -> None:
    with pytest.raises(SourceError, match="until 2026-03-02 12:00:00 UTC") as caught:
        await waited(fake_time, {"Retry-After": "7200"})
    assert caught.value.fault is SourceFault.RETRIABLE


async def test_even_an_absurd_wait_is_told_as_a_time(fake_time: FakeTime) -> None:
    with pytest.raises(SourceError, match="asks to be left in peace until 20"):
        await waited(fake_time, {"Retry-After": "9" * 200})


async def test_an_hour_is_waited_for(fake_time: FakeTime) -> None:
    assert await waited(fake_time, {"Retry-After": "3600"}) == 3600


async def test_a_shorter_wait_does_not_shorten_a_longer_one(fake_time: FakeTime) -> None:
    gate = Gate("Tracker", None, fake_time.tempo)
    gate.heed(PATH, {"Retry-After": "30"})
    gate.heed(PATH, {"Retry-After": "1"})
    await gate.turn("/another/path")
    assert fake_time.passed == 30


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        # GitLab: seconds since 1970.
        ({"RateLimit-Limit": "60", "RateLimit-Remaining": "0", "RateLimit-Reset": "1772445620"}, 20),
        ({"RateLimit-Limit": "60", "RateLimit-Remaining": "5", "RateLimit-Reset": "1772445620"}, 0),
        # The last two in a hundred are left alone.
        ({"RateLimit-Limit": "2000", "RateLimit-Remaining": "39", "RateLimit-Reset": "1772445620"}, 20),
        ({"RateLimit-Limit": "2000", "RateLimit-Remaining": "40", "RateLimit-Reset": "1772445620"}, 0),
        # The IETF's draft: seconds from now, and a limit with its window.
        ({"RateLimit-Limit": "10, 10;w=60", "RateLimit-Remaining": "0", "RateLimit-Reset": "33"}, 33),
        # Atlassian: an ISO date.
        ({"X-RateLimit-Limit": "350", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-03-02T10:01Z"}, 60),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-03-02T12:00:30.000+02:00"}, 30),
        # Jira Data Center: so much each interval.
        ({"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0", "X-RateLimit-Interval-Seconds": "3"}, 3),
        # Nothing to go by, a time past, and nonsense.
        ({"X-RateLimit-Remaining": "0"}, 0),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "1772445000"}, 0),
        ({"RateLimit-Remaining": "many", "RateLimit-Reset": "soon"}, 0),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "soon"}, 0),
    ],
)
async def test_a_used_up_limit_is_waited_for(fake_time: FakeTime, headers: dict[str, str], seconds: float) -> None:
    assert await waited(fake_time, headers) == seconds


async def test_requests_under_way_may_not_be_counted_yet(fake_time: FakeTime) -> None:
    headers = {"RateLimit-Limit": "60", "RateLimit-Remaining": "5", "RateLimit-Reset": "20"}
    assert await waited(fake_time, headers, under_way=7) == 20


async def test_a_named_limit_holds_back_only_what_counts_towards_it(fake_time: FakeTime) -> None:
    gate = Gate("Tracker", None, fake_time.tempo)
    gate.heed("/api/v4/projects/1/jobs", {"RateLimit-Name": "jobs", "RateLimit-Remaining": "9"})
    gate.heed("/api/v4/projects/2/jobs", {"RateLimit-Name": "jobs", "RateLimit-Remaining": "0", "RateLimit-Reset": "8"})
    gate.heed("/api/v4/users", {"RateLimit-Name": "users", "RateLimit-Remaining": "9"})
    await gate.turn("/api/v4/users")
    assert fake_time.passed == 0
    await gate.turn("/api/v4/projects/3/jobs")
    assert fake_time.passed == 8


async def test_a_gate_that_closes_anew_while_one_waits_is_waited_for_again(fake_time: FakeTime) -> None:
    gate = Gate("Tracker", None, fake_time.tempo)
    gate.heed(PATH, {"Retry-After": "5"})
    waiting = asyncio.create_task(gate.turn(PATH))
    await asyncio.sleep(0)
    gate.heed(PATH, {"Retry-After": "5"})
    await waiting
    assert fake_time.passed == 10


async def test_requests_are_spread_to_the_pace_that_is_set() -> None:
    loop = asyncio.get_running_loop()
    gate = Gate("Tracker", 100, Tempo())
    started = loop.time()
    await asyncio.gather(*(gate.turn(PATH) for _ in range(21)))
    assert 0.19 <= loop.time() - started < 1
