"""A pool is given the addresses of several servers and works on the one that takes changes."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from ovia_local.postgres import EmbeddedPostgres
from ovia_shared.database.pool import Database
from ovia_shared.errors import Unavailable
from tests.embedded_postgres import FORGETFUL

SMALL = FORGETFUL | {"shared_buffers": "16MB", "max_connections": "20"}


class Pair:
    """A primary and the standby that follows it."""

    def __init__(self, directory: Path) -> None:
        self.primary = EmbeddedPostgres(directory / "one", settings=SMALL)
        self.primary.start()
        self.primary.stop()
        # A standby is a copy of its primary that was told so; the copy keeps who owns the files.
        subprocess.run(["cp", "-a", directory / "one", directory / "two"], check=True)
        signal = directory / "two" / "data" / "standby.signal"
        signal.touch()
        owner = (directory / "two" / "data").stat()
        os.chown(signal, owner.st_uid, owner.st_gid)
        parts = urlsplit(self.primary.admin_dsn())
        follows = f"host={_socket_of(self.primary)} port=5432 user=postgres password={parts.password}"
        self.standby = EmbeddedPostgres(directory / "two", settings=SMALL | {"primary_conninfo": follows})
        self.primary.start()
        self.standby.start()
        sockets = f"{_socket_of(self.standby)},{_socket_of(self.primary)}"
        # The standby stands first: only by asking does one find out that it is none to write to.
        self.dsn = (
            f"postgresql://postgres:{parts.password}@/postgres"
            f"?host={sockets}&port=5432,5432&target_session_attrs=read-write"
        )

    def stop(self) -> None:
        self.primary.stop()
        self.standby.stop()


def _socket_of(server: EmbeddedPostgres) -> str:
    return parse_qs(urlsplit(server.admin_dsn()).query)["host"][0]


@pytest.fixture
def pair() -> Iterator[Pair]:
    # A short path: a socket's has little room.
    directory = Path(tempfile.mkdtemp(prefix="ovia-pair-"))
    if os.geteuid() == 0:
        directory.chmod(0o711)
    made = Pair(directory)
    yield made
    made.stop()
    shutil.rmtree(directory)


async def test_after_a_failover_the_same_pool_writes_to_the_new_primary(pair: Pair) -> None:
    database = Database(pair.dsn, size=2, name="test failover")
    await database.open()
    async with database.bare_transaction() as conn:
        await conn.execute("create table told as select 'before' as said")

    # Somebody connected to a server that is a standby by now is told to come back, not that something is broken.
    following = Database(pair.standby.admin_dsn(), size=1, name="test standby")
    await following.open()
    with pytest.raises(Unavailable, match="takes no changes"):
        async with following.bare_transaction() as conn:
            await conn.execute("create table other (said text)")
    await following.close()

    pair.primary.stop()
    with pytest.raises(Unavailable):
        async with database.bare_transaction() as conn:
            await conn.execute("insert into told values ('in between')")

    standby = await asyncpg.connect(pair.standby.admin_dsn())
    assert await standby.fetchval("select pg_promote()")
    await standby.close()
    async with database.bare_transaction() as conn:
        await conn.execute("insert into told values ('after')")
        assert [row[0] for row in await conn.fetch("select said from told")] == ["before", "after"]
    await database.close()
