"""How long the client waits, and by which clocks."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import msgspec


def _now() -> datetime:
    return datetime.now(UTC)


class Tempo(msgspec.Struct, frozen=True):
    """Delays in seconds. Between tries it waits a random part of `base_delay`, doubled each time up to `longest_delay`.

    `clock` never goes back and measures waiting; `now` is the time of day.
    """

    base_delay: float = 0.5
    longest_delay: float = 60.0
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = _now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
