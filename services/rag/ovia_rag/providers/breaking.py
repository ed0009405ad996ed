"""Leaving a provider in peace that fails again and again."""

import time
from collections.abc import Callable

from ovia_rag.providers.failures import Failure, ProviderFailed

FAILURES = 5
FIRST_REST = 15.0
LONGEST_REST = 600.0

# Nothing about the provider itself follows from these.
_OURS = frozenset({Failure.RESTING, Failure.BUDGET_SPENT, Failure.NOT_SET_UP})
# It answered at once, and well enough: the next request may be another.
_ANSWERS = frozenset({Failure.REFUSED, Failure.TOO_LARGE, Failure.DECLINED})


class Breaker:
    """Opens after five failures in a row, for 15 s; then one request is let through, and its failure opens it for
    twice as long, up to ten minutes. `clock` never goes back.

    A refusal (a wrong key, a request that is too long) is an answer: it comes at once, and the next may be right.
    """

    def __init__(self, title: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._title = title
        self._clock = clock
        self._failed = 0
        self._rest = FIRST_REST
        self._opens_at: float | None = None
        self._trying = False

    def enter(self) -> None:
        """Before a request. Raises `ProviderFailed` while the provider is left in peace."""
        if self._opens_at is None:
            return
        left = self._opens_at - self._clock()
        if left > 0 or self._trying:
            raise ProviderFailed(
                f"{self._title} failed {self._failed} times in a row and is left in peace for a while",
                failure=Failure.RESTING,
            )
        self._trying = True

    def leave(self, error: BaseException | None) -> None:
        """After a request, with what it raised."""
        trial, self._trying = self._trying, False
        if error is None or (isinstance(error, ProviderFailed) and error.failure in _ANSWERS):
            self._failed, self._rest, self._opens_at = 0, FIRST_REST, None
        elif isinstance(error, ProviderFailed) and error.failure not in _OURS:
            self._failed += 1
            if trial:
                self._rest = min(2 * self._rest, LONGEST_REST)
            if trial or self._failed >= FAILURES:
                self._opens_at = self._clock() + self._rest
