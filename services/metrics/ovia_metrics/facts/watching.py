"""Keeps facts up to date while the service runs: when an ingest run ends, and every minute in case nobody said so."""

import logging
import time
from collections.abc import Callable
from uuid import UUID

from ovia_metrics.facts.organisation import derive_facts
from ovia_shared.background import AGAIN_SECONDS, Background
from ovia_shared.database import notices, organisations
from ovia_shared.database.pool import Database
from ovia_shared.errors import Unavailable
from ovia_shared.telemetry import tracing

log = logging.getLogger(__name__)
POLL_SECONDS = 60.0
# How a statement is done is planned by what the database knows of its tables, which right after a first read may be
# nothing yet: what should take a second then takes hours. What was cut off is planned anew later, and gets more time.
PATIENCE_SECONDS, MOST_PATIENCE_SECONDS = 60.0, 3600.0


class Watcher(Background):
    """Has a pool of its own beside that of the HTTP service: deriving may take long."""

    def __init__(
        self,
        dsn: str,
        *,
        changed: Callable[[], None] = lambda: None,
        poll: float = POLL_SECONDS,
        patience: float = PATIENCE_SECONDS,
        again: float = AGAIN_SECONDS,
    ) -> None:
        """`changed` is called when facts of an organisation were added or closed.

        A statement that takes longer than `patience` seconds is cut off, and has four times as long the next time.
        """
        super().__init__("deriving facts", every=poll, again=again)
        self._dsn = dsn
        self._changed = changed
        self._patience = patience

    async def work(self) -> None:
        patience = self._patience
        database = Database(self._dsn, size=2, statement_timeout=patience, name="ovia-metrics derive")
        await database.open()
        try:
            async with notices.listening(self._dsn, notices.INGESTED, lambda _: self.wake()) as conn:
                # More patience is for a new pool.
                while not conn.is_closed() and not self.finishing and patience == self._patience:
                    async with database.bare_transaction() as asking:
                        known = list(await organisations.ids(asking))
                    for org_id in known:
                        if not self.finishing:
                            await self._derive(database, org_id)
                    await self.pause()
        finally:
            await database.close()

    async def _derive(self, database: Database, org_id: UUID) -> None:
        began = time.monotonic()
        try:
            with tracing.unit("derive facts", organisation=str(org_id)):
                done = await derive_facts(database, org_id)
        except Unavailable as error:
            # Cut off, rather than a server that is away: that says nothing about how long deriving takes.
            if time.monotonic() - began < self._patience:
                raise
            self._patience = min(4 * self._patience, MOST_PATIENCE_SECONDS)
            log.warning("facts wait: %s", error.message, extra={"organisation": str(org_id)})
        except Exception:
            # One organisation's trouble is not the next one's; it is kept in its derivations too.
            log.exception("facts of an organisation could not be derived", extra={"organisation": str(org_id)})
        else:
            if any(one.added or one.closed for one in done or ()):
                self._changed()
