"""Keeps facts up to date while the service runs: when an ingest run ends, and every minute in case nobody said so."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from uuid import UUID

from ovia_metrics.facts.organisation import derive_facts
from ovia_shared.database import notices, organisations
from ovia_shared.database.pool import Database
from ovia_shared.errors import OviaError, Unavailable
from ovia_shared.telemetry import tracing

log = logging.getLogger(__name__)
POLL_SECONDS = 60.0
# How a statement is done is planned by what the database knows of its tables, which right after a first read may be
# nothing yet: what should take a second then takes hours. What was cut off is planned anew later, and gets more time.
PATIENCE_SECONDS, MOST_PATIENCE_SECONDS = 60.0, 3600.0


class Watcher:
    """One task beside the HTTP service, with a pool of its own: deriving may take long."""

    def __init__(
        self,
        dsn: str,
        *,
        changed: Callable[[], None] = lambda: None,
        poll: float = POLL_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """`changed` is called when facts of an organisation were added or closed.

        A statement that takes longer than `patience` seconds is cut off, and has four times as long the next time.
        """
        self._dsn = dsn
        self._changed = changed
        self._poll = poll
        self._patience = patience
        self._wake = asyncio.Event()
        self._finishing = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins, and returns at once."""
        self._task = asyncio.create_task(self._watch())

    def finish(self) -> None:
        """Begins no further organisation."""
        self._finishing = True
        self._wake.set()

    async def stop(self) -> None:
        """Ends; what is being derived is undone and derived the next time."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        while not self._finishing:
            database = Database(self._dsn, size=2, statement_timeout=self._patience, name="ovia-metrics derive")
            await database.open()
            try:
                await self._follow(database)
            except OviaError as error:
                log.warning("facts are not derived: %s", error.message)
                await self._pause()
            finally:
                await database.close()

    async def _follow(self, database: Database) -> None:
        async with notices.listening(self._dsn, notices.INGESTED, lambda _: self._wake.set()) as conn:
            while not conn.is_closed() and not self._finishing:
                self._wake.clear()
                async with database.bare_transaction() as asking:
                    known = list(await organisations.ids(asking))
                for org_id in known:
                    if not self._finishing:
                        await self._derive(database, org_id)
                await self._pause()

    async def _pause(self) -> None:
        if self._finishing:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._poll):
                await self._wake.wait()

    async def _derive(self, database: Database, org_id: UUID) -> None:
        began = time.monotonic()
        try:
            with tracing.unit("derive facts", organisation=str(org_id)):
                done = await derive_facts(database, org_id)
        except Unavailable:
            # Cut off, rather than a server that is away: that says nothing about how long deriving takes.
            if time.monotonic() - began >= self._patience:
                self._patience = min(4 * self._patience, MOST_PATIENCE_SECONDS)
            raise
        except Exception:
            # One organisation's trouble is not the next one's; it is kept in its derivations too.
            log.exception("facts of an organisation could not be derived", extra={"organisation": str(org_id)})
        else:
            if any(one.added or one.closed for one in done or ()):
                self._changed()
