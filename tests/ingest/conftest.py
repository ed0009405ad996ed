"""Running the ingest as its container does: a process of its own, with the role and settings it would have."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import msgspec
import pytest

from tests.conftest import RoleDsn, SampleOrganisation
from tests.ingest.histories import History


class Finished(msgspec.Struct):
    """How a run of `ovia-ingest` ended."""

    code: int
    out: str
    err: str


class Ingest:
    """`ovia-ingest`, started as a process."""

    def __init__(self, dsn: str, directory: Path, organisation: str) -> None:
        self._organisation = organisation
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "OVIA_DATABASE_URL": dsn,
            "OVIA_GIT_CACHE": str(directory / "git-cache"),
            # Long enough for a machine that stands still for a moment; who is killed on purpose takes less.
            "OVIA_LEASE_SECONDS": "5",
            "OVIA_SECRETS_DIR": str(directory),
        }

    async def start(self, *arguments: str, **settings: str) -> asyncio.subprocess.Process:
        """A running process; more settings by name, as in `OVIA_LOG_LEVEL="debug"`."""
        return await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("ovia-ingest"),
            *arguments,
            env=self._environment | settings,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def git(self, *repositories: str | Path, organisation: bool = True, **settings: str) -> Finished:
        """Reads repositories to the end."""
        chosen = ("--organisation", self._organisation) if organisation else ()
        process = await self.start("git", *chosen, *map(str, repositories), **settings)
        out, err = await process.communicate()
        return Finished(process.returncode or 0, out.decode(), err.decode())


@pytest.fixture
async def ingest(
    role_dsn: RoleDsn, tmp_path: Path, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> Ingest:
    """The ingest, working for the first of the two organisations."""
    return Ingest(role_dsn("ovia_ingest"), tmp_path, organisations[0].name)


@pytest.fixture
def history(tmp_path: Path) -> History:
    """An empty repository to write history into."""
    return History(tmp_path / "shop")


@pytest.fixture
async def rows(database_dsn: str) -> Callable[..., "asyncio.Future[list[asyncpg.Record]]"]:
    """Fetches rows as the superuser, who sees every organisation."""

    async def fetch(query: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(database_dsn)
        try:
            return await connection.fetch(query, *values)
        finally:
            await connection.close()

    return fetch  # type: ignore[return-value]
