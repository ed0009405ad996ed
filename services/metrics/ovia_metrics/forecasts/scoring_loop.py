"""Judges forecasts while the service runs."""

import asyncio
import contextlib
import logging

from ovia_metrics.forecasts.judging import judge_all
from ovia_shared.database import organisations
from ovia_shared.database.pool import Database
from ovia_shared.errors import OviaError
from ovia_shared.telemetry import tracing

log = logging.getLogger(__name__)
# Outcomes are days; an hour is soon enough.
EVERY_SECONDS = 3600.0


class Scorer:
    """One task beside the HTTP service, with a connection of its own."""

    def __init__(self, dsn: str, *, every: float = EVERY_SECONDS) -> None:
        self._dsn = dsn
        self._every = every
        self._finishing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins, and returns at once."""
        self._task = asyncio.create_task(self._keep_judging())

    def finish(self) -> None:
        """Begins no further organisation."""
        self._finishing.set()

    async def stop(self) -> None:
        """Ends; what is being judged is judged the next time."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _keep_judging(self) -> None:
        database = Database(self._dsn, size=1, statement_timeout=600, name="ovia-metrics forecasts")
        await database.open()
        try:
            while not self._finishing.is_set():
                await self._judge(database)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._every):
                        await self._finishing.wait()
        finally:
            await database.close()

    async def _judge(self, database: Database) -> None:
        try:
            async with database.bare_transaction() as conn:
                known = list(await organisations.ids(conn))
        except OviaError as error:
            log.warning("forecasts are not judged: %s", error.message)
            return
        for org_id in known:
            if self._finishing.is_set():
                return
            try:
                with tracing.unit("judge forecasts", organisation=str(org_id)):
                    done = await judge_all(database, org_id)
            except Exception:
                # One organisation's trouble is not the next one's; tried again in an hour.
                log.exception("forecasts could not be judged", extra={"organisation": str(org_id)})
                continue
            if done.judged:
                log.info("forecasts were judged", extra={"organisation": str(org_id), "judged": done.judged})
