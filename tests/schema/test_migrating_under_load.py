"""Services go on while migrations are applied: old ones beside a newer schema, and new ones only once it is there."""

import asyncio
from pathlib import Path

import asyncpg
import psycopg
import pytest

from ovia_shared.database import migrate
from ovia_shared.errors import Conflict
from tests.conftest import OpenDatabase
from tests.web.conftest import Serve, serve

__all__ = ["serve"]


@pytest.fixture
def changing(tmp_path: Path) -> Path:
    """Two migrations that are not there yet; the second changes a table that services use."""
    (tmp_path / "9001_new_table.sql").write_text("create table newcomers (a int);")
    (tmp_path / "9002_changes_people.sql").write_text(
        "-- depends: 9001_new_table\nalter table people add column nickname text;"
    )
    return tmp_path


async def test_a_migration_never_stops_those_who_come_after_a_long_transaction(
    owner_dsn: str, database_dsn: str, changing: Path
) -> None:
    long = await asyncpg.connect(database_dsn)
    transaction = long.transaction()
    await transaction.start()
    await long.fetch("select from people")
    waited: list[str] = []
    migrating = asyncio.create_task(
        asyncio.to_thread(migrate.apply, owner_dsn, changing, lock_timeout=0.1, waiting=waited.append)
    )
    reader = await asyncpg.connect(database_dsn, command_timeout=30)
    # Each of these would wait for the long transaction if the migration kept its place in the queue.
    while len(waited) < 2:
        await reader.fetch("select from people")
    assert not migrating.done()
    await transaction.rollback()
    assert await migrating == ["9001_new_table", "9002_changes_people"]
    assert set(waited) == {"9002_changes_people"}
    await reader.close()
    await long.close()


async def test_a_table_that_stays_in_use_is_said_with_what_to_do(
    owner_dsn: str, database_dsn: str, changing: Path
) -> None:
    with psycopg.connect(database_dsn) as long:
        long.execute("select from people")
        with pytest.raises(Conflict, match=r"9002_changes_people .* pg_stat_activity"):
            await asyncio.to_thread(migrate.apply, owner_dsn, changing, lock_timeout=0.05, patience=0.2)
        # What came before it stays, and is not tried again.
    assert await asyncio.to_thread(migrate.apply, owner_dsn, changing) == ["9002_changes_people"]


async def test_a_migrator_killed_at_the_worst_moment_leaves_nothing_to_clean_up(
    owner_dsn: str, database_dsn: str, changing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Nothing catches it, as nothing catches a signal."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("yoyo.backends.base.DatabaseBackend.log_migration", die)
        with pytest.raises(Killed):
            migrate.apply(owner_dsn, changing)
    with psycopg.connect(database_dsn) as connection:
        assert connection.execute("select to_regclass('newcomers')").fetchone() == (None,)
    assert await asyncio.to_thread(migrate.apply, owner_dsn, changing) == ["9001_new_table", "9002_changes_people"]
    assert await asyncio.to_thread(migrate.apply, owner_dsn, changing) == []


async def test_an_index_that_is_built_beside_the_traffic_is_no_transaction(owner_dsn: str, tmp_path: Path) -> None:
    (tmp_path / "9001_index.sql").write_text(
        "-- transactional: false\ncreate index concurrently people_again on people (org_id, display_name);"
    )
    assert await asyncio.to_thread(migrate.apply, owner_dsn, tmp_path) == ["9001_index"]
    assert await asyncio.to_thread(migrate.apply, owner_dsn, tmp_path) == []


async def test_an_old_replica_stays_ready_beside_a_newer_schema_and_a_new_one_waits_for_its_own(
    serve: Serve, open_database: OpenDatabase, owner_dsn: str, changing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve() as old:
        await asyncio.to_thread(migrate.apply, owner_dsn, changing)
        assert (await old.get("/ready")).status_code == 200
        # The same process as a release later would see it: with a migration nobody has applied yet.
        known = migrate.names()
        monkeypatch.setattr(migrate, "names", lambda *_: [*known, "9001_new_table", "9003_not_yet"])
        async with serve() as new:
            unready = await new.get("/ready")
            assert (unready.status_code, (await new.get("/health/started")).status_code) == (503, 503)
            assert unready.json()["checks"][1]["detail"] == "not applied: 9003_not_yet"
            assert (await new.get("/health")).status_code == 200
