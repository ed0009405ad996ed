"""Work that a service does beside its requests, again and again for as long as it runs."""

import abc
import asyncio
import contextlib
import logging

from ovia_shared.errors import OviaError

log = logging.getLogger(__name__)
# How soon what failed is tried again, if it is not to be done sooner anyhow.
AGAIN_SECONDS = 10.0


class Background(abc.ABC):
    """One task that goes on whatever its work fails with, until the service ends.

    A service may be up before its database has the tables it works on: what fails then works a moment later.
    """

    def __init__(self, name: str, *, every: float, again: float = AGAIN_SECONDS) -> None:
        """`name` is what log lines call it: "deriving facts". Seconds: how often it has something to do, and how soon
        it is begun anew after it failed or returned (`every`, if that is less)."""
        self._name = name
        self._every = every
        self._again = min(again, every)
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.finishing = False

    @abc.abstractmethod
    async def work(self) -> None:
        """Round after round with a `pause` behind each, until `finishing`. May fail or return at any time."""

    async def start(self) -> None:
        """Begins, and returns at once."""
        self._task = asyncio.create_task(self._run())

    def wake(self) -> None:
        """There is something to do: the pause is over."""
        self._wake.set()

    def finish(self) -> None:
        """Begins nothing further."""
        self.finishing = True
        self._wake.set()

    async def stop(self) -> None:
        """Ends; what is under way is cancelled."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def pause(self) -> None:
        """Until somebody wakes it since the last pause, or `every` seconds have passed."""
        await self._wait(self._every)

    async def _run(self) -> None:
        while not self.finishing:
            try:
                await self.work()
            except OviaError as error:
                log.warning("%s failed and is tried again: %s", self._name, error.message)
            except Exception:
                log.exception("%s failed and is tried again", self._name)
            await self._wait(self._again)

    async def _wait(self, seconds: float) -> None:
        if not self.finishing:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
        self._wake.clear()
