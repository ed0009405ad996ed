"""Takes snapshots while the service runs: soon after facts changed, and once a day in any case."""

import asyncio
import contextlib
import logging
from datetime import UTC, datetime, timedelta
from uuid import UUID

from ovia_metrics.snapshots.taking import refresh_history, take_latest
from ovia_shared.database import organisations
from ovia_shared.database.kpis import schedule
from ovia_shared.database.pool import Database
from ovia_shared.errors import OviaError, Unavailable
from ovia_shared.telemetry import tracing

log = logging.getLogger(__name__)
LOOK_SECONDS = 60.0
# What changed is told after an hour; in the first hours of an organisation, when everything is read, after a minute.
EVERY, EVERY_AT_FIRST, AT_FIRST = timedelta(hours=1), timedelta(minutes=1), timedelta(hours=3)
AT_LEAST = timedelta(days=1)


def due(taken: schedule.Taken | None, now: datetime, *, reading: bool) -> bool:
    """Whether it is time for another snapshot. While sources are read, what it told would soon be otherwise: the first
    one waits for the end, later ones come every hour."""
    if taken is None:
        return not reading
    age = now - taken.latest
    every = EVERY_AT_FIRST if now - taken.first < AT_FIRST and not reading else EVERY
    return age >= AT_LEAST or (taken.changed and age >= every)


class Keeper:
    """One task beside the HTTP service, with a pool of its own: counting history may take long."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._wake = asyncio.Event()
        self._finishing = False
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Facts changed."""
        self._wake.set()

    async def start(self) -> None:
        """Begins, and returns at once."""
        self._task = asyncio.create_task(self._keep())

    def finish(self) -> None:
        """Begins no further organisation."""
        self._finishing = True
        self._wake.set()

    async def stop(self) -> None:
        """Ends; what was counted is kept."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _keep(self) -> None:
        database = Database(self._dsn, size=2, statement_timeout=3600, name="ovia-metrics snapshots")
        await database.open()
        try:
            while not self._finishing:
                self._wake.clear()
                try:
                    async with database.bare_transaction() as conn:
                        known = list(await organisations.ids(conn))
                    for org_id in known:
                        if not self._finishing:
                            await self._look(database, org_id)
                except OviaError as error:
                    log.warning("snapshots are not taken: %s", error.message)
                if not self._finishing:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_SECONDS):
                            await self._wake.wait()
        finally:
            await database.close()

    async def _look(self, database: Database, org_id: UUID) -> None:
        try:
            async with database.transaction(org_id) as conn:
                # Without a fact there is nothing to keep ready yet.
                begun = await schedule.beginning(conn, org_id) is not None
                reading = await schedule.reading(conn, org_id)
                wanted = begun and due(await schedule.taken(conn, org_id), datetime.now(UTC), reading=reading)
            if wanted:
                with tracing.unit("take snapshots", organisation=str(org_id)):
                    await take_latest(database, org_id)
                    await refresh_history(database, org_id)
        except schedule.Busy:
            # Another replica of this service is at it.
            return
        except Unavailable:
            raise
        except Exception:
            # One organisation's trouble is not the next one's.
            log.exception("a snapshot of an organisation could not be taken", extra={"organisation": str(org_id)})
