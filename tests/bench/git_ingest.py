"""Reading git history: commits a second into Postgres, memory, and the second run, beside COPY of the same rows.

The reader is the real `ovia-ingest` process against a server that really writes to disk. Its limit in the same run
is what Postgres does with the same raw rows when nothing but one COPY into a bare table is asked of it.
"""

import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import psycopg

from ovia_local.postgres import EmbeddedPostgres
from ovia_shared.admin import operations
from ovia_shared.database import migrate, prepare
from ovia_shared.database.pool import Database
from tests.bench.report import Table
from tests.ingest.histories import History

COMMITS = 60_000
LARGE_COMMITS = 240_000
ROUNDS = 3
PASSWORD = "bench"

RATE_TARGET = 5_000
MEMORY_TARGET_MIB = 200
SECOND_RUN_TARGET_SECONDS = 3.0


class Run(msgspec.Struct, frozen=True):
    """One run of the reader: wall time in seconds, peak resident memory of its process in MiB."""

    seconds: float
    memory: float


async def run() -> list[Table]:
    """Measures everything; about a minute and a half on two cores."""
    with tempfile.TemporaryDirectory(prefix="ovia-bench-") as name:
        directory = Path(name)
        os.chmod(directory, 0o711)  # noqa: PTH101 (as root, the server's account passes through)
        usual, large = _repository(directory / "usual", COMMITS), _repository(directory / "large", LARGE_COMMITS)
        with EmbeddedPostgres(directory / "postgres") as server:
            bench = _Bench(server, directory)
            await bench.prepare()
            first, second, copies = [], [], []
            for number in range(ROUNDS):
                database = await bench.database(f"round_{number}")
                first.append(bench.read(database, usual))
                second.append(bench.read(database, usual))
                copies.append(bench.copy(database))
            big = bench.read(await bench.database("large"), large)
    return _tables(first, second, copies, big)


class _Bench:
    def __init__(self, server: EmbeddedPostgres, directory: Path) -> None:
        self._server = server
        self._directory = directory

    async def prepare(self) -> None:
        await prepare.prepare_server(self._server.admin_dsn(), dict.fromkeys(prepare.LOGINS, PASSWORD))

    async def database(self, name: str) -> str:
        """A fresh migrated database with one organisation."""
        await prepare.prepare_database(self._server.admin_dsn(), name)
        owner = prepare.as_role(self._server.admin_dsn(name), prepare.OWNER, PASSWORD)
        await asyncio.to_thread(migrate.apply, owner)
        database = Database(owner, size=1)
        await database.open()
        await operations.create_organisation(database, "Bench", actor="bench")
        await database.close()
        return name

    def read(self, database: str, repository: Path) -> Run:
        """Runs the reader once, start of the interpreter included."""
        dsn = prepare.as_role(self._server.admin_dsn(database), "ovia_ingest", PASSWORD)
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._directory), "OVIA_DATABASE_URL": dsn}
        command = [str(Path(sys.executable).with_name("ovia-ingest")), "git", str(repository)]
        with (self._directory / "ingest.log").open("ab") as log:
            started = time.perf_counter()
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            peak = 0.0
            while process.poll() is None:
                # Not ru_maxrss: that begins with what the parent held when it forked.
                peak = max(peak, _peak_memory(process.pid))
                time.sleep(0.02)
            seconds = time.perf_counter() - started
        if process.returncode != 0:
            raise RuntimeError((self._directory / "ingest.log").read_text()[-2000:])
        return Run(seconds, peak)

    def copy(self, database: str) -> float:
        """Seconds Postgres needs to take the same raw rows by one COPY into a table without any index."""
        with psycopg.connect(self._server.admin_dsn(database), autocommit=True) as connection:
            connection.execute("create table bare (like raw_records)")
            with connection.cursor() as cursor:
                with cursor.copy("copy raw_records to stdout (format binary)") as out:
                    data = [bytes(chunk) for chunk in out]
                started = time.perf_counter()
                with cursor.copy("copy bare from stdin (format binary)") as into:
                    for chunk in data:
                        into.write(chunk)
            return time.perf_counter() - started


def _peak_memory(pid: int) -> float:
    """The most resident memory the process has had so far, in MiB; 0 if it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


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
