"""The directory in which the stack of one checkout keeps everything, and which process holds it."""

import contextlib
import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ovia_local.errors import StackError
from ovia_local.files import make_directory, write_private
from ovia_local.installation import SYSTEM_HOME

TAKEOVER_SECONDS = 3.0


def checkout() -> Path:
    """The root of the checkout this package was installed from."""
    return Path(__file__).resolve().parents[3]


def default_directory() -> Path:
    """`.ovia` in the checkout; as root, a place of its own that the database's account can reach."""
    root = checkout()
    if os.geteuid() != 0:
        return root / ".ovia"
    return SYSTEM_HOME / f"{root.name}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:8]}"


def random_password() -> str:
    return secrets.token_urlsafe(32)


class State:
    """Paths and secrets below one state directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.postgres = self.directory / "postgres"
        self.logs = self.directory / "logs"
        self.gateway = self.directory / "caddy"
        self.git_cache = self.directory / "git"

    def create(self) -> None:
        """Make the directories that are missing.

        Raises:
            StackError: one of them cannot be made.
        """
        try:
            # As root the database's account passes through to its data; what it must not see is closed below.
            make_directory(self.directory, 0o711 if os.geteuid() == 0 else 0o700)
            for private in (self.logs, self.gateway, self.directory / "secrets"):
                make_directory(private, 0o700)
        except OSError as error:
            raise StackError(f"{error.filename or self.directory} cannot be used: {error.strerror}.") from None

    def secrets_of(self, owner: str) -> Path:
        """The directory of secret files that one process, and no other, is given."""
        directory = self.directory / "secrets" / owner
        make_directory(directory, 0o700)
        return directory

    def secret(self, owner: str, name: str, make: Callable[[], str] = random_password) -> str:
        """A secret of `owner`, made once and kept."""
        path = self.secrets_of(owner) / name
        if not path.exists():
            write_private(path, make())
        return path.read_text()

    def hand_over(self, owner: str, name: str, value: str) -> None:
        """Write a secret file, replacing what it held."""
        write_private(self.secrets_of(owner) / name, value)

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def contents(self) -> list[Path]:
        """The directories in which this state keeps everything; another program may keep its own beside them."""
        return [self.postgres, self.logs, self.gateway, self.git_cache, self.directory / "secrets"]

    @contextlib.contextmanager
    def held(self, patience: float = TAKEOVER_SECONDS) -> Iterator[bool]:
        """Keep every other process away from this state until the block ends, however it ends.

        Yields whether the process that held it before was killed, so that parts of it may be ending just now.

        Raises:
            StackError: another process still holds it after `patience` seconds; the message has its number.
        """
        with self._lock.open("a+") as lock:
            self._take(lock.fileno(), patience)
            killed = bool(self._lock.read_text())
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            try:
                yield killed
            finally:
                lock.truncate(0)

    def holder(self) -> int | None:
        """The process that holds this state at the moment."""
        try:
            with self._lock.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            written = self._lock.read_text().strip()
            return int(written) if written.isdigit() else None
        return None

    @property
    def _lock(self) -> Path:
        return self.directory / "lock"

    def _take(self, lock: int, patience: float) -> None:
        # A holder that was told to stop a moment ago gets the moment it needs.
        deadline = time.monotonic() + patience
        while True:
            with contextlib.suppress(BlockingIOError):
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if time.monotonic() > deadline:
                holder = self.holder() or "unknown"
                raise StackError(
                    f"Ovia is already running from this checkout (process {holder}); stop it there with Ctrl-C."
                )
            time.sleep(0.1)
