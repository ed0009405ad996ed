"""Reading git history: commits a second into Postgres, memory, and the second run, beside COPY of the same rows.

The reader is the real `ovia-ingest` process against a server that really writes to disk. Its limit in the same run
is what Postgres does with the same raw rows when nothing but one COPY into a bare table is asked of it.
"""

import os
import statistics
import tempfile
import time
from pathlib import Path

import psycopg

from ovia_local.postgres import EmbeddedPostgres
from tests.bench.readers import Readers, Run
from tests.bench.report import Table
from tests.ingest.histories import History

COMMITS = 60_000
LARGE_COMMITS = 240_000
ROUNDS = 3

RATE_TARGET = 5_000
MEMORY_TARGET_MIB = 200
SECOND_RUN_TARGET_SECONDS = 3.0


async def run() -> list[Table]:
    """Measures everything; about a minute and a half on two cores."""
    with tempfile.TemporaryDirectory(prefix="ovia-bench-") as name:
        directory = Path(name)
        os.chmod(directory, 0o711)  # noqa: PTH101 (as root, the server's account passes through)
        usual, large = _repository(directory / "usual", COMMITS), _repository(directory / "large", LARGE_COMMITS)
        with EmbeddedPostgres(directory / "postgres") as server:
            bench = Readers(server, directory)
            await bench.prepare()
            first, second, copies = [], [], []
            for number in range(ROUNDS):
                database = await bench.database(f"round_{number}")
                first.append(bench.read(database, "git", str(usual)))
                second.append(bench.read(database, "git", str(usual)))
                copies.append(_copy(server.admin_dsn(database)))
            big = bench.read(await bench.database("large"), "git", str(large))
    return _tables(first, second, copies, big)


def _copy(dsn: str) -> float:
    """Seconds Postgres needs to take the same raw rows by one COPY into a table without any index."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table bare (like raw_records)")
        with connection.cursor() as cursor:
            with cursor.copy("copy raw_records to stdout (format binary)") as out:
                data = [bytes(chunk) for chunk in out]
            started = time.perf_counter()
            with cursor.copy("copy bare from stdin (format binary)") as into:
                for chunk in data:
                    into.write(chunk)
        return time.perf_counter() - started


def _repository(path: Path, commits: int) -> Path:
    History(path).fill(commits, people=800)
    return path


def _tables(first: list[Run], second: list[Run], copies: list[float], big: Run) -> list[Table]:
    seconds = statistics.median(run.seconds for run in first)
    again = statistics.median(run.seconds for run in second)
    copy = statistics.median(copies)
    peak = max(run.memory for run in [*first, big])
    return [
        Table(
            title=f"Reading git history ({COMMITS:,} commits, medians of {ROUNDS} runs)",
            columns=("figure", "measured", "target"),
            rows=(
                ("commits stored per second, start to end", f"{COMMITS / seconds:,.0f}", f"≥ {RATE_TARGET:,}"),
                ("the same at " + f"{LARGE_COMMITS:,} commits", f"{LARGE_COMMITS / big.seconds:,.0f}", ""),
                ("time as a multiple of COPY of the same raw rows", f"{seconds / copy:.1f}", ""),
                (f"peak memory at {COMMITS:,} commits, MiB", f"{max(run.memory for run in first):.0f}", ""),
                (f"peak memory at {LARGE_COMMITS:,} commits, MiB", f"{peak:.0f}", f"< {MEMORY_TARGET_MIB}"),
                ("second run, nothing changed, seconds", f"{again:.2f}", f"< {SECOND_RUN_TARGET_SECONDS:.0f}"),
            ),
        )
    ]
