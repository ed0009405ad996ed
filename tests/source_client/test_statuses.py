"""What the client makes of each status."""

from collections.abc import Iterator
from typing import Any

import pytest

from ovia_shared.errors import SourceError, SourceFault, SourceRefused
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.source import Deployment, SourceCredentials, SourceSettings
from ovia_shared.source_client.credentials import authorization
from tests.source_client.conftest import FakeTime, client_of
from tests.source_client.mocked import MockedSource

BASE = "https://tracker.example/jira"
URL = f"{BASE}/rest/api/3/field?x=1"
PATH = "/rest/api/3/field"
TOKEN = "hush-hush-7781"
HEADERS = authorization(ConnectionKind.JIRA, Deployment.CLOUD, SourceCredentials(TOKEN, "ada@x.example"))
FOUR_TRIES = SourceSettings(max_tries=4)


@pytest.fixture
def source() -> Iterator[MockedSource]:
    source = MockedSource()
    with source:
        yield source


async def got() -> Any:
    async with client_of(BASE, FOUR_TRIES, HEADERS) as client:
        answer = await client.get(PATH, {"x": 1})
        return answer.decode(Any), client.requests


async def refused() -> SourceRefused:
    with pytest.raises(SourceRefused) as caught:
        await got()
    assert caught.value.fault is SourceFault.FATAL
    assert TOKEN not in str(caught.value)
    return caught.value


async def test_a_success_is_decoded(source: MockedSource) -> None:
    source.get(URL, payload=[1])
    assert await got() == ([1], 1)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_passing_fault_is_tried_again(source: MockedSource, status: int) -> None:
    source.get(URL, status=status, repeat=3)
    source.get(URL, payload=[1])
    assert await got() == ([1], 4)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_tries_come_to_an_end(source: MockedSource, status: int) -> None:
    source.get(URL, status=status, repeat=True, body="<h1>sorry</h1>")
    with pytest.raises(SourceError) as caught:
        await got()
    assert caught.value.fault is SourceFault.RETRIABLE
    assert not isinstance(caught.value, SourceRefused)
    assert caught.value.message.startswith(f"Tracker: {status} for /jira{PATH}: ")
    assert caught.value.message.endswith("(tried 4 times)")
    assert sum(len(calls) for calls in source.requests.values()) == 4


@pytest.mark.parametrize("status", [501, 505, 520])
async def test_other_faults_of_the_server_wait_for_the_next_run(source: MockedSource, status: int) -> None:
    source.get(URL, status=status)
    with pytest.raises(SourceError, match=f"{status} for") as caught:
        await got()
    assert caught.value.fault is SourceFault.RETRIABLE


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (400, "does not accept the request"),
        (401, "enter a new token"),
        (403, "lacks the permission"),
        (404, "check the base URL"),
        (410, "no longer offers"),
        (414, "too large"),
        (422, "does not accept the request"),
    ],
)
async def test_a_no_fails_at_once_and_says_what_to_mend(source: MockedSource, status: int, hint: str) -> None:
    source.get(URL, status=status, body="<html>no</html>")
    error = await refused()
    assert error.status == status
    assert error.message.startswith(f"Tracker: {status} for /jira{PATH}: ")
    assert hint in error.message
    assert "x=1" not in error.message


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        ({"errorMessages": ["No field 'a'."], "errors": {"jql": "wrong"}}, "No field 'a'.; jql: wrong"),
        ({"message": "404 Project Not Found"}, "404 Project Not Found"),
        ({"message": {"name": ["is too long"]}}, "name: is too long"),
        ({"errors": [{"status": 400, "title": "Bad Request", "detail": "limit"}]}, "Bad Request; limit"),
        ({"error": "invalid", "error_description": "two\nlines"}, "invalid; two lines"),
        ({"message": f"no such token {TOKEN} or {HEADERS['Authorization']}"}, "no such token *** or ***"),
    ],
)  # fmt: skip
async def test_the_sources_own_words_are_quoted_without_secrets(source: MockedSource, said: Any, quoted: str) -> None:
    source.get(URL, status=400, payload=said)
    assert (await refused()).message.endswith(f'; it says "{quoted}"')


