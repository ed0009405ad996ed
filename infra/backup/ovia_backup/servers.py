"""Servers of our own on a restored directory: reached over a socket that nobody else has."""

import asyncio
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from ovia_backup.errors import CommandFailed
from ovia_backup.processes import SHOWN

READY_SECONDS = 6 * 3600.0  # replaying a week of log takes its time
STOP_SECONDS = 300.0
POLL_SECONDS = 0.1

# Nothing but what recovery needs: no client but us, no archive, nothing that changes rows by itself.
SCRATCH: Mapping[str, str] = {
    "config_file": "/etc/postgresql/postgresql.conf",
    "listen_addresses": "",
    "archive_mode": "off",
    "autovacuum": "off",
    # Nobody may look before the target is reached, and the limits of the live server need not be met.
    "hot_standby": "off",
    "max_connections": "20",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "64MB",
    "log_min_duration_statement": "-1",
    # It is thrown away afterwards.
    "fsync": "off",
    "full_page_writes": "off",
}
# What recovers here becomes the live database: durable, and its log is kept for the archive until it is served.
FOR_GOOD: Mapping[str, str] = {
    **SCRATCH,
    "archive_mode": "on",
    "archive_command": "/bin/false",
    "fsync": "on",
    "full_page_writes": "on",
}


class Server:
    """A server on `data` for as long as the context lasts; entered once recovery has ended."""

    def __init__(self, data: Path, settings: Mapping[str, str] = SCRATCH) -> None:
        self._data = data
        # 0700, and short, as a socket's path must be.
        self._directory = tempfile.TemporaryDirectory(prefix="ovia-server-", dir="/tmp")
        self.socket = Path(self._directory.name)
        self._settings = {**settings, "unix_socket_directories": str(self.socket)}
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> "Server":
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stop()

    async def _start(self) -> None:
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        with (self.socket / "log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                "postgres", "-D", str(self._data), *options, stdout=log, stderr=log
            )
        async with asyncio.timeout(READY_SECONDS):
            while not await self._ready():
                if self._process.returncode is not None:
                    raise CommandFailed("postgres on the restored files", self._process.returncode, self.log[-SHOWN:])
                await asyncio.sleep(POLL_SECONDS)

    async def _ready(self) -> bool:
        asked = await asyncio.create_subprocess_exec("pg_isready", "--quiet", f"--host={self.socket}")
        return await asked.wait() == 0

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                process.send_signal(signal.SIGQUIT)
                await process.wait()
        self._directory.cleanup()

    @property
    def log(self) -> str:
        """What the server has said so far."""
        return (self.socket / "log").read_text(errors="replace")
