"""What the benches of reading share: a database to read into, and a reader whose time and memory are measured."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ovia_local.postgres import EmbeddedPostgres
from ovia_shared.admin import operations
from ovia_shared.database import migrate, prepare
from ovia_shared.database.pool import Database

PASSWORD = "bench"


class Run(msgspec.Struct, frozen=True):
    """One run of the reader: wall time in seconds, peak resident memory of its process in MiB."""

    seconds: float
    memory: float


class Readers:
    """Databases of one server, and runs of `ovia-ingest` into them."""

    def __init__(self, server: EmbeddedPostgres, directory: Path) -> None:
        self.server = server
        self._directory = directory

    async def prepare(self) -> None:
        """Makes the roles."""
        await prepare.prepare_server(self.server.admin_dsn(), dict.fromkeys(prepare.LOGINS, PASSWORD))

    async def database(self, name: str) -> str:
        """A fresh migrated database with one organisation."""
        await prepare.prepare_database(self.server.admin_dsn(), name)
        owner = prepare.as_role(self.server.admin_dsn(name), prepare.OWNER, PASSWORD)
        await asyncio.to_thread(migrate.apply, owner)
        database = Database(owner, size=1)
        await database.open()
        await operations.create_organisation(database, "Bench", actor="bench")
        await database.close()
        return name

    def read(self, database: str, *arguments: str, settings: Mapping[str, str] | None = None) -> Run:
        """Runs the reader once, start of the interpreter included."""
        dsn = prepare.as_role(self.server.admin_dsn(database), "ovia_ingest", PASSWORD)
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._directory), "OVIA_DATABASE_URL": dsn}
        command = [str(Path(sys.executable).with_name("ovia-ingest")), *arguments]
        with (self._directory / "ingest.log").open("ab") as log:
            started = time.perf_counter()
            process = subprocess.Popen(command, env=environment | dict(settings or {}), stdout=log, stderr=log)
            peak = 0.0
            while process.poll() is None:
                # Not ru_maxrss: that begins with what the parent held when it forked.
                peak = max(peak, _peak_memory(process.pid))
                time.sleep(0.02)
            seconds = time.perf_counter() - started
        if process.returncode != 0:
            raise RuntimeError((self._directory / "ingest.log").read_text()[-2000:])
        return Run(seconds, peak)


def _peak_memory(pid: int) -> float:
    """The most resident memory the process has had so far, in MiB; 0 if it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0
