"""When a provider is left in peace, and when it is tried again."""

import asyncio

import pytest

from ovia_rag.providers.breaking import FAILURES, FIRST_REST, LONGEST_REST, Breaker
from ovia_rag.providers.failures import Failure, ProviderFailed

BROKEN = ProviderFailed("it is broken", failure=Failure.UNREACHABLE)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def fail(breaker: Breaker, times: int = 1, error: BaseException = BROKEN) -> None:
    for _ in range(times):
        breaker.enter()
        breaker.leave(error)


def resting(breaker: Breaker) -> bool:
    try:
        breaker.enter()
    except ProviderFailed as error:
        return error.failure is Failure.RESTING
    breaker.leave(asyncio.CancelledError())
    return False


def test_it_rests_after_failures_in_a_row_only() -> None:
    breaker = Breaker("Fake", Clock())
    for _ in range(3):
        fail(breaker, FAILURES - 1)
        assert not resting(breaker)
        breaker.enter()
        breaker.leave(None)
    fail(breaker, FAILURES)
    assert resting(breaker)


def test_one_request_is_let_through_after_the_rest_and_each_failure_doubles_it() -> None:
    clock = Clock()
    breaker = Breaker("Fake", clock)
    fail(breaker, FAILURES)
    rest = FIRST_REST
    for _ in range(10):
        clock.now += rest - 0.1
        assert resting(breaker)
        clock.now += 0.1
        breaker.enter()
        with pytest.raises(ProviderFailed):
            breaker.enter()
        breaker.leave(BROKEN)
        rest = min(2 * rest, LONGEST_REST)
        assert resting(breaker)
    clock.now += rest
    breaker.enter()
    breaker.leave(None)
    fail(breaker, FAILURES - 1)
    assert not resting(breaker)


def test_a_trial_whose_asker_went_away_says_nothing() -> None:
    clock = Clock()
    breaker = Breaker("Fake", clock)
    fail(breaker, FAILURES)
    clock.now = FIRST_REST
    assert not resting(breaker)
    assert not resting(breaker)


@pytest.mark.parametrize("failure", [Failure.REFUSED, Failure.TOO_LARGE, Failure.DECLINED, Failure.BUDGET_SPENT])
def test_refusals_and_budgets_do_not_count(failure: Failure) -> None:
    breaker = Breaker("Fake", Clock())
    fail(breaker, 3 * FAILURES, ProviderFailed("no", failure=failure))
    assert not resting(breaker)