@pytest.mark.parametrize(
    "said", [{"message": "x" * 10_000}, {"message": "x" * 295 + TOKEN * 100}, {"errors": ["y"] * 10**4}]
)
async def test_long_words_are_cut_and_no_piece_of_a_secret_is_left(source: MockedSource, said: Any) -> None:
    source.get(URL, status=400, payload=said)
    message = (await refused()).message
    assert len(message) < 500
    assert TOKEN[:4] not in message


@pytest.mark.parametrize("said", ["[" * 50_000, '{"message": null, "errors": 7}', "{", '"\\ud800"', ""])
async def test_words_that_cannot_be_read_are_left_out(source: MockedSource, said: str) -> None:
    source.get(URL, status=400, body=said)
    assert (await refused()).message.isprintable()


async def test_a_token_without_the_scope_is_told_which(source: MockedSource) -> None:
    source.get(URL, status=403, payload={"error": "insufficient_scope", "scope": "api read_api"})
    assert "make one with read_api" in (await refused()).message


async def test_a_view_for_nobody_is_no_success(source: MockedSource) -> None:
    source.get(URL, payload=[], headers={"X-Seraph-Loginreason": "AUTHENTICATED_FAILED"})
    assert (await refused()).status == 401


async def test_a_captcha_is_named(source: MockedSource) -> None:
    denied = {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=https://tracker.example/login"}
    source.get(URL, status=403, headers=denied)
    error = await refused()
    assert (error.status, "log in once in a browser" in error.message) == (401, True)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<!doctype html><title>Log in</title>", "a web page instead of JSON: is a login page or a proxy in front?"),
        ('{"values": [1, 2', "something that is not JSON, or not all of it"),
        ("", "nothing at all"),
    ],
)
async def test_a_success_that_is_not_json_is_tried_again_and_then_told(
    source: MockedSource, body: str, told: str
) -> None:
    source.get(URL, body=body, repeat=3)
    source.get(URL, payload=[1])
    assert await got() == ([1], 4)
    source.get(URL, body=body, repeat=True)
    with pytest.raises(SourceError) as caught:
        await got()
    assert caught.value.fault is SourceFault.RETRIABLE
    assert told in caught.value.message


async def test_a_page_beyond_the_limit_is_an_error(source: MockedSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ovia_shared.source_client.client.MOST_BYTES", 1024)
    source.get(URL, payload="x" * 1022)
    assert (await got())[1] == 1
    source.get(URL, payload="x" * 1023)
    with pytest.raises(SourceError, match="too large") as caught:
        await got()
    assert caught.value.fault is SourceFault.FATAL


@pytest.mark.parametrize("status", [200, 429, 503])
async def test_retry_after_is_obeyed_whatever_the_status(
    source: MockedSource, status: int, fake_time: FakeTime
) -> None:
    source.get(URL, status=status, headers={"Retry-After": "17"}, payload=[])
    source.get(URL, payload=[1])
    async with client_of(BASE, FOUR_TRIES, tempo=fake_time.tempo) as client:
        await client.get(PATH, {"x": 1})
        if status == 200:
            await client.get(PATH, {"x": 1})
    assert (fake_time.passed, client.requests) == (17, 2)


async def test_a_wait_of_hours_is_left_to_the_next_run(source: MockedSource, fake_time: FakeTime) -> None:
    source.get(URL, status=429, headers={"Retry-After": "9000"})
    async with client_of(BASE, SourceSettings(max_tries=1), tempo=fake_time.tempo) as client:
        for _ in range(2):
            with pytest.raises(SourceError, match="until 2026-03-02 12:30:00 UTC") as caught:
                await client.get(PATH, {"x": 1})
            assert caught.value.fault is SourceFault.RETRIABLE
    assert (fake_time.passed, client.requests) == (0, 1)
