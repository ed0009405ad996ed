"""Judges forecasts while the service runs."""

import logging
from uuid import UUID

from ovia_metrics.forecasts.judging import judge_all
from ovia_shared.background import Background
from ovia_shared.database import organisations
from ovia_shared.database.pool import Database
from ovia_shared.errors import Unavailable
from ovia_shared.telemetry import tracing

log = logging.getLogger(__name__)
# Outcomes are days; an hour is soon enough.
EVERY_SECONDS = 3600.0


class Scorer(Background):
    """Has a connection of its own beside those of the HTTP service. What it is cut off in is judged the next time."""

    def __init__(self, dsn: str) -> None:
        super().__init__("judging forecasts", every=EVERY_SECONDS)
        self._dsn = dsn

    async def work(self) -> None:
        database = Database(self._dsn, size=1, statement_timeout=600, name="ovia-metrics forecasts")
        await database.open()
        try:
            while not self.finishing:
                async with database.bare_transaction() as conn:
                    known = list(await organisations.ids(conn))
                for org_id in known:
                    if not self.finishing:
                        await self._judge(database, org_id)
                await self.pause()
        finally:
            await database.close()

    async def _judge(self, database: Database, org_id: UUID) -> None:
        try:
            with tracing.unit("judge forecasts", organisation=str(org_id)):
                done = await judge_all(database, org_id)
        except Unavailable:
            raise
        except Exception:
            # One organisation's trouble is not the next one's; tried again in an hour.
            log.exception("forecasts could not be judged", extra={"organisation": str(org_id)})
        else:
            if done.judged:
                log.info("forecasts were judged", extra={"organisation": str(org_id), "judged": done.judged})
