"""Keeps the index up to date while the service runs: when an ingest run ends, and every minute in any case."""

import logging
import time
from uuid import UUID

from ovia_rag.indexing.organisation import Choose, index
from ovia_rag.providers.failures import ProviderFailed
from ovia_shared.background import Background
from ovia_shared.database import notices, organisations, sync_status
from ovia_shared.database.pool import Database
from ovia_shared.errors import Unavailable
from ovia_shared.telemetry import tracing

log = logging.getLogger(__name__)
POLL_SECONDS = 60.0
# While sources are read, what is indexed would soon be otherwise, and takes from the readers what they need. What has
# waited so long does not wait for the end.
PATIENCE_SECONDS = 900.0


class Watcher(Background):
    """Has a pool of its own beside that of the HTTP service: a first pass may take long.

    Of several replicas one indexes an organisation; the others pass it by. When the service ends, the page in the
    making is undone, and made the next time.
    """

    def __init__(
        self, dsn: str, choose: Choose, *, poll: float = POLL_SECONDS, patience: float = PATIENCE_SECONDS
    ) -> None:
        """`patience`: seconds that the end of a read is waited for."""
        super().__init__("indexing", every=poll)
        self._dsn = dsn
        self._choose = choose
        self._patience = patience
        self._waiting: dict[UUID, float] = {}

    async def work(self) -> None:
        database = Database(self._dsn, size=2, statement_timeout=3600, name="ovia-rag index")
        await database.open()
        try:
            async with notices.listening(self._dsn, notices.INGESTED, lambda _: self.wake()) as conn:
                while not conn.is_closed() and not self.finishing:
                    async with database.bare_transaction() as asking:
                        known = list(await organisations.ids(asking))
                    for org_id in known:
                        if not self.finishing:
                            await self._index(database, org_id)
                    await self.pause()
        finally:
            await database.close()

    async def _index(self, database: Database, org_id: UUID) -> None:
        try:
            if await self._better_later(database, org_id):
                return
            with tracing.unit("index", organisation=str(org_id)):
                await index(database, self._dsn, org_id, self._choose)
        except Unavailable:
            raise
        except ProviderFailed as error:
            log.warning("vectors wait: %s", error.message, extra={"organisation": str(org_id)})
        except Exception:
            # One organisation's trouble is not the next one's; it is kept in its state too.
            log.exception("an organisation could not be indexed", extra={"organisation": str(org_id)})

    async def _better_later(self, database: Database, org_id: UUID) -> bool:
        async with database.transaction(org_id) as conn:
            reading = await sync_status.reading(conn, org_id)
        since = self._waiting.setdefault(org_id, time.monotonic())
        if reading and time.monotonic() - since < self._patience:
            return True
        del self._waiting[org_id]
        return False
