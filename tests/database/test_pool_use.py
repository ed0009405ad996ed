"""A pool tells how busy it is, and counts those it could not serve."""

import asyncio
import contextlib

import pytest

from ovia_shared.database import pool
from ovia_shared.database.pool import Database
from ovia_shared.errors import Unavailable
from ovia_shared.models.pool import PoolUse


async def test_a_pool_that_was_never_opened_is_idle() -> None:
    assert Database("postgresql://nobody@127.0.0.1:9/none", size=7).use() == PoolUse(7, 0, 0, 0)


async def test_connections_in_use_and_callers_that_wait_are_told(database_dsn: str) -> None:
    database = Database(database_dsn, size=1)
    await database.open()
    try:
        async with database.bare_transaction():
            waiting = asyncio.create_task(_begin_and_end(database))
            # It runs until it has to wait.
            await asyncio.sleep(0)
            assert database.use() == PoolUse(size=1, in_use=1, waiting=1, timeouts=0)
        await waiting
        assert database.use() == PoolUse(size=1, in_use=0, waiting=0, timeouts=0)
    finally:
        await database.close()


@pytest.mark.parametrize("begun", [True, False])
async def test_a_caller_that_got_no_connection_in_time_is_counted(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch, *, begun: bool
) -> None:
    database = Database(database_dsn, size=1)
    await database.open()
    try:
        async with database.bare_transaction():
            monkeypatch.setattr(pool, "ACQUIRE_SECONDS", 0.01)
            with pytest.raises(Unavailable, match="became free in time"):
                await (_begin_and_end(database) if begun else _use(database))
            assert database.use() == PoolUse(size=1, in_use=1, waiting=0, timeouts=1)
    finally:
        await database.close()


async def test_a_transaction_that_fails_gives_its_connection_back(database: Database) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with database.bare_transaction():
            raise ZeroDivisionError
    assert database.use().in_use == 0


async def _begin_and_end(database: Database) -> None:
    transaction = await database.begin()
    await transaction.rollback()


async def _use(database: Database) -> None:
    async with database.bare_transaction():
        pass
