"""Migrations: once, in order, one migrator at a time, and none left stuck by a crash."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psycopg
import pytest

from ovia_shared.database import migrate, prepare
from ovia_shared.database.pool import connected
from ovia_shared.errors import Unavailable
from tests.conftest import ROLE_PASSWORD
from tests.schema.catalogue import broken_rules


@pytest.fixture
async def empty_database(cluster_dsn: str, template_database: str) -> AsyncIterator[str]:
    """The superuser's DSN of a prepared database without any migration; the template's making made the roles."""
    assert template_database
    name = f"ovia_test_{uuid.uuid4().hex}"
    await prepare.prepare_database(cluster_dsn, name)
    yield prepare.at_database(cluster_dsn, name)
    async with connected(cluster_dsn) as conn:
        await conn.execute(f'drop database "{name}" with (force)')


@pytest.fixture
def empty_owner_dsn(empty_database: str) -> str:
    return prepare.as_role(empty_database, prepare.OWNER, ROLE_PASSWORD)


async def test_an_empty_database_lacks_every_migration_and_a_migrated_one_none(empty_owner_dsn: str) -> None:
    async with connected(empty_owner_dsn) as conn:
        assert await migrate.missing(conn) == migrate.names()
    assert await asyncio.to_thread(migrate.apply, empty_owner_dsn) == migrate.names()
    async with connected(empty_owner_dsn) as conn:
        assert await migrate.missing(conn) == []


async def test_migrating_again_does_nothing(owner_dsn: str) -> None:
    before = await _schema(owner_dsn)
    assert await asyncio.to_thread(migrate.apply, owner_dsn) == []
    assert await _schema(owner_dsn) == before


async def test_preparing_and_migrating_by_hand_gives_what_the_tests_clone(
    empty_database: str, empty_owner_dsn: str, database_dsn: str
) -> None:
    await prepare.prepare_database(empty_database, empty_database.rpartition("/")[2].partition("?")[0])
    await asyncio.to_thread(migrate.apply, empty_owner_dsn)
    assert await broken_rules(empty_database) == {}
    assert await _schema(empty_database) == await _schema(database_dsn)


async def test_of_several_migrators_at_once_one_does_the_work(empty_owner_dsn: str) -> None:
    outcomes = await asyncio.gather(*(asyncio.to_thread(migrate.apply, empty_owner_dsn) for _ in range(4)))
    assert sorted(outcomes, key=len) == [[], [], [], migrate.names()]


async def test_a_migrator_that_died_holding_the_lock_stops_nobody(empty_owner_dsn: str) -> None:
    await asyncio.to_thread(migrate.apply, empty_owner_dsn)
    async with connected(empty_owner_dsn) as conn:
        # What yoyo leaves behind when its process is killed.
        await conn.execute("insert into yoyo_lock (locked, ctime, pid) values (1, now(), 4711)")
    async with asyncio.timeout(20):
        assert await asyncio.to_thread(migrate.apply, empty_owner_dsn) == []


async def test_a_migration_that_fails_leaves_the_ones_before_it(empty_owner_dsn: str, tmp_path: Path) -> None:
    (tmp_path / "0001_good.sql").write_text("create table good (a int);")
    (tmp_path / "0002_bad.sql").write_text("-- depends: 0001_good\ncreate table half (a int);\nselect * from nowhere;")
    with pytest.raises(psycopg.errors.UndefinedTable):
        await asyncio.to_thread(migrate.apply, empty_owner_dsn, tmp_path)
    async with connected(empty_owner_dsn) as conn:
        assert await conn.fetchval("select to_regclass('good') is not null and to_regclass('half') is null")
    (tmp_path / "0002_bad.sql").write_text("-- depends: 0001_good\ncreate table half (a int);")
    assert await asyncio.to_thread(migrate.apply, empty_owner_dsn, tmp_path) == ["0002_bad"]


async def test_a_service_reads_which_migrations_there_are(database_dsn: str) -> None:
    for role in prepare.SERVICES:
        async with connected(prepare.as_role(database_dsn, role, ROLE_PASSWORD)) as conn:
            assert await migrate.missing(conn) == []


async def test_several_may_prepare_the_server_at_once(cluster_dsn: str, template_database: str) -> None:
    assert template_database
    passwords = dict.fromkeys(prepare.LOGINS, ROLE_PASSWORD)
    await asyncio.gather(*(prepare.prepare_server(cluster_dsn, passwords) for _ in range(3)))


async def test_a_server_that_is_not_there_is_named_without_a_password() -> None:
    with pytest.raises(Unavailable, match="cannot migrate") as caught:
        await asyncio.to_thread(migrate.apply, "postgresql://ovia_owner:hush-hush@/ovia?host=/nonexistent")
    assert "hush-hush" not in str(caught.value)


@pytest.mark.parametrize("password", ["plain", "it's", 'dou"ble', "back\\slash", "per%cent", "at@slash/colon:", "ünï"])
async def test_a_password_with_any_character_works(cluster_dsn: str, template_database: str, password: str) -> None:
    role = f"ovia_test_{uuid.uuid4().hex[:8]}"
    async with connected(cluster_dsn) as conn:
        await conn.execute(f"create role {role} login")
        try:
            await prepare._set_password(conn, role, password)
            async with connected(prepare.as_role(cluster_dsn, role, password)) as theirs:
                assert await theirs.fetchval("select current_user") == role
        finally:
            await conn.execute(f"drop role {role}")


async def _schema(dsn: str) -> list[tuple[str, ...]]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            """
            select c.relname, c.relkind::text, coalesce(c.relacl::text, ''), c.relowner::regrole::text,
                   coalesce(string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                                       || coalesce(a.attacl::text, ''), ', ' order by a.attnum), '')
              from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
             where c.relnamespace = 'public'::regnamespace
             group by c.oid order by c.relname
            """
        )
    finally:
        await connection.close()
    return [tuple(row) for row in rows]
