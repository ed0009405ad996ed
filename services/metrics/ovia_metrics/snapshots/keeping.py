"""Takes snapshots while the service runs: soon after facts changed, and once a day in any case."""

import logging
from datetime import UTC, datetime, timedelta
from uuid import UUID

from ovia_metrics.snapshots.taking import refresh_history, take_latest
from ovia_shared.background import Background
from ovia_shared.database import organisations, sync_status
from ovia_shared.database.kpis import schedule
from ovia_shared.database.pool import Database
from ovia_shared.errors import Unavailable
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


class Keeper(Background):
    """Has a pool of its own beside that of the HTTP service: counting history may take long.

    Is woken when facts changed. When the service ends, what was counted is kept.
    """

    def __init__(self, dsn: str) -> None:
        super().__init__("taking snapshots", every=LOOK_SECONDS)
        self._dsn = dsn

    async def work(self) -> None:
        database = Database(self._dsn, size=2, statement_timeout=3600, name="ovia-metrics snapshots")
        await database.open()
        try:
            while not self.finishing:
                async with database.bare_transaction() as conn:
                    known = list(await organisations.ids(conn))
                for org_id in known:
                    if not self.finishing:
                        await self._look(database, org_id)
                await self.pause()
        finally:
            await database.close()

    async def _look(self, database: Database, org_id: UUID) -> None:
        try:
            async with database.transaction(org_id) as conn:
                # Without a fact there is nothing to keep ready yet.
                begun = await schedule.beginning(conn, org_id) is not None
                reading = await sync_status.reading(conn, org_id)
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
