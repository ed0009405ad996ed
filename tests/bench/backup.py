"""`python -m tests.bench.backup [GIB]`: how long backups and restores of a large database take, on a Docker engine.

Not among the other benches: it needs an engine (DOCKER_HOST), room for four times the size, and a good part of an hour.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from ovia_backup.state import State
from ovia_backup.verification import fingerprints
from ovia_shared.database import restored
from ovia_shared.database.pool import connected
from ovia_shared.database.restored import Fingerprint
from tests.bench.report import Table, publish
from tests.stack import backup_images
from tests.stack.backup_rig import Host

GIB = 1 << 30
ROWS = 500_000  # of one table, which is about half a GiB with its index
CHANGED = 25  # one row in so many, before the incremental backup
T = TypeVar("T")


def main() -> None:
    """Fills a database to the size asked for (5 GiB), then does with it all that backups promise."""
    wanted = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    backup_images.build()
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        host = Host(Path(directory))
        try:
            publish("backup", [_measure(host, wanted)])
        finally:
            host.remove()


def _measure(host: Host, wanted: float) -> Table:
    rows: list[tuple[str, str]] = []

    def timed(what: str, work: Callable[[], T]) -> T:
        began = time.monotonic()
        done = work()
        rows.append((what, f"{time.monotonic() - began:.1f} s"))
        print(*rows[-1], sep=": ", flush=True)
        return done

    host.start()
    host.sql("create database ovia", "postgres")
    timed("filling it, its log archived", lambda: _fill(host, wanted))
    rows.append(("size of the database", _size(host, "select pg_database_size('ovia')")))
    timed("full backup", lambda: host.backup("backup.sh", "full"))
    rows.append(("size of the repository after it", _repository(host)))
    host.sql(f"update bulk_0 set body = md5(body) || body where n % {CHANGED} = 0")
    timed(f"incremental backup, a {CHANGED}th of one table changed", lambda: host.backup("backup.sh", "incremental"))
    rows.append(("size of the repository after it", _repository(host)))
    host.sql("insert into bulk_0 select n, n::text from generate_series(100000000, 100100000) n")
    before = timed("fingerprints of every table", lambda: asyncio.run(_seen(host)))
    moment = host.sql("select clock_timestamp()")
    host.once(f"select clock_timestamp() > '{moment}'::timestamptz + interval '1 s'", "a second passes")
    host.sql("drop table bulk_0")
    timed("stopping it, the log archived", host.stop)
    timed(
        "restore to a second before a table was dropped, log replayed",
        lambda: host.backup("restore.sh", "--to-time", moment, "--replace", "--discard-replaced", writes=True),
    )
    timed("starting it", host.start)
    equal = asyncio.run(_seen(host)) == before
    rows.append(("every table as before", "yes" if equal else "NO"))
    timed("restore drill", lambda: host.backup("verify-backup.sh"))
    drill = host.backup("ovia-backup", "status")
    state = msgspec.json.decode(drill, type=State)
    rows.append(("the drill alone", f"{state.runs['verify'].ended - state.runs['verify'].started:.1f} s"))
    assert equal, "the restored tables differ"
    return Table(f"Backups of a database of {wanted:g} GiB on {os.cpu_count()} cores", ("What", "Took"), tuple(rows))


def _fill(host: Host, wanted: float) -> None:
    # Hexadecimal digits by chance: half of each byte is worth something, as in text.
    by_chance = "(select string_agg(md5(n::text || i), '') from generate_series(1, 30) i)"
    number = 0
    while int(host.sql("select pg_database_size('ovia')")) < wanted * GIB:
        rows = (
            f"n + {number * ROWS}, body from bulk_0" if number else f"n, {by_chance} from generate_series(1, {ROWS}) n"
        )
        host.sql(f"create table bulk_{number} (n bigint primary key, body text not null)")
        host.sql(f"insert into bulk_{number} select {rows}")
        number += 1


async def _seen(host: Host) -> dict[str, Fingerprint]:
    async with connected(host.dsn("ovia")) as conn, conn.transaction():
        return await fingerprints(conn, await restored.tables_of(conn))


def _size(host: Host, question: str) -> str:
    return f"{int(host.sql(question)) / GIB:.2f} GiB"


def _repository(host: Host) -> str:
    return f"{int(host.shell('du -sb /var/lib/pgbackrest | cut -f1')) / GIB:.2f} GiB"


if __name__ == "__main__":
    main()
