"""A bare copy of a remote repository, brought up to date before each read."""

import asyncio
import contextlib
import fcntl
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

from ovia_ingest.connectors.git import failures
from ovia_ingest.connectors.git.location import SCHEMES, GitLocation
from ovia_ingest.connectors.git.processes import Finished, environment, output
from ovia_shared.errors import SourceError, SourceFault

FETCH_SECONDS = 3600.0


async def fetch(location: GitLocation, cache: Path, seconds: float = FETCH_SECONDS) -> Path:
    """The bare mirror of a URL in `cache`, holding what the remote holds now; made if there is none.

    A fetch that was interrupted, or lasts longer than `seconds`, leaves a mirror the next one continues.
    Raises `SourceError`: retriable for network faults, fatal where the address or the access must be mended.
    """
    directory = cache / f"{hashlib.sha256(location.address.encode(errors='surrogateescape')).hexdigest()[:40]}.git"
    _make(directory)
    try:
        async with asyncio.timeout(seconds), _alone(directory):
            await _bring_up_to_date(location, directory)
    except TimeoutError:
        raise SourceError(f"fetching took longer than {seconds:.0f} s; the next read carries on") from None
    except Finished as finished:
        raise failures.while_fetching(finished, location.masker()) from None
    return directory


async def _bring_up_to_date(location: GitLocation, directory: Path) -> None:
    # `init` of a repository that exists changes nothing, and completes one whose making was interrupted.
    await _run("init", "--quiet", "--bare", "--template=", env=environment("none"), directory=directory)
    config: dict[str, str] = {}
    authorization = location.authorization()
    if authorization is not None:
        base, header = authorization
        config[f"http.{base}.extraHeader"] = header
    # Everything a mirror clone takes. The address is not written into the mirror's configuration.
    options = ["--quiet", "--prune", "--force", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no"]
    env = environment(":".join(sorted(SCHEMES)), {"GIT_DIR": str(directory)}, config)
    await _run("fetch", *options, "--", location.address, "+refs/*:refs/*", env=env, directory=directory)


def _make(directory: Path) -> None:
    cache = directory.parent
    try:
        # What credentials opened is nobody else's to read.
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        directory.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise SourceError(
            f"no mirror can be kept in {cache}: {error.strerror}; set OVIA_GIT_CACHE to a writable directory",
            fault=SourceFault.FATAL,
        ) from None


async def _run(*command: str, env: dict[str, str], directory: Path) -> None:
    async with contextlib.aclosing(output(command, env=env, directory=str(directory))) as printed:
        async for _ in printed:
            pass


@contextlib.asynccontextmanager
async def _alone(directory: Path) -> AsyncIterator[None]:
    """One fetch into a mirror at a time, across processes; the system frees the lock of one that dies."""
    with (directory.parent / f"{directory.name}.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.2)
        yield
