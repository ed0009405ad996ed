"""The jobs by their kinds, run one at a time, with what came of them kept."""

import time

import structlog

from ovia_backup import dumps, repository, verification
from ovia_backup.errors import BackupError
from ovia_backup.settings import BackupSettings
from ovia_backup.state import Run, StateFile
from ovia_shared.errors import OviaError

KINDS = ("full", "incremental", "dump", "verify")

_log = structlog.get_logger()


async def perform(kind: str, settings: BackupSettings, states: StateFile) -> Run:
    """Does a job and keeps how it ended. Raises `Busy`; any other fault is in the result.

    One that is cancelled is not kept: it has not run, and is due again at the next start.
    """
    with states.locked():
        began = time.time()
        _log.info("job started", kind=kind)
        try:
            await _do(kind, settings)
            run = Run(began, time.time(), succeeded=True)
        except Exception as error:  # noqa: BLE001 (a job that fails in a way nobody foresaw has failed, and must show it)
            message = error.message if isinstance(error, OviaError) else f"{type(error).__name__}: {error}"
            run = Run(began, time.time(), succeeded=False, message=message)
        size = await _size(settings)
        state = states.read()
        state.record(kind, run)
        state.repository_bytes = size if size is not None else state.repository_bytes
        states.write(state)
    log = _log.info if run.succeeded else _log.error
    log("job ended", kind=kind, succeeded=run.succeeded, seconds=round(run.ended - began, 1), message=run.message)
    return run


async def adopt(settings: BackupSettings, states: StateFile) -> None:
    """Learns from the repository which backups there are, for a service that starts on a new host.

    A repository without a full backup, such as one that was just added, makes one due.
    """
    state = states.read()
    try:
        backups = await repository.info()
        for backup in backups:
            kind = "full" if backup["type"] == "full" else "incremental"
            state.successes[kind] = max(state.successes.get(kind, 0.0), float(backup["timestamp"]["stop"]))
        if repository.without_full(backups, settings.repositories):
            state.successes.pop("full", None)
            state.runs.pop("full", None)
        state.repository_bytes = await repository.size(settings.repositories)
    except BackupError as error:
        _log.warning("the repository cannot be read", reason=error.message)
    states.write(state)


async def make_ready() -> None:
    """Lets the repository take the log, from the first start on and after it was changed for another."""
    try:
        await repository.create_stanza()
    except BackupError as error:
        _log.error("the repository is not ready, and the log waits in the database", reason=error.message)


async def _do(kind: str, settings: BackupSettings) -> None:
    if kind == "verify":
        await verification.verify(settings)
    elif kind == "dump":
        await dumps.dump(settings)
    else:
        await repository.back_up(kind, settings.repositories)


async def _size(settings: BackupSettings) -> int | None:
    try:
        return await repository.size(settings.repositories)
    except BackupError:
        return None
