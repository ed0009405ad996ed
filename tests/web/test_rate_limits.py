from typing import Any, cast

import pytest
from litestar.types import Scope

from ovia_shared.errors import TooManyRequests
from ovia_shared.web.rate_limits import RateLimits, client_address


def scope(peer: str | None, *forwarded: str) -> Scope:
    made: dict[str, Any] = {
        "client": (peer, 4711) if peer is not None else None,
        "headers": [(b"x-forwarded-for", value.encode()) for value in forwarded],
    }
    return cast("Scope", made)


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("9.9.9.9", [], "9.9.9.9"),
        ("9.9.9.9", ["198.51.100.1"], "9.9.9.9"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.3.4", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.3.4", ["198.51.100.1", "2001:db8::7"], "2001:db8::7"),
        ("::1", ["not an address"], "::1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        (None, ["198.51.100.1"], ""),
    ],
)
def test_a_forwarded_address_counts_only_when_a_near_gateway_says_so(
    peer: str | None, forwarded: list[str], address: str
) -> None:
    assert client_address(scope(peer, *forwarded)) == address


def test_one_token_spends_its_own_budget_only() -> None:
    limits = RateLimits(per_token=2, per_address=1)
    limits.spend_token("a")
    limits.spend_token("a")
    with pytest.raises(TooManyRequests) as refused:
        limits.spend_token("a")
    assert 1 <= refused.value.retry_after <= 60
    limits.spend_token("b")
    limits.spend_address("a")


def test_a_budget_is_whole_again_a_minute_after_its_first_request(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock(monkeypatch)
    limits = RateLimits(per_token=2, per_address=1)
    limits.spend_token("a")
    clock.now += 59.5
    limits.spend_token("a")
    with pytest.raises(TooManyRequests) as refused:
        limits.spend_token("a")
    assert refused.value.retry_after == 1
    clock.now += 0.5
    limits.spend_token("a")


def test_being_refused_does_not_prolong_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock(monkeypatch)
    limits = RateLimits(per_token=1, per_address=1)
    limits.spend_address("192.0.2.1")
    for waited in range(60):
        with pytest.raises(TooManyRequests) as refused:
            limits.spend_address("192.0.2.1")
        assert refused.value.retry_after == 60 - waited
        clock.now += 1
    limits.spend_address("192.0.2.1")


def test_addresses_seen_once_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock(monkeypatch)
    limits = RateLimits(per_token=1, per_address=1)
    for number in range(1000):
        limits.spend_address(f"192.0.2.{number}")
    clock.now += 60
    limits.spend_address("198.51.100.1")
    assert len(limits._addresses._spent) == 1


class FakeClock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("ovia_shared.web.rate_limits.time.monotonic", lambda: self.now)
