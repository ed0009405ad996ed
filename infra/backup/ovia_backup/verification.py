"""The restore drill: the newest backup is restored beside the live server, and must be the same to the last row."""

import asyncio
import datetime as dt
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import structlog

from ovia_backup import repository
from ovia_backup.errors import BackupError, CommandFailed
from ovia_backup.processes import run
from ovia_backup.repository import Target
from ovia_backup.servers import Server
from ovia_backup.settings import BackupSettings, dsn
from ovia_shared.database import restored
from ovia_shared.database.kpis import receipts
from ovia_shared.database.pool import Connection, connected
from ovia_shared.database.restored import Fingerprint, Mark

REPLAYED = 10
ATTEMPTS = 3
SHOWN = 10  # tables or receipts named in a message

_log = structlog.get_logger()


class NotComparable(BackupError):
    """A transaction committed in the very moment that was marked: another moment has to be taken."""


async def verify(settings: BackupSettings) -> dict[str, float]:
    """Seconds each step took, if all is well. Raises `BackupError` or `CommandFailed` telling what is not.

    Reads every file of the repository; marks a moment of the live server and fingerprints its tables as of then;
    restores to that moment; compares; checks indexes and heaps with amcheck; counts ten receipts again.
    """
    took: dict[str, float] = {}
    with _timed(took, "repository"):
        await repository.verify(settings.repositories)
    for attempt in range(ATTEMPTS):
        try:
            await _drill(settings, took)
        except NotComparable:
            if attempt == ATTEMPTS - 1:
                raise
        else:
            break
    return took


async def _drill(settings: BackupSettings, took: dict[str, float]) -> None:
    name = f"ovia-verify-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}"
    with _timed(took, "live"):
        async with (
            connected(settings.live_dsn) as conn,
            connected(settings.live_dsn) as witness,
            restored.marked(conn, witness, name) as mark,
        ):
            expected = await fingerprints(conn, mark.tables)
    with _timed(took, "archive"):
        await repository.check()
    scratch = settings.backup_scratch / "verify"
    await clear(scratch)
    try:
        with _timed(took, "restore"):
            await repository.restore(scratch, Target("name", mark.restore_point), "--archive-mode=off")
        began = time.monotonic()
        async with Server(scratch) as server:
            took["recovery"] = round(time.monotonic() - began, 2)
            await _inspect(server, settings, mark, expected, took)
    finally:
        await clear(scratch)


async def _inspect(
    server: Server,
    settings: BackupSettings,
    mark: Mark,
    expected: Mapping[str, Fingerprint],
    took: dict[str, float],
) -> None:
    faults: list[str] = []
    async with connected(dsn(server.socket, settings.backup_database)) as conn:
        if unseen := await restored.unseen(conn, mark):
            raise NotComparable(f"transactions {unseen[:SHOWN]} committed in the moment that was marked")
        with _timed(took, "compare"):
            async with conn.transaction(readonly=True):
                found = await fingerprints(conn, await restored.tables_of(conn))
            faults += differences(expected, found)
        with _timed(took, "receipts"):
            faults += await _replay(conn)
    with _timed(took, "amcheck"):
        faults += await _amcheck(server, settings)
    if faults:
        raise BackupError("the restored database is not well: " + "; ".join(faults))
    _log.info("restored and compared", tables=len(found), rows=sum(one.rows for one in found.values()))


async def fingerprints(conn: Connection, tables: tuple[str, ...]) -> dict[str, Fingerprint]:
    """What is in each table, as the connection's transaction sees it."""
    return {table: await restored.fingerprint(conn, table) for table in tables}


def differences(expected: Mapping[str, Fingerprint], found: Mapping[str, Fingerprint]) -> list[str]:
    """Each table that is not as it should be, in words; of many, the first."""
    told = []
    for table in sorted(expected.keys() | found.keys()):
        here, there = expected.get(table), found.get(table)
        if there is None:
            told.append(f"{table} is missing")
        elif here is None:
            told.append(f"{table} should not be there")
        elif here.rows != there.rows:
            told.append(f"{table} has {there.rows} rows and not {here.rows}")
        elif here != there:
            told.append(f"{table} has other content in its {here.rows} rows")
    return told[:SHOWN] + ([f"and {len(told) - SHOWN} tables more"] if len(told) > SHOWN else [])


async def _replay(conn: Connection) -> list[str]:
    """By the same code that answers `POST /receipts/{id}/replay`, on what was restored."""
    faults = []
    some = await restored.some_receipts(conn, REPLAYED)
    for org_id, receipt_id in some:
        async with conn.transaction(readonly=True):
            replay = await receipts.replay(conn, org_id, receipt_id)
        if not replay.equal:
            faults.append(f"receipt {receipt_id} counts something else than it says")
    _log.info("receipts counted again", receipts=len(some), differing=len(faults))
    return faults


async def _amcheck(server: Server, settings: BackupSettings) -> list[str]:
    try:
        await run(
            "pg_amcheck", f"--host={server.socket}", "--all", "--install-missing", "--heapallindexed", "--checkunique",
            f"--jobs={settings.backup_processes}",
        )  # fmt: skip
    except CommandFailed as error:
        return [f"amcheck: {error.output.strip()[:500]}"]
    return []


async def clear(directory: Path) -> None:
    """Makes it an empty directory that is ours alone."""
    await asyncio.to_thread(_clear, directory)


def _clear(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700, parents=True)


@contextmanager
def _timed(took: dict[str, float], what: str) -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    finally:
        took[what] = round(time.monotonic() - began, 2)
        _log.info("verify", step=what, seconds=took[what])
