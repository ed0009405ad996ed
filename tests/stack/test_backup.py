"""Backups as they are made, restored and distrusted, on the images that are deployed.

The tests run in their order, each on what the ones before left: a database, its backups, and what went wrong with it.
"""

import asyncio
import os
import time
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from ovia_backup.verification import fingerprints
from ovia_shared.database import migrate, prepare, restored
from ovia_shared.database.kpis import snapshots
from ovia_shared.database.pool import Database, _prepare, connected
from ovia_shared.database.restored import Fingerprint
from tests.kpis.conftest import ORGANISATION, START, Books, days
from tests.stack import backup_images
from tests.stack.backup_bucket import Bucket
from tests.stack.backup_rig import Host

pytestmark = pytest.mark.timeout(300)

KPIS = ("throughput.merge_requests", "review.first_response_hours")
_kept: dict[str, object] = {}


@pytest.fixture(scope="module")
def images(request: pytest.FixtureRequest) -> None:
    """On the engine that DOCKER_HOST names, or on the tests' own."""
    if "DOCKER_HOST" not in os.environ:
        request.getfixturevalue("engine")
    backup_images.build()


@pytest.fixture(scope="module")
def host(images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A machine with a database, its schema, facts, and receipts of what was counted from them."""
    directory = tmp_path_factory.mktemp("backup")
    directory.chmod(0o755)
    host = Host(directory)
    try:
        host.start()
        asyncio.run(_fill(host))
        yield host
    finally:
        host.remove()


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Host]:
    """A machine that has never seen a database of ours."""
    tmp_path.chmod(0o755)
    other = Host(tmp_path)
    try:
        yield other
    finally:
        other.remove()


async def _fill(host: Host) -> None:
    await prepare.prepare_server(host.dsn("postgres"), {"ovia_owner": "owner"})
    await prepare.prepare_database(host.dsn("postgres"), "ovia")
    migrate.apply(prepare.as_role(host.dsn("ovia"), "ovia_owner", "owner"))
    org_id = uuid4()
    conn = await asyncpg.connect(host.dsn("ovia"))
    database = Database(host.dsn("ovia"))
    await database.open()
    try:
        await _prepare(conn)
        await conn.execute("insert into organisations (org_id, name, time_zone) values ($1, 'Fernweh', 'UTC')", org_id)
        books = Books(conn, database, org_id)
        account = await books.account("a")
        await books.person("A", account)
        for number in range(42):
            for kind in ("merge_request.merged", "merge_request.first_response"):
                at = START + timedelta(days=number / 2)
                await books.fact(kind, at, actor=account, value=number / 9, attributes={"class": "bug"})
        async with database.transaction(org_id) as asking:
            for kpi in KPIS:
                for week in range(7):
                    question = await books.question(asking, kpi, days(3 * week, 3 * week + 7), ORGANISATION)
                    await snapshots.answer(asking, question)
        await conn.execute(
            """
            create table ballast (n int primary key, body text not null);
            insert into ballast select n, repeat(md5(n::text), 8) from generate_series(1, 100000) n;
            """
        )
    finally:
        await database.close()
        await conn.close()


async def _fingerprints(dsn: str) -> dict[str, Fingerprint]:
    async with connected(dsn) as conn, conn.transaction():
        return await fingerprints(conn, await restored.tables_of(conn))


def seen(host: Host, database: str = "ovia") -> dict[str, Fingerprint]:
    """What every table of a database holds."""
    return asyncio.run(_fingerprints(host.dsn(database)))


def test_backups_are_made_full_and_incremental_and_the_log_goes_on(host: Host) -> None:
    host.backup("backup.sh", "full")
    host.sql("update ballast set body = 'changed after the full backup' where n <= 500")
    host.backup("backup.sh", "incremental")
    host.sql("insert into ballast select n, 'only in the log' from generate_series(100001, 100500) n")
    told = host.backup("ovia-backup", "status")
    assert '"full"' in told
    assert '"incremental"' in told


def test_a_dropped_table_is_back_as_it_was_a_second_before(host: Host) -> None:
    _kept["before"] = seen(host)
    moment = host.sql("select clock_timestamp()")
    host.once(f"select clock_timestamp() > '{moment}'::timestamptz + interval '1 s'", "a second passes")
    host.sql("drop table ballast")
    host.sql("create table made_after_the_accident (n int)")
    assert "the database is running" in host.backup(
        "restore.sh", "--to-time", moment, "--replace", succeeds=False, writes=True
    )
    assert host.stop() == 0
    assert "give --replace" in host.backup("restore.sh", "--to-time", moment, succeeds=False, writes=True)
    host.backup("restore.sh", "--to-time", moment, "--replace", writes=True)
    host.start()
    assert seen(host) == _kept["before"]
    assert host.shell("ls -d $PGDATA.replaced-* | wc -l").strip() == "1"


def test_a_past_state_is_put_beside_the_database_that_goes_on(host: Host) -> None:
    before = seen(host)
    moment = host.sql("select clock_timestamp()")
    host.once(f"select clock_timestamp() > '{moment}'::timestamptz + interval '1 s'", "a second passes")
    host.sql("delete from ballast where n % 2 = 0")
    after = seen(host)
    host.backup("restore.sh", "--to-time", moment, "--side-database", "before_the_accident")
    assert seen(host, "before_the_accident") == before
    assert seen(host) == after
    assert "already exists" in host.backup(
        "restore.sh", "--to-time", moment, "--side-database", "before_the_accident", succeeds=False
    )
    host.sql("drop database before_the_accident", "postgres")


def test_a_dump_is_read_by_nothing_but_openssl_and_pg_restore(host: Host) -> None:
    for _ in range(2):
        host.backup("backup.sh", "dump", OVIA_BACKUP_KEEP_DUMPS="1")
    assert host.shell("ls /var/lib/pgbackrest/dump/ovia | wc -l").strip() == "1"
    host.sql("create database from_the_dump", "postgres")
    host.shell(
        "openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000 -pass file:/run/secrets/pgbackrest_cipher_pass"
        " -in /var/lib/pgbackrest/dump/ovia/*.dump.enc"
        " | pg_restore --exit-on-error --host=/var/run/postgresql --dbname=from_the_dump"
    )
    assert seen(host, "from_the_dump") == seen(host)
    host.sql("drop database from_the_dump", "postgres")


def test_the_drill_passes_while_the_database_goes_on_and_prometheus_is_told(host: Host) -> None:
    host.serve(OVIA_BACKUP_VERIFY="* * * * *", OVIA_BACKUP_INCREMENTAL="0 0 1 1 *", OVIA_BACKUP_DUMP="0 0 1 1 *")

    def metrics() -> dict[str, float]:
        with urllib.request.urlopen(f"http://{host.address('backup', 9188)}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[:1] != "#")}

    # A server at work: something is committed again and again while the drill marks, restores and compares.
    written, end = 0, time.monotonic() + 200
    while "ovia_backup_verify_success" not in metrics():
        assert time.monotonic() < end, host.log("backup")
        written += 1
        host.sql(f"insert into ballast values (1000000 + {written}, 'while the drill runs')")
    told = metrics()
    assert told["ovia_backup_verify_success"] == 1.0, host.log("backup")
    assert told['ovia_backup_last_run_success{kind="full"}'] == 1.0
    assert told['ovia_backup_last_success_timestamp_seconds{kind="dump"}'] > 1.7e9
    assert told["ovia_backup_repository_bytes"] > 1e6
    assert told["ovia_backup_archive_lag_seconds"] >= 0.0
    assert '"receipts":10,"differing":0' in host.log("backup")
    assert host.stop("backup") == 0


def test_a_new_host_needs_the_repository_and_the_passphrase_and_nothing_else(host: Host, another: Host) -> None:
    expected = seen(host)
    # The log up to now is in the repository once this has ended.
    host.backup("bash", "-c", "pgbackrest-conf && pgbackrest check")
    another.take_repository(host)
    # An empty database in the place of a lost one would be taken for it.
    assert "Restore it" in another.refuses_to_start()
    another.backup("restore.sh", "--latest", writes=True)
    another.start()
    assert seen(another) == expected


def test_a_lost_passphrase_is_called_so(host: Host, another: Host) -> None:
    another.take_repository(host)
    another.secret("pgbackrest_cipher_pass", "not the one")
    assert "cannot be read" in another.refuses_to_start()
    assert "encrypted with another one" in another.backup("restore.sh", "--latest", writes=True, succeeds=False)
    another.secret("pgbackrest_cipher_pass", "")
    assert "the secret pgbackrest_cipher_pass is empty" in another.backup("restore.sh", "--latest", succeeds=False)


def test_a_damaged_file_of_the_log_fails_the_drill(host: Host) -> None:
    newest = "$(ls -t /var/lib/pgbackrest/archive/ovia/17-1/*/*.zst | head -1)"
    flip = f"f={newest}; cp $f $f.kept; printf 'XXXX' | dd of=$f bs=1 seek=64 conv=notrunc status=none"
    host.shell(flip)
    told = host.backup("verify-backup.sh", succeeds=False)
    assert "repository 1 is damaged" in told
    assert "total WAL checked" in told
    host.shell("f=$(ls /var/lib/pgbackrest/archive/ovia/17-1/*/*.kept); mv $f ${f%.kept}")


def test_an_index_that_misses_rows_and_a_receipt_that_no_longer_holds_fail_the_drill(host: Host) -> None:
    host.sql(
        """
        create function shade(n int) returns int language sql immutable as 'select n';
        create index misses_rows on ballast (shade(n));
        create or replace function shade(n int) returns int language sql immutable as 'select n + 1';
        """
    )
    host.sql("delete from facts")
    told = host.backup("verify-backup.sh", succeeds=False)
    assert "misses_rows" in told
    assert "counts something else than it says" in told
    host.sql("drop index misses_rows")


def test_a_damaged_page_fails_the_backup_and_the_drill(host: Host) -> None:
    file = host.sql("select pg_relation_filepath('ballast')")
    host.sql("checkpoint", "postgres")
    host.stop()
    host.shell(f"printf 'XXXX' | dd of=$PGDATA/{file} bs=1 seek=12345 conv=notrunc status=none")
    host.start()
    assert "pages with wrong checksums" in host.backup("backup.sh", "incremental", succeeds=False)
    assert "invalid page" in host.backup("verify-backup.sh", succeeds=False)
    assert '"succeeded": false' in host.backup("ovia-backup", "status")


def test_a_bucket_alone_brings_the_database_back(images: None, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    bucket = Bucket(tmp_path)
    lost, new = bucket.host(tmp_path, "both"), bucket.host(tmp_path, "s3")
    try:
        lost.start()
        lost.sql("create database ovia", "postgres")
        lost.sql("create table kept as select n, md5(n::text) as body from generate_series(1, 1000) n")
        told = lost.backup("backup.sh", "full") + lost.backup("backup.sh", "dump")
        assert told.count('"succeeded":true') == 2
        lost.sql("insert into kept values (0, 'only in the log')")
        expected = seen(lost)
        lost.backup("verify-backup.sh")
        lost.remove()
        new.backup("restore.sh", "--latest", writes=True)
        new.start()
        assert seen(new) == expected
    finally:
        lost.remove()
        new.remove()
        bucket.remove()
