"""A server that crashed may have lost the last commits of a reader that lives on: it must not read past them."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from ovia_shared.database import partitions
from ovia_shared.database.pool import Database
from ovia_shared.errors import LeaseLost
from tests.ingest.test_leases import LEASE, claimed, ingest_database, org_id, partition_id, row_of, runner

__all__ = ["ingest_database", "org_id", "partition_id"]


async def crashed(database_dsn: str, before: asyncpg.Record) -> None:
    """The row as a server finds it again that crashed before later commits were on its disk."""
    connection = await asyncpg.connect(database_dsn)
    try:
        await connection.execute(
            "update sync_partitions set cursor = $2, records_done = $3, fencing_token = $4, lease_owner = $5,"
            " lease_expires_at = $6 where id = $1",
            *(before[name] for name in ("id", "cursor", "records_done", "fencing_token", "lease_owner")),
            before["lease_expires_at"],
        )
    finally:
        await connection.close()


async def test_nothing_is_written_behind_a_page_that_a_crash_of_the_server_took_back(
    ingest_database: Database, org_id: UUID, partition_id: UUID, database_dsn: str
) -> None:
    partition = await claimed(runner(ingest_database, org_id), partition_id)
    async with ingest_database.transaction(org_id) as conn:
        first = await partitions.advance(conn, org_id, partition, 1, 10, None, LEASE)
    kept = await row_of(database_dsn, partition_id)
    async with ingest_database.transaction(org_id) as conn:
        second = await partitions.advance(conn, org_id, first, 2, 10, None, LEASE)
    await crashed(database_dsn, kept)
    async with ingest_database.transaction(org_id) as conn:
        with pytest.raises(LeaseLost):
            await partitions.advance(conn, org_id, second, 3, 10, None, LEASE)
        with pytest.raises(LeaseLost):
            await partitions.succeed(conn, org_id, second, 300)
    assert (await row_of(database_dsn, partition_id))["cursor"] == "1"


async def test_a_partition_whose_last_claim_a_crash_took_back_can_be_given_back(
    ingest_database: Database, org_id: UUID, partition_id: UUID, database_dsn: str
) -> None:
    reader = runner(ingest_database, org_id, lease_seconds=0.05)
    await claimed(reader, partition_id)
    kept = await row_of(database_dsn, partition_id)
    await asyncio.sleep(0.1)
    second = await claimed(reader, partition_id)
    await crashed(database_dsn, kept)
    assert await reader.give_back(second)
    assert (await row_of(database_dsn, partition_id))["lease_owner"] is None
    assert not await reader.give_back(second)
