"""Reading a source over HTTP: records a second, raw and canonical, and memory, beside COPY of the same rows.

The source is a process on the same machine (`source_server`). The limit in the same run is what Postgres needs to take
the same rows, raw and canonical, by COPY alone into tables with the same indexes.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
from cryptography.fernet import Fernet
from psycopg import sql

from ovia_local.postgres import EmbeddedPostgres
from ovia_shared.database.canonical_tables import TABLES
from tests.bench.readers import Readers, Run
from tests.bench.report import Table

SMALL, LARGE = 15_000, 190_000
ROUNDS = 3
RATE_TARGET = 2_000
GROWTH_TARGET_MIB = 50
COPY_TARGET = 4


async def run() -> list[Table]:
    """Measures everything; about seven minutes on two cores."""
    with tempfile.TemporaryDirectory(prefix="ovia-bench-") as name:
        directory = Path(name)
        os.chmod(directory, 0o711)  # noqa: PTH101 (as root, the server's account passes through)
        with EmbeddedPostgres(directory / "postgres") as server:
            readers = Readers(server, directory)
            await readers.prepare()
            small = [await _read(readers, f"small_{number}", SMALL) for number in range(ROUNDS)]
            large = await _read(readers, "large", LARGE)
            copy = await asyncio.to_thread(_copy, server.admin_dsn("large"))
            rows = await asyncio.to_thread(_count, server.admin_dsn("large"))
    return [_table(small, large, copy, rows)]


async def _read(readers: Readers, name: str, issues: int) -> Run:
    return await asyncio.to_thread(_read_from_source, readers, await readers.database(name), issues)


def _read_from_source(readers: Readers, database: str, issues: int) -> Run:
    command = [sys.executable, "-m", "tests.bench.source_server", str(issues)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        settings = {
            "JIRA_BASE_URL": f"http://127.0.0.1:{server.stdout.readline().strip()}",
            "JIRA_EMAIL": "bench@fernweh.example",
            "JIRA_API_TOKEN": "bench",
            "JIRA_DEPLOYMENT": "cloud",
            "JIRA_SYNC_WINDOW_DAYS": "3650",
            "OVIA_CREDENTIALS_KEYS": Fernet.generate_key().decode(),
            "OVIA_LOG_LEVEL": "warning",
        }
        try:
            return readers.read(database, "run", settings=settings)
        finally:
            server.communicate("")


def _filled(connection: "psycopg.Connection[tuple[int]]") -> list[str]:
    names = ["raw_records", *(table.name for table in TABLES)]
    return [name for name in names if _rows(connection, name)]


def _rows(connection: "psycopg.Connection[tuple[int]]", table: str) -> int:
    found = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
    return found[0] if found else 0


def _count(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        return sum(_rows(connection, name) for name in _filled(connection))


def _copy(dsn: str) -> float:
    """Seconds Postgres takes to COPY the rows into empty tables with the same columns, checks and indexes."""
    seconds = 0.0
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name in _filled(connection):
            table, twin = sql.Identifier(name), sql.Identifier(f"copy_of_{name}")
            connection.execute(sql.SQL("create table {} (like {} including all)").format(twin, table))
            with connection.cursor() as cursor:
                # In pieces: the rows need not fit into the memory of this process twice.
                with cursor.copy(sql.SQL("copy {} to stdout (format binary)").format(table)) as out:
                    data = [bytes(chunk) for chunk in out]
                started = time.perf_counter()
                with cursor.copy(sql.SQL("copy {} from stdin (format binary)").format(twin)) as into:
                    for chunk in data:
                        into.write(chunk)
                seconds += time.perf_counter() - started
            connection.execute(sql.SQL("drop table {}").format(twin))
    return seconds


def _table(small: list[Run], large: Run, copy: float, rows: int) -> Table:
    at_small = statistics.median(run.seconds for run in small)
    growth = large.memory - statistics.median(run.memory for run in small)
    return Table(
        title=f"Reading Jira over HTTP ({LARGE:,} issues, {rows:,} rows)",
        columns=("figure", "measured", "target"),
        rows=(
            (
                f"records a second, start to end, {LARGE:,} issues",
                f"{LARGE / large.seconds:,.0f}",
                f"≥ {RATE_TARGET:,}",
            ),
            (f"the same at {SMALL:,} issues, median of {ROUNDS}", f"{SMALL / at_small:,.0f}", ""),
            ("rows stored a second", f"{rows / large.seconds:,.0f}", ""),
            ("COPY alone of the same rows, seconds", f"{copy:,.1f}", ""),
            ("time as a multiple of it", f"{large.seconds / copy:.1f}", f"≤ {COPY_TARGET}"),
            (f"peak memory at {LARGE:,}, MiB", f"{large.memory:,.0f}", ""),
            (f"growth from {SMALL:,}, MiB", f"{growth:,.0f}", f"< {GROWTH_TARGET_MIB}"),
        ),
    )
