"""A moment of a live server is marked exactly, and what its tables hold is told independent of order and settings."""

import asyncio
from typing import Any, cast

import asyncpg
import pytest

from ovia_shared.database import restored
from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict


class Busy:
    """A witness on a server where something commits just before it looks, so many times."""

    def __init__(self, witness: asyncpg.Connection, writer: asyncpg.Connection, commits: int) -> None:
        self._witness = witness
        self._writer = writer
        self.commits = commits

    async def fetch(self, *asked: Any) -> Any:
        return await self._witness.fetch(*asked)

    async def fetchval(self, *asked: Any) -> Any:
        if self.commits > 0:
            self.commits -= 1
            await self._writer.execute("insert into marks values (1)")
        return await self._witness.fetchval(*asked)


async def test_a_mark_sees_all_that_was_committed_and_nothing_after(database_dsn: str) -> None:
    conn, witness, writer = [await asyncpg.connect(database_dsn) for _ in range(3)]
    try:
        await writer.execute("create table marks (n int); insert into marks select generate_series(1, 100)")
        async with restored.marked(conn, witness, "test") as mark:
            added = await writer.fetchval("insert into marks values (101) returning xmin::text::bigint")
            told = await restored.fingerprint(conn, "public.marks")
        assert told.rows == 100
        assert "public.marks" in mark.tables
        # The server went on: what it has committed since is what the mark did not see.
        assert added in await restored.unseen(witness, mark)
    finally:
        for one in (conn, witness, writer):
            await one.close()


async def test_a_mark_that_nothing_followed_sees_all(database_dsn: str) -> None:
    conn, witness = [await asyncpg.connect(database_dsn) for _ in range(2)]
    try:
        # Transactions are counted for all databases of a server, and other tests commit in theirs: not for ever.
        async with asyncio.timeout(60):
            while True:
                async with restored.marked(conn, witness, "test") as mark:
                    if await restored.unseen(witness, mark) == []:
                        break
    finally:
        await conn.close()
        await witness.close()


async def test_a_mark_is_taken_again_when_something_committed_meanwhile(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    conn, witness, writer = [await asyncpg.connect(database_dsn) for _ in range(3)]
    await writer.execute("create table marks (n int)")
    busy = Busy(witness, writer, commits=3)
    try:
        async with restored.marked(conn, cast("Connection", busy), "test") as mark:
            assert (await restored.fingerprint(conn, "marks")).rows == 3
        assert mark.restore_point == "test-3"
        busy.commits = 10_000
        monkeypatch.setattr(restored, "ATTEMPTS", 5)
        with pytest.raises(Conflict, match="without a pause"):
            async with restored.marked(conn, cast("Connection", busy), "never"):
                raise AssertionError("marked although something committed each time")
    finally:
        for one in (conn, witness, writer):
            await one.close()


async def test_a_fingerprint_knows_content_and_not_order(database_dsn: str) -> None:
    conn = await asyncpg.connect(database_dsn)
    try:
        await conn.execute(
            """
            create table one (at timestamptz, body jsonb, raw json, bytes bytea, share float8);
            create table two (like one);
            create table three (like one);
            insert into one select '2026-01-01'::timestamptz + n * interval '1 h', jsonb_build_object('n', n),
                                   '{"a": 1}', decode(md5(n::text), 'hex'), n / 3.0::float8
                              from generate_series(1, 500) n;
            insert into two select * from one order by share desc;
            insert into three select at, body, raw, bytes, case when share > 100 then share else share + 1e-15 end
                                from one order by body desc;
            """
        )
        async with conn.transaction():
            first = await restored.fingerprint(conn, "one")
        await conn.execute("set timezone = 'Asia/Tokyo'; set bytea_output = 'escape'; set extra_float_digits = -5")
        async with conn.transaction():
            assert await restored.fingerprint(conn, "two") == first
            third = await restored.fingerprint(conn, "three")
        assert (third.rows, third.checksum == first.checksum) == (500, False)
        async with conn.transaction():
            await conn.execute("truncate one")
            assert await restored.fingerprint(conn, "one") == restored.Fingerprint(0, "0")
    finally:
        await conn.close()


async def test_the_archive_lags_by_nothing_where_nothing_waits(database_dsn: str) -> None:
    conn = await asyncpg.connect(database_dsn)
    try:
        assert await restored.archive_lag(conn) == 0.0
        assert await restored.in_recovery(conn) is False
        assert await restored.some_receipts(conn, 10) == []
    finally:
        await conn.close()
