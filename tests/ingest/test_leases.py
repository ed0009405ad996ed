"""Claims, leases and fencing, with the real runner and a stream made of numbers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import asyncpg
import msgspec
import pytest

from ovia_ingest.sync import lease
from ovia_ingest.sync.contract import Page, Unusable
from ovia_ingest.sync.runner import Runner, Stopped
from ovia_shared.database import connections, partitions
from ovia_shared.database.pool import Connection, Database
from ovia_shared.database.raw_records import RawRecord
from ovia_shared.errors import LeaseLost, SourceError
from ovia_shared.models.sync import Partition, Progress
from tests.conftest import OpenDatabase, SampleOrganisation

# Longer than any test: where time is not the point, a slow machine must not make it so.
LEASE = 60.0
# Renewed every second, so that a machine that stands still for two does not lose it.
SHORT_LEASE = 3.0


class Numbers:
    """A stream of pages of ten numbers each, with what a test wants to happen before a page."""

    name = "numbers"
    normaliser_version = 1

    def __init__(self, pages: int = 3) -> None:
        self._pages = pages
        self.before_page: dict[int, Any] = {}
        self.stored: list[int] = []

    async def pages(self, cursor: Any) -> AsyncGenerator[Page]:
        for page in range(cursor or 0, self._pages):
            if page in self.before_page:
                await self.before_page[page]()
            numbers = range(page * 10, page * 10 + 10)
            yield Page(
                [RawRecord(str(n), msgspec.json.encode({"n": n})) for n in numbers],
                page + 1,
                total=self._pages * 10,
            )

    def normalise(self, payload: bytes) -> int:
        number: int = msgspec.json.decode(payload)["n"]
        if number == 13:
            raise Unusable("thirteen cannot be understood")
        return number

    async def store(
        self, conn: Connection, org_id: UUID, connection_id: UUID, rows: Sequence[tuple[UUID, str, int]]
    ) -> None:
        self.stored += [number for _, _, number in rows]

    async def remove_missing(
        self, conn: Connection, org_id: UUID, connection_id: UUID, present: AsyncIterator[list[str]]
    ) -> int:
        raise NotImplementedError("numbers are never removed")


@pytest.fixture
async def ingest_database(open_database: OpenDatabase) -> Database:
    return await open_database("ovia_ingest")


@pytest.fixture
async def org_id(organisations: tuple[SampleOrganisation, SampleOrganisation]) -> UUID:
    return organisations[0].id


@pytest.fixture
async def partition_id(ingest_database: Database, org_id: UUID) -> UUID:
    async with ingest_database.transaction(org_id) as conn:
        connection_id = await connections.ensure(conn, org_id, "git", "numbers", "/numbers")
        return await partitions.ensure(conn, org_id, connection_id, "numbers")


def runner(database: Database, org_id: UUID, lease_seconds: float = LEASE) -> Runner:
    return Runner(database, org_id, lease_seconds=lease_seconds, stop=asyncio.Event())


def ignore(_: Progress, __: int | None) -> None:
    return


async def claimed(reader: Runner, partition_id: UUID) -> Partition:
    partition = await reader.claim([partition_id])
    assert partition is not None
    return partition


async def row_of(database_dsn: str, partition_id: UUID) -> asyncpg.Record:
    connection = await asyncpg.connect(database_dsn)
    try:
        row = await connection.fetchrow("select * from sync_partitions where id = $1", partition_id)
        assert row is not None
        return row
    finally:
        await connection.close()


async def server_time(database_dsn: str) -> datetime:
    connection = await asyncpg.connect(database_dsn)
    try:
        return cast("datetime", await connection.fetchval("select now()"))
    finally:
        await connection.close()


async def test_only_one_of_many_readers_claims_a_partition(
    ingest_database: Database, org_id: UUID, partition_id: UUID
) -> None:
    readers = [runner(ingest_database, org_id) for _ in range(8)]
    claims = await asyncio.gather(*(reader.claim([partition_id]) for reader in readers))
    assert sum(claim is not None for claim in claims) == 1


async def test_a_lease_that_is_not_renewed_passes_to_the_next_reader_with_a_higher_token(
    ingest_database: Database, org_id: UUID, partition_id: UUID
) -> None:
    reader = runner(ingest_database, org_id, lease_seconds=0.05)
    first = await claimed(reader, partition_id)
    await asyncio.sleep(0.1)
    second = await claimed(reader, partition_id)
    assert second.fencing_token == first.fencing_token + 1


async def test_a_reader_whose_lease_was_taken_over_writes_nothing(
    ingest_database: Database, org_id: UUID, partition_id: UUID, database_dsn: str
) -> None:
    stale = runner(ingest_database, org_id, lease_seconds=0.05)
    partition = await claimed(stale, partition_id)
    await asyncio.sleep(0.1)
    await claimed(runner(ingest_database, org_id, lease_seconds=60), partition_id)
    stream = Numbers()
    with pytest.raises(LeaseLost):
        await stale.read(partition, stream, ignore)
    row = await row_of(database_dsn, partition_id)
    assert (row["cursor"], row["records_done"], row["fencing_token"]) == (None, 0, 2)
    connection = await asyncpg.connect(database_dsn)
    assert await connection.fetchval("select count(*) from raw_records") == 0
    await connection.close()


async def test_a_lease_is_kept_while_a_page_takes_longer_than_it_lasts(
    ingest_database: Database, org_id: UUID, partition_id: UUID, database_dsn: str
) -> None:
    stream = Numbers()
    rival_claims: list[object] = []

    async def slow_page() -> None:
        # By the server's clock: it alone says when a lease is over.
        overdue = False
        while not overdue:
            await asyncio.sleep(SHORT_LEASE / 10)
            overdue = await server_time(database_dsn) > first_end
            rival_claims.append(await runner(ingest_database, org_id).claim([partition_id]))

    stream.before_page[1] = slow_page
    reader = runner(ingest_database, org_id, SHORT_LEASE)
    partition = await claimed(reader, partition_id)
    first_end = (await row_of(database_dsn, partition_id))["lease_expires_at"]
    done = await reader.read(partition, stream, ignore)
    assert done.read == 30
    assert set(rival_claims) == {None}


async def test_losing_the_lease_ends_the_work_of_its_holder(
    ingest_database: Database, org_id: UUID, partition_id: UUID, database_dsn: str
) -> None:
    partition = await claimed(runner(ingest_database, org_id), partition_id)
    connection = await asyncpg.connect(database_dsn)
    await connection.execute("update sync_partitions set fencing_token = fencing_token + 1")
    await connection.close()
    with pytest.raises(LeaseLost):
        async with lease.kept(ingest_database, org_id, partition, 0.3):
            await asyncio.sleep(30)


async def test_a_failing_source_keeps_its_cursor_and_waits_longer_each_time(
    ingest_database: Database, org_id: UUID, partition_id: UUID, database_dsn: str
) -> None:
    async def gone() -> None:
        raise SourceError("the source is gone")

    delays = []
    for _ in range(3):
        stream = Numbers()
        stream.before_page[2] = gone
        async with ingest_database.transaction(org_id) as conn:
            row = await conn.fetchrow("select connection_id from sync_partitions where id = $1", partition_id)
            assert row is not None
            await partitions.ensure(conn, org_id, row["connection_id"], "numbers")
        reader = runner(ingest_database, org_id)
        with pytest.raises(SourceError):
            await reader.read(await claimed(reader, partition_id), stream, ignore)
        state = await row_of(database_dsn, partition_id)
        delays.append((state["next_due_at"] - state["last_error_at"]).total_seconds())
        assert state["cursor"] == "2"
        assert state["last_error"] == "the source is gone"
        assert state["lease_owner"] is None
    assert delays == [60, 120, 240]
    reader = runner(ingest_database, org_id)
    assert await reader.claim([partition_id]) is None


async def test_a_record_that_cannot_be_understood_is_kept_and_the_rest_is_stored(
    ingest_database: Database, org_id: UUID, partition_id: UUID, database_dsn: str
) -> None:
    stream = Numbers()
    reader = runner(ingest_database, org_id)
    done = await reader.read(await claimed(reader, partition_id), stream, ignore)
    assert (done.read, done.raw_added, done.dead_letters) == (30, 30, 1)
    assert stream.stored == [n for n in range(30) if n != 13]
    connection = await asyncpg.connect(database_dsn)
    (letter,) = await connection.fetch("select external_id, reason, payload from dead_letters")
    await connection.close()
    assert tuple(letter) == ("13", "thirteen cannot be understood", b'{"n":13}')


async def test_reading_the_same_records_again_adds_nothing(
    ingest_database: Database, org_id: UUID, partition_id: UUID, database_dsn: str
) -> None:
    connection = await asyncpg.connect(database_dsn)
    added = []
    for _ in range(2):
        await connection.execute("update sync_partitions set cursor = null, next_due_at = now()")
        reader = runner(ingest_database, org_id)
        done = await reader.read(await claimed(reader, partition_id), Numbers(), ignore)
        added.append(done.raw_added)
    assert added == [30, 0]
    assert await connection.fetchval("select count(*) from raw_records") == 30
    assert await connection.fetchval("select count(*) from dead_letters") == 1
    await connection.close()


async def test_a_reader_asked_to_stop_ends_after_the_page_at_hand_and_is_due_at_once(
    ingest_database: Database, org_id: UUID, partition_id: UUID, database_dsn: str
) -> None:
    stop = asyncio.Event()
    reader = Runner(ingest_database, org_id, lease_seconds=60, stop=stop)

    def stop_after_first(done: Progress, _: int | None) -> None:
        if done.read:
            stop.set()

    with pytest.raises(Stopped):
        await reader.read(await claimed(reader, partition_id), Numbers(), stop_after_first)
    row = await row_of(database_dsn, partition_id)
    assert (row["cursor"], row["lease_owner"]) == ("1", None)
    assert await runner(ingest_database, org_id).claim([partition_id]) is not None


async def test_a_fault_of_our_own_is_recorded_and_raised(
    ingest_database: Database, org_id: UUID, partition_id: UUID, database_dsn: str
) -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    stream = Numbers()
    stream.before_page[1] = broken
    reader = runner(ingest_database, org_id)
    with pytest.raises(ZeroDivisionError):
        await reader.read(await claimed(reader, partition_id), stream, ignore)
    row = await row_of(database_dsn, partition_id)
    assert (row["last_error"], row["lease_owner"]) == ("unexpected ZeroDivisionError", None)


async def test_partitions_of_a_paused_connection_are_never_due(
    ingest_database: Database, org_id: UUID, partition_id: UUID, database_dsn: str
) -> None:
    connection = await asyncpg.connect(database_dsn)
    await connection.execute("update connections set status = 'paused'")
    await connection.close()
    assert await runner(ingest_database, org_id).claim([partition_id]) is None
