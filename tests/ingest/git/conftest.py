"""Repositories to read, and a look at the processes of this machine."""

import os
import subprocess
from pathlib import Path

import pytest

from ovia_ingest.connectors.git.repository import GitLocation, Repository
from tests.repositories import make_repository


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of 3,000 commits on four branches; never changed."""
    return make_repository(tmp_path_factory.mktemp("sample") / "shop.git", commits=3000, people=60)


def git(directory: Path, *arguments: str | Path, given: str = "") -> str:
    """Runs git as a developer would, and returns what it printed."""
    me = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "protocol.file.allow=always")
    done = subprocess.run(
        ["git", *me, *arguments], cwd=directory, input=given, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


async def opened(address: str | Path, cache: Path = Path("/nonexistent")) -> Repository:
    """The repository at a place as a person would write it."""
    return await Repository.open(GitLocation.parse(str(address)), cache)


async def whole(repository: Repository) -> dict[str, bytes]:
    """Everything that can be reached, by id."""
    return {sha: raw async for sha, raw in repository.commits(await repository.tips(), ())}


def children() -> list[int]:
    """The git processes this one started and has not reaped, by process id."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = status.read_text().partition("(")[2].rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if name == "git" and rest.split()[1] == str(os.getpid()):
            found.append(int(status.parent.name))
    return found
