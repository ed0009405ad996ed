"""Canonical rows made anew from raw records, without a request to any source; and dead letters tried once more."""

import asyncio
from typing import Any, TypeAlias
from uuid import UUID

import structlog

from ovia_ingest.connectors.git.understanding import CommitUnderstanding
from ovia_ingest.running.opening import Sources, connector_of, settings_of
from ovia_ingest.sources.understanding import Understanding
from ovia_ingest.sync.contract import Unusable
from ovia_ingest.sync.runner import Stopped
from ovia_ingest.sync.storing import store_each
from ovia_shared.database import dead_letters, planning, raw_records, replaying
from ovia_shared.database.dead_letters import DeadLetter
from ovia_shared.database.pool import Connection, Database
from ovia_shared.database.raw_records import RawRecord
from ovia_shared.errors import SourceError
from ovia_shared.models.connection import ConnectionKind, SourceConnection
from ovia_shared.models.source import Deployment

log = structlog.get_logger()

# Each understands only what it has made of a payload itself, which no annotation can say here.
AnyUnderstanding: TypeAlias = Any

PAGE = 200
LETTERS = 100


class Renormaliser:
    """Works on what one organisation's connections have sent before."""

    def __init__(self, database: Database, org_id: UUID, sources: Sources, stop: asyncio.Event) -> None:
        self._database = database
        self._org_id = org_id
        self._sources = sources
        self._stop = stop

    async def stream(self, connection: SourceConnection, name: str) -> int:
        """Makes all canonical rows of a stream anew; returns how many records were gone through.

        Safe beside readers, to repeat, and to stop at any time: it begins again the next time. Raises `Stopped` when
        the process should end.
        """
        stream = await self._opened(connection, name)
        after, count = "", 0
        while True:
            async with self._database.transaction(self._org_id) as conn:
                await replaying.hold(conn, connection.id, name, alone=True)
                records = await replaying.newest(conn, self._org_id, connection.id, name, after, PAGE)
                await self._understand(conn, connection.id, stream, records)
            if not records:
                break
            after = records[-1].external_id
            count += len(records)
            if self._stop.is_set():
                raise Stopped
        async with self._database.transaction(self._org_id) as conn:
            await planning.set_normaliser_version(conn, self._org_id, connection.id, name, stream.normaliser_version)
        log.info("renormalised", connection=str(connection.id), stream=name, records=count)
        return count

    async def everything(self, connection: SourceConnection) -> int:
        """`stream` for each stream the connection has records of."""
        async with self._database.transaction(self._org_id) as conn:
            names = await replaying.streams(conn, self._org_id, connection.id)
        return sum([await self.stream(connection, name) for name in names if name in self.known(connection)])

    def known(self, connection: SourceConnection) -> list[str]:
        """The streams of a connection that can be made anew."""
        if connection.kind is ConnectionKind.GIT:
            return [CommitUnderstanding.name]
        connector = connector_of(connection.kind)
        return [*connector.root_streams, *connector.project_streams]

    async def letters(self, connection: SourceConnection) -> tuple[int, int]:
        """Tries the dead letters somebody asked for: (understood now, still not)."""
        understood = failed = 0
        while True:
            async with self._database.transaction(self._org_id) as conn:
                waiting = await replaying.waiting(conn, self._org_id, connection.id, LETTERS)
                for letter in waiting:
                    reason = await self._try(conn, connection, letter)
                    understood += reason is None
                    failed += reason is not None
            if not waiting:
                return understood, failed

    async def _try(self, conn: Connection, connection: SourceConnection, letter: replaying.WaitingLetter) -> str | None:
        try:
            stream = await self._opened(connection, letter.stream)
        except SourceError as error:
            await replaying.tried(conn, self._org_id, letter.id, 0, error.message)
            return error.message
        reason: str | None = None
        try:
            letter.payload.decode()
            understood = stream.normalise(letter.payload)
        except UnicodeDecodeError:
            reason = "the record is not UTF-8"
        except Unusable as error:
            reason = str(error)
        else:
            reason = await self._keep_understood(conn, connection.id, stream, letter, understood)
        await replaying.tried(conn, self._org_id, letter.id, stream.normaliser_version, reason)
        return reason

    async def _keep_understood(
        self,
        conn: Connection,
        connection_id: UUID,
        stream: AnyUnderstanding,
        letter: replaying.WaitingLetter,
        understood: Any,
    ) -> str | None:
        """Stores what a letter means, unless the source has sent another version of the record since."""
        await replaying.hold(conn, connection_id, letter.stream, alone=True)
        if await replaying.was_replaced(conn, self._org_id, letter):
            return None
        record = RawRecord(letter.external_id, letter.payload)
        (raw_id,), _ = await raw_records.store(conn, self._org_id, connection_id, letter.stream, [record])
        refused = await store_each(
            conn,
            [(raw_id, letter.external_id, understood)],
            lambda rows: stream.store(conn, self._org_id, connection_id, rows),
        )
        return refused.get(raw_id)

    async def _understand(
        self,
        conn: Connection,
        connection_id: UUID,
        stream: AnyUnderstanding,
        records: list[replaying.StoredRecord],
    ) -> None:
        rows: list[tuple[UUID, str, Any]] = []
        letters = []
        for record in records:
            try:
                rows.append((record.id, record.external_id, stream.normalise(record.payload)))
            except Unusable as error:
                letters.append(DeadLetter(record.external_id, record.payload, str(error)))
        if rows:
            refused = await store_each(
                conn, rows, lambda some: stream.store(conn, self._org_id, connection_id, some, revive=False)
            )
            letters += [
                DeadLetter(record.external_id, record.payload, refused[record.id])
                for record in records
                if record.id in refused
            ]
            understood = [external_id for raw_id, external_id, _ in rows if raw_id not in refused]
            await replaying.resolve_understood(conn, self._org_id, connection_id, stream.name, understood)
        if letters:
            await dead_letters.keep(conn, self._org_id, connection_id, stream.name, stream.normaliser_version, letters)

    async def _opened(self, connection: SourceConnection, name: str) -> AnyUnderstanding:
        if connection.kind is ConnectionKind.GIT:
            return CommitUnderstanding()
        settings = settings_of(connection)
        deployment = settings.deployment
        if deployment is Deployment.AUTO:
            # Nothing in a payload is read differently on account of it.
            deployment = Deployment.CLOUD
        context = await self._sources.context(connection, deployment)
        try:
            shape = connector_of(connection.kind).shape(name, context)
        except KeyError:
            raise SourceError(f"{connection.kind} has no stream {name} any more") from None
        return Understanding(shape)
