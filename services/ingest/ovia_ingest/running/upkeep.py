"""What a run does besides reading: finishing deletions, and dropping what is kept for a time only."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from ovia_ingest import progress
from ovia_shared.config.settings import IngestSettings
from ovia_shared.database import connections, replaying, sync_runs
from ovia_shared.database.pool import Database
from ovia_shared.models.connection import SourceConnection

AT_ONCE = 5000


class Upkeep:
    """Works for one organisation, in batches, until done or asked to stop."""

    def __init__(self, settings: IngestSettings, database: Database, org_id: UUID, stop: asyncio.Event) -> None:
        self._settings = settings
        self._database = database
        self._org_id = org_id
        self._stop = stop

    async def finish_deletion(self, connection: SourceConnection) -> None:
        """A connection being deleted loses its rows batch by batch, and the connection itself last."""
        deleted = 1
        while deleted and not self._stop.is_set():
            async with self._database.transaction(self._org_id) as conn:
                deleted = await connections.delete_batch(conn, self._org_id, connection.id, AT_ONCE)
        async with self._database.transaction(self._org_id) as conn:
            gone = await connections.find(conn, self._org_id, connection.id) is None
        if gone:
            progress.say(f"{connection.name}: deleted.")

    async def forget(self, active: Sequence[SourceConnection]) -> None:
        """Drops replaced raw versions, where the settings say so, and attempts of long ago."""
        days = self._settings.raw_retention_days
        for connection in active if days is not None else ():
            assert days is not None
            dropped = AT_ONCE
            while dropped == AT_ONCE and not self._stop.is_set():
                async with self._database.transaction(self._org_id) as conn:
                    dropped = await replaying.drop_replaced(conn, self._org_id, connection.id, days, AT_ONCE)
        async with self._database.transaction(self._org_id) as conn:
            kept_days = self._settings.sync_runs_retention_days
            await sync_runs.forget(conn, self._org_id, kept_days, 10 * AT_ONCE)
