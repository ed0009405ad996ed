"""What is known about the data of organisations, kept for some seconds: it is told beside every number."""

import time
from uuid import UUID

from ovia_shared.database import quality
from ovia_shared.database.pool import Connection, attempt
from ovia_shared.errors import Unavailable
from ovia_shared.models.data_quality import CountSignal, QualitySignals

FRESH_SECONDS = 10.0
# Counting reads everything that was sent: rarely, and not for longer than somebody waits.
COUNTS_FRESH_SECONDS = 600.0
COUNTING_SECONDS = 8


class KnownQuality:
    """The signals of each organisation. Shared by all requests of a service; of others' data nobody is told."""

    def __init__(self) -> None:
        self._signals: dict[UUID, tuple[float, QualitySignals]] = {}
        self._counts: dict[UUID, tuple[float, tuple[CountSignal, ...]]] = {}

    async def signals(self, conn: Connection, org_id: UUID) -> QualitySignals:
        """What was known some seconds ago at most."""
        read_at, known = self._signals.get(org_id, (float("-inf"), None))
        now = time.monotonic()
        if known is None or now - read_at >= FRESH_SECONDS:
            known = await quality.signals(conn, org_id)
            self._signals[org_id] = (now, known)
        return known

    async def counts(self, conn: Connection, org_id: UUID) -> tuple[CountSignal, ...]:
        """What was counted some minutes ago at most; nothing where counting takes too long."""
        read_at, known = self._counts.get(org_id, (float("-inf"), ()))
        now = time.monotonic()
        if now - read_at >= COUNTS_FRESH_SECONDS:
            known = await _counted(conn, org_id)
            self._counts[org_id] = (now, known)
        return known


async def _counted(conn: Connection, org_id: UUID) -> tuple[CountSignal, ...]:
    try:
        async with attempt(conn):
            return await quality.counts(conn, org_id, within_seconds=COUNTING_SECONDS)
    except Unavailable:
        # That it took too long is no reason to tell nothing else.
        return ()
