"""What can go wrong while the stack of one machine starts or runs."""

from pathlib import Path

from ovia_shared.errors import OviaError

LOG_LINES_SHOWN = 12


class StackError(OviaError):
    """The local stack cannot start or go on. The message is for the person at the terminal."""


def with_log(sentence: str, log: Path) -> str:
    """The sentence, and below it the last lines of the log that may say why."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    except OSError:
        lines = []
    return "\n".join(
        [sentence, *(["Last lines of " + str(log) + ":"] if lines else []), *("  " + line for line in lines)]
    )
