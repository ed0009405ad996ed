"""Replicas come, go and die behind the gateway, and nobody notices."""

import time
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from tests.gateway.conftest import Gateway, Swarm
from tests.gateway.stand_ins import Replica, replica

FIRST, SECOND, THIRD = "127.0.1.1", "127.0.1.2", "127.0.1.3"


@pytest.fixture
def dying(swarm: Swarm) -> Iterator[Replica]:
    """The first replica of the api, which takes requests and never answers."""
    one = swarm.replicas["api"]
    one.asked.clear()
    swarm.replicas["api again"].asked.clear()
    one.dying = True
    yield one
    one.dying = False


@pytest.fixture
def told(swarm: Swarm) -> Iterator[dict[str, list[str]]]:
    """What DNS says, until the test is over."""
    before = dict(swarm.names.names)
    yield swarm.names.names
    swarm.names.names.clear()
    swarm.names.names.update(before)


def until_dns_is_heard(gateway: Gateway, wanted: set[str]) -> None:
    """Waits until exactly these replicas answer."""
    deadline = time.monotonic() + 60
    while {gateway.get("/sync").json().get("address") for _ in range(8)} != wanted:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_replica_nobody_listens_at_is_not_noticed(gateway: Gateway, told: dict[str, list[str]]) -> None:
    # As after a kill -9, until DNS forgets the address.
    told["tasks.api"] = [SECOND, "127.0.1.9", "127.0.1.8"]
    until_dns_is_heard(gateway, {SECOND})
    answers: Counter[int] = Counter()
    with gateway.client() as client:
        for number in range(40):
            method = ("GET", "POST", "PUT")[number % 3]
            answers[gateway.ask_with(client, method, "/sync", content=b"x" * 1000).status_code] += 1
    assert answers == {200: 40}


def test_a_request_that_only_reads_is_asked_again(gateway: Gateway, dying: Replica) -> None:
    answers: Counter[int] = Counter()
    with gateway.client() as client:
        while not dying.asked:
            answers[gateway.ask_with(client, "GET", "/sync").status_code] += 1
    assert set(answers) == {200}


def test_a_change_with_a_key_is_sent_again_whole(gateway: Gateway, dying: Replica, swarm: Swarm) -> None:
    body = b"y" * 100_000
    with gateway.client() as client:
        while not dying.asked:
            answer = gateway.ask_with(client, "POST", "/sync", content=body, headers={"Idempotency-Key": "one"})
            assert answer.status_code == 200
            assert answer.json()["body"] == body.decode()


def test_a_change_without_a_key_is_never_sent_twice(gateway: Gateway, dying: Replica, swarm: Swarm) -> None:
    answers: list[httpx.Response] = []
    with gateway.client() as client:
        while not dying.asked:
            answers.append(gateway.ask_with(client, "POST", "/sync", content=b"z"))
    assert answers[-1].status_code == 503
    assert answers[-1].headers["retry-after"] == "5"
    sent = [*dying.asked, *swarm.replicas["api again"].asked]
    identifiers = [one["headers"]["x-request-id"] for one in sent]
    assert len(set(identifiers)) == len(identifiers)


def test_a_new_replica_gets_requests_and_one_that_left_gets_none(
    gateway: Gateway, swarm: Swarm, told: dict[str, list[str]]
) -> None:
    with replica("api", THIRD, swarm.port) as third:
        told["tasks.api"] = [SECOND, THIRD]
        until_dns_is_heard(gateway, {SECOND, THIRD})
        assert third.asked
        told["tasks.api"] = [SECOND]
        until_dns_is_heard(gateway, {SECOND})
        before = len(third.asked)
        for _ in range(10):
            assert gateway.get("/sync").status_code == 200
        assert len(third.asked) == before


def test_when_all_are_away_callers_are_told_when_to_return(gateway: Gateway, told: dict[str, list[str]]) -> None:
    del told["tasks.metrics"]
    told["tasks.metrics"] = ["127.0.2.9"]
    deadline = time.monotonic() + 60
    while (answer := gateway.get("/team/kpi")).status_code == 200:
        assert time.monotonic() < deadline
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_request_waits_for_a_service_that_is_just_starting(
    gateway: Gateway, swarm: Swarm, told: dict[str, list[str]]
) -> None:
    told["tasks.rag"] = ["127.0.5.1"]
    answers: list[httpx.Response] = []
    deadline = time.monotonic() + 60
    assert gateway.get("/ask").status_code == 503
    with replica("rag", "127.0.5.1", swarm.port):
        while not answers or answers[-1].status_code != 200:
            assert time.monotonic() < deadline
            answers.append(gateway.get("/ask"))
    assert answers[-1].json()["service"] == "rag"
