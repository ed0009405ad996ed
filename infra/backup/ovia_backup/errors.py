"""What can go wrong with backups, in words for whoever must act."""

from ovia_shared.errors import OviaError


class BackupError(OviaError):
    """Something about a backup or a restore failed; the message says what."""


class CommandFailed(BackupError):
    """A program ended with a fault. `output` is the end of what it said."""

    def __init__(self, command: str, code: int, output: str) -> None:
        super().__init__(explained(output) or f"{command} failed ({code}): {output}")
        self.output = output


class Busy(BackupError):
    """Another job is running: they share the repository and the room for scratch servers."""


# What pgBackRest says, and what that means here.
_MEANINGS = (
    (
        # A wrong passphrase gives noise, which now and then looks as if it were padded right.
        ("CryptoError", "FormatError: key/value found outside of section", "cipher header invalid"),
        "the repository cannot be read with this pgbackrest_cipher_pass: it was encrypted with another one",
    ),
    (
        ("do not match the database", "but do not match"),
        "the repository belongs to another database than the one that runs: its system identifier differs",
    ),
    (
        ("recovery ended before configured recovery target was reached",),
        "nothing that was archived is of that moment or later: --latest restores all there is",
    ),
    (
        ("No space left on device",),
        "no room is left on the disk",
    ),
)


def explained(output: str) -> str | None:
    """The meaning of a program's complaint, with the complaint; None for one that speaks for itself."""
    for signs, meaning in _MEANINGS:
        if any(sign in output for sign in signs):
            complaints = [line.strip() for line in output.splitlines() if "ERROR:" in line or "FATAL:" in line]
            return f"{meaning} ({complaints[-1]})" if complaints else meaning
    return None
