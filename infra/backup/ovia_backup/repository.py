"""The repository of backups, as pgBackRest keeps it: physical backups and the archived log, encrypted."""

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from ovia_backup.errors import BackupError, explained
from ovia_backup.processes import run

# pgBackRest's word for what we call incremental.
TYPES = {"full": "full", "incremental": "incr"}
# Its code for a repository that is out of reach or encrypted otherwise; others tell of one that is still empty.
UNREADABLE = 99


class Target(msgspec.Struct, frozen=True):
    """How far a restore goes: `latest` (all of the log), `time` or `name` (a restore point), on which timeline."""

    kind: str = "latest"
    value: str = ""
    timeline: str = "latest"

    @property
    def options(self) -> list[str]:
        """As pgBackRest's restore takes it."""
        reached = (
            ["--type=default"]
            if self.kind == "latest"
            else [f"--type={self.kind}", f"--target={self.value}", "--target-action=promote"]
        )
        return [*reached, f"--target-timeline={self.timeline}"]


async def prepare() -> None:
    """Renders pgBackRest's settings. Raises `CommandFailed`, naming a secret or variable that is missing."""
    await run("pgbackrest-conf")


async def create_stanza() -> None:
    """Makes the repository ready for this database; harmless if it is."""
    await run("pgbackrest", "stanza-create")


async def back_up(kind: str, repositories: Sequence[int]) -> None:
    """Makes a backup in each repository and drops those that are kept long enough.

    Raises `BackupError` if a page of the database was found broken: the backup is there, but what it holds is not well.
    """
    await create_stanza()
    for number in repositories:
        await run("pgbackrest", "backup", f"--type={TYPES[kind]}", f"--repo={number}")
    for backup in newest_of_each(await info()):
        if backup["error"]:
            raise BackupError(
                f"backup {backup['label']} holds pages with wrong checksums: files of the database are damaged"
                " (the service's log names them)"
            )


async def check() -> None:
    """Archives the log up to now and sees it arrive in each repository. Raises `CommandFailed`."""
    await run("pgbackrest", "check")


async def verify(repositories: Sequence[int]) -> None:
    """Reads every file of each repository and compares checksums. Raises `BackupError` naming what is broken."""
    for number in repositories:
        report = await run("pgbackrest", "verify", f"--repo={number}", "--output=text", "--verbose")
        if faults := faults_of(report):
            raise BackupError(f"repository {number} is damaged: {'; '.join(faults)}")


def faults_of(report: str) -> list[str]:
    """What a report of `pgbackrest verify` finds fault with. It ends with 0 whatever it finds, so this has to be read.

    A report without any verdict is a fault too: nothing was looked at.
    """
    lines = [line.strip() for line in report.splitlines()]
    faults = [line for line in lines if re.search(r"\b(status: (error|invalid)|ERROR:)", line)]
    for before, line in itertools.pairwise(lines):
        counts = re.fullmatch(r"missing: (\d+), checksum invalid: (\d+), size invalid: (\d+), other: (\d+)", line)
        if counts and any(int(count) for count in counts.groups()):
            faults.append(f"{before}, {line}")
    if not faults and "status: ok" not in lines:
        faults.append("no verdict: " + " ".join(lines)[:300])
    return faults


async def info() -> list[dict[str, Any]]:
    """Every backup there is, oldest first, as pgBackRest describes it. Raises `BackupError` if one cannot be read."""
    stanzas = msgspec.json.decode(await run("pgbackrest", "info", "--output=json", "--log-level-console=error"))
    for one in (one for stanza in stanzas for one in stanza.get("repo", [])):
        if one["status"]["code"] == UNREADABLE:
            reason = one["status"]["message"]
            raise BackupError(explained(reason) or f"repository {one['key']} cannot be read: {reason}")
    found: list[dict[str, Any]] = [backup for stanza in stanzas for backup in stanza.get("backup", [])]
    return found


def without_full(backups: Sequence[dict[str, Any]], repositories: Sequence[int]) -> set[int]:
    """The repositories that hold no full backup."""
    return set(repositories) - {one["database"]["repo-key"] for one in backups if one["type"] == "full"}


def newest_of_each(backups: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The newest backup of every repository."""
    return list({backup["database"]["repo-key"]: backup for backup in backups}.values())


async def size(repositories: Sequence[int]) -> int:
    """Bytes that all repositories hold, dumps included."""
    return sum([sum(file["size"] for file in (await files(number)).values()) for number in repositories])


async def files(number: int, below: str = "") -> dict[str, Any]:
    """Every file of a repository, or of a folder in it, by its path: size, and time of its last change."""
    listing = msgspec.json.decode(
        await run(
            "pgbackrest", "repo-ls", f"--repo={number}", "--recurse", "--output=json", "--log-level-console=error",
            *([below] if below else []),
        )
    )  # fmt: skip
    return {path: entry for path, entry in listing.items() if entry["type"] == "file"}


async def restore(data: Path, target: Target, *options: str) -> None:
    """Puts a backup's files into an empty directory, with all that recovery needs to go on to the target."""
    await run("pgbackrest", "restore", f"--pg1-path={data}", *target.options, *options)
