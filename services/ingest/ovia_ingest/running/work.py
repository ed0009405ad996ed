"""The work of `ovia-ingest run`: claim what is due, read it, plan what it opened up, until nothing is due."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import structlog

from ovia_ingest import progress
from ovia_ingest.connectors.git.understanding import CommitUnderstanding
from ovia_ingest.running import hints
from ovia_ingest.running.opening import Sources, connector_of
from ovia_ingest.running.renormalising import Renormaliser
from ovia_ingest.running.upkeep import Upkeep
from ovia_ingest.sources.stream import Census
from ovia_ingest.sync.contract import Stream
from ovia_ingest.sync.runner import Runner, Stopped
from ovia_shared.config.settings import IngestSettings
from ovia_shared.database import canonical, connections, planning
from ovia_shared.database.pool import Database
from ovia_shared.errors import LeaseLost, OviaError, SourceError, SourceRefused, Unavailable
from ovia_shared.models.connection import ConnectionKind, SourceConnection
from ovia_shared.models.sync import Partition
from ovia_shared.source_client.faults import NoAnswer

log = structlog.get_logger()

PATIENCE_SECONDS = 60

Found = TypeVar("Found")


class Wish(msgspec.Struct, frozen=True):
    """What a run is to do: one stream only, everything anew, a census, or canonical rows anew from raw records."""

    once: str | None = None
    full: bool = False
    census: bool = False
    renormalise: bool = False


class Outcome(msgspec.Struct):
    """What a run did. `failed` are the partitions that could not be read, with the reason."""

    partitions: int = 0
    records: int = 0
    dead_letters: int = 0
    failed: list[str] = []


class Work:
    """One run for one organisation."""

    def __init__(
        self, settings: IngestSettings, database: Database, org_id: UUID, sources: Sources, stop: asyncio.Event
    ) -> None:
        self._settings = settings
        self._database = database
        self._org_id = org_id
        self._sources = sources
        self._stop = stop
        self._renormaliser = Renormaliser(database, org_id, sources, stop)
        self._upkeep = Upkeep(settings, database, org_id, stop)
        self._runner = Runner(database, org_id, lease_seconds=settings.lease_seconds, stop=stop)
        self._outcome = Outcome()
        # Connections that could not be reached, or would not know us: asking on for each stream would help nobody.
        self._left_alone: set[UUID] = set()

    async def through(self, wish: Wish) -> Outcome:
        """Does what is wished, until nothing is due or the process is asked to stop.

        What fails is named in the outcome and keeps nothing else from being done. Raises `Unavailable` when the
        database stays away, `SourceError` for a stream that no connection has.
        """
        for connection in await self._connections():
            if connection.status == "deleting":
                await self._try(connection.name, partial(self._upkeep.finish_deletion, connection))
        active = [one for one in await self._connections() if one.status == "active"]
        for connection in active:
            await self._try(connection.name, partial(self._prepare, connection))
        if wish.renormalise:
            await self._renormalise(active, wish.once)
            return self._outcome
        among = await self._chosen(active, wish)
        census = Census.ONLY if wish.census and not wish.full else Census.ALWAYS if wish.census else Census.WHEN_DUE
        await self._read_due(among, census)
        await self._try("upkeep", lambda: self._upkeep.forget(active))
        return self._outcome

    async def _try(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await self._patiently(work)
        except Stopped:
            return
        except OviaError as error:
            self._outcome.failed.append(f"{what}: {error.message}")
            progress.say(f"{what}: {error.message}")

    async def _connections(self) -> list[SourceConnection]:
        async with self._database.transaction(self._org_id) as conn:
            return await connections.everyone(conn, self._org_id)

    async def _prepare(self, connection: SourceConnection) -> None:
        """Root streams planned, and what webhooks say read sooner."""
        if connection.kind is ConnectionKind.GIT:
            async with self._database.transaction(self._org_id) as conn:
                await planning.plan(conn, self._org_id, connection.id, [(CommitUnderstanding.name, "")])
            return
        connector = connector_of(connection.kind)
        async with self._database.transaction(self._org_id) as conn:
            roots = [(stream, "") for stream in connector.root_streams]
            await planning.plan(conn, self._org_id, connection.id, roots)
        await self._plan_projects(connection)
        kept_days = self._settings.webhooks_retention_days
        await hints.follow(self._database, self._org_id, connection.id, connection.kind, kept_days)
        understood, _ = await self._renormaliser.letters(connection)
        if understood:
            progress.say(f"{connection.name}: {understood:,} dead letters understood.")

    async def _plan_projects(self, connection: SourceConnection) -> None:
        """A partition for each stream of each project that is shown, once what they need is known."""
        connector = connector_of(connection.kind)
        async with self._database.transaction(self._org_id) as conn:
            if await planning.unread_streams(conn, self._org_id, connection.id, connector.needed_first):
                return
            shown = await canonical.projects(conn, self._org_id, connection.id)
            wanted = [(stream, project.external_id) for project in shown for stream in connector.project_streams]
            await planning.plan(conn, self._org_id, connection.id, wanted)

    async def _chosen(self, active: Sequence[SourceConnection], wish: Wish) -> list[UUID] | None:
        """The partitions a wish names, made due; None where it names none and all that are due are meant."""
        if wish.once is None and not wish.full and not wish.census:
            return None
        ids = [one.id for one in active]
        async with self._database.transaction(self._org_id) as conn:
            chosen = await planning.make_due(conn, self._org_id, ids, wish.once, reset=wish.full)
        if not chosen and wish.once is not None and not any(wish.once in _streams(one) for one in active):
            raise _unknown_stream(wish.once, active)
        # A full read opens up new projects, which are read too.
        return None if wish.full and wish.once is None else chosen

    async def _read_due(self, among: Sequence[UUID] | None, census: Census) -> None:
        """Several partitions side by side; ends when none is due and none is being read here."""
        async with self._database.transaction(self._org_id) as conn:
            # What is due again before the rest is read once is the next run's: this one has an end.
            began = await planning.moment(conn)
        busy: set[asyncio.Task[None]] = set()
        try:
            while not self._stop.is_set():
                while len(busy) < self._settings.partitions_at_once:
                    partition = await self._patiently(lambda: self._runner.claim(among, began, self._left_alone))
                    if partition is None:
                        break
                    busy.add(asyncio.create_task(self._read(partition, census)))
                if not busy:
                    return
                done, busy = await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            await asyncio.gather(*busy)

    async def _read(self, partition: Partition, census: Census) -> None:
        name = f"{partition.stream} {partition.scope}".rstrip()
        try:
            connection = await self._sources.connection(partition.connection_id)
            name = f"{connection.name}: {partition.stream} {await self._scope(partition)}".rstrip()
            stream = await self._runner.guard(partition, self._opened(partition, connection, census))
            with progress.shown(name) as watch:
                done = await self._runner.read(partition, stream, watch)
        except Stopped:
            with contextlib.suppress(Unavailable):
                await self._runner.give_back(partition)
            return
        except Unavailable:
            log.warning("the database went away", partition=str(partition.id))
            await self._patiently(lambda: self._runner.give_back(partition))
            return
        except LeaseLost as error:
            if await self._patiently(lambda: self._runner.give_back(partition)):
                # Nobody took over: the server crashed, and with it went what we wrote last. It is read again.
                log.warning("the database lost the end of what was written", partition=str(partition.id))
            else:
                self._outcome.failed.append(f"{name}: {error.message}")
                progress.say(f"{name}: {error.message}")
            return
        except SourceError as error:
            self._outcome.failed.append(f"{name}: {error.message}")
            log.error("partition not read", partition=str(partition.id), stream=partition.stream, reason=error.message)
            progress.say(f"{name}: {error.message}")
            if _concerns_all(error) and partition.connection_id not in self._left_alone:
                self._left_alone.add(partition.connection_id)
                progress.say("  Its other streams wait for the next run.")
            return
        except Exception as error:
            # A fault of ours in one partition must not keep the others from being read; the runner has recorded it.
            self._outcome.failed.append(f"{name}: unexpected {type(error).__name__}")
            log.exception("partition not read", partition=str(partition.id), stream=partition.stream)
            progress.say(f"{name}: an unexpected {type(error).__name__}; the log has the details.")
            return
        self._outcome.partitions += 1
        self._outcome.records += done.read
        self._outcome.dead_letters += done.dead_letters
        if connection.kind is not ConnectionKind.GIT:
            await self._try(name, lambda: self._plan_projects(connection))

    async def _opened(self, partition: Partition, connection: SourceConnection, census: Census) -> Stream[Any]:
        """What reads the partition. Rows made by an older normaliser are made anew before more are added to them."""
        stream = await self._sources.stream(partition, census)
        version = stream.normaliser_version
        async with self._database.transaction(self._org_id) as conn:
            made_with, oldest = await planning.normaliser_versions(conn, self._org_id, partition.id)
            if made_with is None:
                await planning.note_first_version(conn, self._org_id, partition.id, version)
        if made_with is not None and made_with > version:
            raise SourceError(f"a newer Ovia has read this (normaliser {made_with}, here {version}); update this one")
        if oldest is not None and oldest < version:
            await self._renormaliser.stream(connection, partition.stream)
        return stream

    async def _scope(self, partition: Partition) -> str:
        """What people call the project of a partition; nothing for the connection's own streams."""
        if not partition.scope:
            return ""
        async with self._database.transaction(self._org_id) as conn:
            key = await canonical.project_key(conn, self._org_id, partition.connection_id, partition.scope)
        return key or partition.scope

    async def _patiently(self, ask: Callable[[], Awaitable[Found]]) -> Found:
        """The database may be restarting: asks again for a minute. Raises `Unavailable` after that."""
        for _ in range(PATIENCE_SECONDS):
            try:
                return await ask()
            except Unavailable:
                if self._stop.is_set():
                    raise
                await asyncio.sleep(1)
        return await ask()

    async def _renormalise(self, active: Sequence[SourceConnection], only: str | None) -> None:
        having = [one for one in active if only is None or only in self._renormaliser.known(one)]
        if active and not having:
            raise _unknown_stream(only, active)
        for connection in having:
            await self._try(connection.name, partial(self._made_anew, connection, only))

    async def _made_anew(self, connection: SourceConnection, only: str | None) -> None:
        if only is None:
            self._outcome.records += await self._renormaliser.everything(connection)
        else:
            self._outcome.records += await self._renormaliser.stream(connection, only)


def _concerns_all(error: OviaError) -> bool:
    if isinstance(error, NoAnswer):
        return error.unreachable
    return isinstance(error, SourceRefused) and error.status == 401


def _unknown_stream(wanted: str | None, active: Sequence[SourceConnection]) -> SourceError:
    known = {stream for one in active if one.kind is not ConnectionKind.GIT for stream in _streams(one)}
    return SourceError(f"no connection has a stream {wanted!r}; known are {', '.join(sorted(known)) or 'none'}")


def _streams(connection: SourceConnection) -> list[str]:
    if connection.kind is ConnectionKind.GIT:
        return []
    connector = connector_of(connection.kind)
    return [*connector.root_streams, *connector.project_streams]
