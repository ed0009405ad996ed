"""Restores: the database itself, on this host or a new one, or one of its past states into a database beside it."""

import asyncio
import datetime as dt
import os
import shutil
from pathlib import Path

import structlog

from ovia_backup import repository
from ovia_backup.errors import BackupError
from ovia_backup.processes import pipeline, run
from ovia_backup.repository import Target
from ovia_backup.servers import FOR_GOOD, Server
from ovia_backup.settings import BackupSettings, dsn
from ovia_backup.verification import clear
from ovia_shared.database import restored
from ovia_shared.database.pool import connected

_log = structlog.get_logger()


async def in_place(settings: BackupSettings, data: Path, target: Target, *, replace: bool, discard: bool) -> None:
    """Makes `data` the database as of the target, recovered and shut down; the next start of the service serves it.

    It is restored beside its place and moved there once recovery has reached the target, so a restore that fails
    leaves what was there. That is kept under another name, unless `discard`. Raises `BackupError` if a server runs
    on it, or if there is a database and not `replace`.
    """
    if await answers(settings.backup_socket):
        raise BackupError("the database is running: stop it first (docker service scale ovia_postgres=0)")
    if (data / "PG_VERSION").exists() and not replace:
        raise BackupError(f"there is a database in {data}: give --replace to put the restored one in its place")
    if not os.access(data.parent, os.W_OK):
        raise BackupError(f"{data.parent} cannot be written: mount the database's volume for writing")
    beside = data.with_name(f"{data.name}.restoring")
    await clear(beside)
    await repository.restore(beside, target)
    async with Server(beside, FOR_GOOD) as server:
        async with connected(dsn(server.socket, "postgres")) as conn:
            if await restored.in_recovery(conn):
                raise BackupError("recovery has not ended")
        _log.info("recovered", log=server.log[-2000:])
    await asyncio.to_thread(_move, beside, data, discard=discard)
    _log.info("restored", directory=str(data), target=target.kind, value=target.value)


def _move(beside: Path, data: Path, *, discard: bool) -> None:
    if data.exists():
        kept = data.with_name(f"{data.name}.replaced-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}")
        data.rename(kept)
        beside.rename(data)
        if discard:
            shutil.rmtree(kept)
        else:
            _log.info("what was there is kept", directory=str(kept))
    else:
        beside.rename(data)


async def side_database(settings: BackupSettings, name: str, target: Target) -> None:
    """Makes a new database of the running server that holds what the database held as of the target.

    Raises `BackupError` or `CommandFailed`; a database that was only half filled is dropped.
    """
    live = f"--host={settings.backup_socket}"
    scratch = settings.backup_scratch / "side"
    await run("createdb", live, "--template=template0", name)
    try:
        # All up to now has to be in the archive, and something later than any moment that can be asked for.
        async with connected(settings.live_dsn) as conn:
            await restored.commit_something(conn)
        await repository.check()
        await clear(scratch)
        await repository.restore(scratch, target, "--archive-mode=off")
        async with Server(scratch) as server:
            await pipeline(
                ["pg_dump", f"--host={server.socket}", "--format=custom", "--compress=none", settings.backup_database],
                ["pg_restore", live, "--exit-on-error", f"--dbname={name}"],
            )
        await run("psql", live, "--no-psqlrc", f"--dbname={name}", "--command=analyze")
    except BaseException:
        await run("dropdb", live, "--if-exists", "--force", name)
        raise
    finally:
        await clear(scratch)
    _log.info("restored into a side database", database=name, target=target.kind, value=target.value)


async def answers(socket: Path) -> bool:
    """Whether a server is behind this socket: one that accepts connections, or is about to."""
    asked = await asyncio.create_subprocess_exec("pg_isready", "--quiet", f"--host={socket}")
    return await asked.wait() in (0, 1)
