"""Ending without a caller noticing: what a service that was told to end still does, and what it no longer begins."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

log = structlog.get_logger()


@dataclass(eq=False)
class Flight:
    """One request being answered. `cut` says that it was broken off because its time was over."""

    task: "asyncio.Task[Any] | None"
    request_id: str
    method: str
    path: str
    began: float = field(default_factory=time.perf_counter)
    cut: bool = False


class Draining:
    """Whether this process is ending, and the requests it still answers.

    First `begin`: nobody should send anything new here, and what comes all the same is answered. Long after, `cut`:
    what is being answered still is broken off, so that the process ends before it is killed.
    """

    def __init__(self) -> None:
        self.begun = False
        self.flights: set[Flight] = set()
        self._to_tell: list[Callable[[], None]] = []
        self._event = asyncio.Event()

    def tell(self, ending: Callable[[], None]) -> None:
        """`ending` is called when the process is told to end: time to begin no further unit of work."""
        self._to_tell.append(ending)

    async def wait(self) -> None:
        """Until the process is told to end. Whoever sends a stream that has no end ends it then."""
        await self._event.wait()

    def begin(self) -> None:
        """The process was told to end. Being told again changes nothing."""
        if self.begun:
            return
        self.begun = True
        log.info("ending", in_flight=len(self.flights))
        self._event.set()
        for ending in self._to_tell:
            ending()

    def cut(self) -> None:
        """Breaks off what is still being answered: with 503 if nothing was sent yet. Each is logged."""
        for flight in tuple(self.flights):
            if flight.task is None or flight.cut:
                continue
            flight.cut = True
            log.warning(
                "a request was cut because the service is ending",
                request_id=flight.request_id,
                method=flight.method,
                path=flight.path,
                seconds=round(time.perf_counter() - flight.began, 2),
            )
            flight.task.cancel()
