"""Files and directories made with exactly the permissions they need, whatever the umask."""

import contextlib
import os
from pathlib import Path
from typing import BinaryIO


def make_directory(path: Path, mode: int) -> None:
    """Make a directory with this mode. One that exists is left as it is: it may be the user's own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
        path.chmod(mode)


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner may read, whole or not at all."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
    unfinished.replace(path)


def fresh_log(log: Path) -> BinaryIO:
    """An empty log file open for writing; what it held before is kept beside it as `.1`."""
    make_directory(log.parent, 0o700)
    if log.exists() and log.stat().st_size:
        log.replace(log.with_name(log.name + ".1"))
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600), "wb")
