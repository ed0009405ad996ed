"""The service: does what is due, one job at a time, until it is told to stop."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from prometheus_client import REGISTRY, start_http_server

from ovia_backup import jobs, repository, schedule
from ovia_backup.errors import BackupError, Busy
from ovia_backup.metrics import BackupCollector
from ovia_backup.settings import BackupSettings
from ovia_backup.state import StateFile
from ovia_shared.database import restored
from ovia_shared.database.pool import connected
from ovia_shared.errors import OviaError

LOOK_SECONDS = 5.0
SAMPLE_SECONDS = 15.0

_log = structlog.get_logger()


async def serve(settings: BackupSettings) -> None:
    """Runs until SIGTERM or SIGINT. A job that is under way then is stopped, and is due again at the next start."""
    states = StateFile(settings.backup_scratch)
    await repository.prepare()
    collector = BackupCollector(states)
    await jobs.adopt(settings, states)
    REGISTRY.register(collector)
    server, _ = start_http_server(settings.backup_metrics_port)
    crons = {
        "full": settings.backup_full,
        "incremental": settings.backup_incremental,
        "dump": settings.backup_dump,
        "verify": settings.backup_verify,
    }
    _log.info("backups are scheduled", **crons)
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    await until(
        stop,
        lambda: work(settings, states, crons),
        lambda: sample(settings, collector),
    )
    server.shutdown()
    _log.info("stopped")


async def until(stop: asyncio.Event, *loops: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs endless loops until the event. Should one end by a fault, all are ended and the fault is raised."""
    tasks = [asyncio.create_task(loop()) for loop in loops]
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in [*tasks, stopping]:
            task.cancel()
        await asyncio.gather(*tasks, stopping, return_exceptions=True)


async def work(settings: BackupSettings, states: StateFile, crons: dict[str, str]) -> None:
    """Does what is due, for ever. While the database is away nothing is, and it is all due once it is back."""
    ready = False
    while True:
        if await lag(settings) is None:
            await asyncio.sleep(LOOK_SECONDS)
            continue
        if not ready:
            await jobs.make_ready()
            ready = True
        kind = schedule.due(crons, states.read(), time.time())
        if kind is not None:
            # Somebody at a shell may hold the lock.
            with contextlib.suppress(Busy):
                await jobs.perform(kind, settings, states)
        await asyncio.sleep(LOOK_SECONDS)


async def sample(settings: BackupSettings, collector: BackupCollector) -> None:
    """Asks the server how far behind its archive is, for ever."""
    while True:
        collector.archive_lag = await lag(settings)
        await asyncio.sleep(SAMPLE_SECONDS)


async def lag(settings: BackupSettings) -> float | None:
    """Seconds as `restored.archive_lag` tells them; None while the server does not answer."""
    try:
        async with connected(settings.live_dsn) as conn:
            return await restored.archive_lag(conn)
    except (OviaError, BackupError, OSError):
        return None
