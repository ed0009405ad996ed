"""What is known of earlier runs: one small file that outlives the service, read by its metrics at every scrape."""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ovia_backup.errors import Busy


class Run(msgspec.Struct, frozen=True):
    """The last run of a kind of job. Times are seconds since 1970."""

    started: float
    ended: float
    succeeded: bool
    message: str = ""


class State(msgspec.Struct):
    """`since`: when the service first started here, before which nothing was missed."""

    since: float = msgspec.field(default_factory=time.time)
    runs: dict[str, Run] = msgspec.field(default_factory=dict)
    successes: dict[str, float] = msgspec.field(default_factory=dict)
    repository_bytes: int | None = None

    def record(self, kind: str, run: Run) -> None:
        """Notes that a job has ended."""
        self.runs[kind] = run
        if run.succeeded:
            self.successes[kind] = run.ended


class StateFile:
    """The file in `directory`, and the lock under which jobs run one at a time, whoever starts them."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "state.json"
        self._lock = directory / "lock"

    def read(self) -> State:
        """What is known; nothing yet if there is no file or it cannot be understood (it is only about the past)."""
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=State)
        except (FileNotFoundError, msgspec.MsgspecError):
            return State()

    def write(self, state: State) -> None:
        """Replaces the file as a whole."""
        new = self._file.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(state))
        new.replace(self._file)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Raises `Busy` if somebody else holds it."""
        with self._lock.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy("another backup, restore or verification is running; try again when it has ended") from None
            yield
