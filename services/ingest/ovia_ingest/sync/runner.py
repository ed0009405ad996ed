"""The one sync loop: claim, read, store raw and canonical rows with the moved cursor, let go."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import structlog

from ovia_ingest.sync import lease
from ovia_ingest.sync.contract import Page, Rows, Stream, Unusable
from ovia_ingest.sync.storing import store_each
from ovia_shared.database import dead_letters, partitions, raw_records, replaying, sync_runs
from ovia_shared.database.dead_letters import DeadLetter
from ovia_shared.database.pool import Connection, Database
from ovia_shared.errors import (
    LeaseLost,
    OviaError,
    SourceError,
    SourceFault,
    Unavailable,
)
from ovia_shared.models.sync import Partition, Progress
from ovia_shared.telemetry import tracing

log = structlog.get_logger()

# Told after each page: records done in this run, and the estimated total of the run if there is one.
Watch = Callable[[Progress, int | None], None]

Opened = TypeVar("Opened")

NEXT_READ_SECONDS = 300.0
FIRST_RETRY_SECONDS = 60.0


class Stopped(Exception):
    """The process was asked to stop; everything stored so far stays, the partition is due again."""


class Runner:
    """Reads partitions of one organisation as one lease owner."""

    def __init__(self, database: Database, org_id: UUID, *, lease_seconds: float, stop: asyncio.Event) -> None:
        self._database = database
        self._org_id = org_id
        self._lease_seconds = lease_seconds
        self._stop = stop
        self._owner = lease.owner_name()

    async def claim(
        self,
        among: Sequence[UUID] | None = None,
        untried_since: datetime | None = None,
        besides: Collection[UUID] = (),
    ) -> Partition | None:
        """Takes one of these partitions, or any, if it is due and free; see `partitions.claim`."""
        async with self._database.transaction(self._org_id) as conn:
            return await partitions.claim(
                conn,
                self._org_id,
                self._owner,
                self._lease_seconds,
                among=among,
                untried_since=untried_since,
                besides=besides,
            )

    async def guard(self, partition: Partition, opening: Awaitable[Opened]) -> Opened:
        """What `opening` gives. Where that fails, the claimed partition fails with the reason, which is raised."""
        try:
            # A source that answers slowly must not cost the lease before reading has begun.
            async with lease.kept(self._database, self._org_id, partition, self._lease_seconds):
                return await opening
        except (LeaseLost, Unavailable, Stopped):
            raise
        except OviaError as error:
            await self._not_opened(partition, error.message)
            if isinstance(error, SourceError):
                raise
            # A setting that nothing can be read with: the address, the proxy, the keys for credentials.
            raise SourceError(error.message, fault=SourceFault.FATAL) from error
        except Exception as error:
            await self._not_opened(partition, f"unexpected {type(error).__name__}")
            raise

    async def _not_opened(self, partition: Partition, reason: str) -> None:
        with contextlib.suppress(OviaError):
            async with self._database.transaction(self._org_id) as conn:
                run_id = await sync_runs.start(conn, self._org_id, partition)
            await self._end(partition, run_id, reason, release=False)

    async def give_back(self, partition: Partition) -> bool:
        """Lets go of a partition whose reading broke off, so that it is due at once; whether it still was ours.

        Raises `Unavailable`.
        """
        async with self._database.transaction(self._org_id) as conn:
            return await partitions.give_back(conn, self._org_id, partition, self._owner)

    async def read(self, partition: Partition, stream: Stream[Rows], watch: Watch) -> Progress:
        """Reads the partition to its end and lets go of it.

        Raises `SourceError` after recording it (the cursor stays where the last page left it), `LeaseLost` if
        another reader took over, `Stopped` after releasing the partition when the process should end.
        """
        async with self._database.transaction(self._org_id) as conn:
            run_id = await sync_runs.start(conn, self._org_id, partition)
        reading = _Reading(self._database, self._org_id, partition, stream, run_id, self._lease_seconds)
        try:
            async with lease.kept(self._database, self._org_id, partition, self._lease_seconds):
                with tracing.unit("read partition", stream=stream.name, partition=str(partition.id)):
                    await reading.through(watch, self._stop)
        except Stopped:
            await self._end(partition, run_id, "stopped before the end", release=True)
            raise
        except SourceError as error:
            await self._end(partition, run_id, error.message, release=False)
            raise
        except Unavailable:
            # No fault of the partition's: it is due again as soon as the database is back.
            await self._end(partition, run_id, "the database went away", release=True)
            raise
        except LeaseLost:
            raise
        except Exception as error:
            # A fault of ours: visible in /sync like any other, and raised for the log.
            await self._end(partition, run_id, f"unexpected {type(error).__name__}", release=False)
            raise
        async with self._database.transaction(self._org_id) as conn:
            await partitions.succeed(conn, self._org_id, reading.partition, NEXT_READ_SECONDS)
            await sync_runs.finish(conn, self._org_id, run_id)
        log.info("partition read", stream=stream.name, partition=str(partition.id), **_counts(reading.done))
        return reading.done

    async def _end(self, partition: Partition, run_id: UUID, reason: str, *, release: bool) -> None:
        # The reason a run failed must not be lost because the database is away too.
        with contextlib.suppress(OviaError):
            async with self._database.transaction(self._org_id) as conn:
                if release:
                    await partitions.release(conn, self._org_id, partition)
                else:
                    await partitions.fail(conn, self._org_id, partition, reason, FIRST_RETRY_SECONDS)
                await sync_runs.finish(conn, self._org_id, run_id, reason)
        log.warning("partition not read to its end", partition=str(partition.id), reason=reason)


class _Reading:
    """One read of one partition: what was done, page by page."""

    def __init__(
        self,
        database: Database,
        org_id: UUID,
        partition: Partition,
        stream: Stream[Any],
        run_id: UUID,
        lease_seconds: float,
    ) -> None:
        self._database = database
        self._org_id = org_id
        self.partition = partition
        self._stream = stream
        self._run_id = run_id
        self._lease_seconds = lease_seconds
        self._letters_open = True
        self.done = Progress()

    async def through(self, watch: Watch, stop: asyncio.Event) -> None:
        watch(self.done, None)
        partition = self.partition
        async with self._database.transaction(self._org_id) as conn:
            # Hardly ever is there one; then pages need not look for theirs.
            self._letters_open = await replaying.has_open_letters(
                conn, self._org_id, partition.connection_id, self._stream.name
            )
        understood = self._understood(self._stream.pages(self.partition.cursor))
        async with contextlib.aclosing(_one_ahead(understood)) as pages:
            async for one in pages:
                async with self._database.transaction(self._org_id) as conn:
                    done, moved = await self._store(conn, one)
                self.done, self.partition = done, moved
                watch(self.done, one.page.total)
                if stop.is_set():
                    raise Stopped

    async def _understood(self, pages: AsyncGenerator[Page]) -> AsyncGenerator["_Understood"]:
        async with contextlib.aclosing(pages):
            async for page in pages:
                letters = list(page.unreadable)
                meanings: list[Any] = []
                for record in page.records:
                    try:
                        meanings.append(self._stream.normalise(record.payload))
                    except Unusable as error:
                        meanings.append(None)
                        letters.append(DeadLetter(record.external_id, record.payload, str(error)))
                yield _Understood(page, meanings, letters)

    async def _store(self, conn: Connection, understood: "_Understood") -> tuple[Progress, Partition]:
        org_id, partition, stream = self._org_id, self.partition, self._stream
        page, letters = understood.page, list(understood.letters)
        added = 0
        await replaying.hold(conn, partition.connection_id, stream.name, alone=False)
        if page.records:
            raw_ids, added = await raw_records.store(conn, org_id, partition.connection_id, stream.name, page.records)
            rows = [
                (raw_id, record.external_id, meaning)
                for raw_id, record, meaning in zip(raw_ids, page.records, understood.meanings, strict=True)
                if meaning is not None
            ]
            if rows:
                refused = await store_each(
                    conn, rows, lambda some: stream.store(conn, org_id, partition.connection_id, some)
                )
                letters += [
                    DeadLetter(record.external_id, record.payload, refused[raw_id])
                    for raw_id, record in zip(raw_ids, page.records, strict=True)
                    if raw_id in refused
                ]
                if self._letters_open:
                    closed = [external_id for raw_id, external_id, _ in rows if raw_id not in refused]
                    await replaying.resolve_understood(conn, org_id, partition.connection_id, stream.name, closed)
        if letters:
            self._letters_open = True
            await dead_letters.keep(
                conn, org_id, partition.connection_id, stream.name, stream.normaliser_version, letters
            )
        if page.census is not None:
            removed = await stream.remove_missing(conn, org_id, partition.connection_id, page.census)
            log.info("census taken", partition=str(partition.id), removed=removed)
        if page.compare is not None:
            await page.compare(conn, org_id, partition.connection_id)
        read = len(page.records) + len(page.unreadable)
        done = Progress(self.done.read + read, self.done.raw_added + added, self.done.dead_letters + len(letters))
        await sync_runs.progress(conn, org_id, self._run_id, done)
        moved = await partitions.advance(conn, org_id, partition, page.cursor, read, page.total, self._lease_seconds)
        return done, moved


class _Understood(msgspec.Struct, frozen=True):
    """A page, and what each of its records means: None where it could not be understood, which a letter says."""

    page: Page
    meanings: list[Any]
    letters: list[DeadLetter]


async def _one_ahead(pages: AsyncGenerator[_Understood]) -> AsyncGenerator[_Understood]:
    """The same pages, the next one fetched and understood while this one is stored: we and the database overlap."""
    upcoming: asyncio.Task[_Understood | None] = asyncio.create_task(_next(pages))
    try:
        while (one := await upcoming) is not None:
            # A census reads the source while it is stored; nothing may be fetched beside it.
            if one.page.decides:
                yield one
                upcoming = asyncio.create_task(_next(pages))
            else:
                upcoming = asyncio.create_task(_next(pages))
                yield one
    finally:
        upcoming.cancel()
        with contextlib.suppress(asyncio.CancelledError, SourceError):
            await upcoming
        await pages.aclose()


async def _next(pages: AsyncIterator[_Understood]) -> _Understood | None:
    return await anext(pages, None)


def _counts(done: Progress) -> dict[str, int]:
    return {"read": done.read, "raw_added": done.raw_added, "dead_letters": done.dead_letters}
