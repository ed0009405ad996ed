"""`ovia-backup`: the service, its jobs by hand, and restores."""

import asyncio
import datetime as dt
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from ovia_backup import jobs, repository, restoring, service
from ovia_backup.repository import Target
from ovia_backup.settings import BackupSettings
from ovia_backup.state import StateFile
from ovia_shared.config.settings import load
from ovia_shared.errors import OviaError
from ovia_shared.telemetry import logging

T = TypeVar("T")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Backups of Ovia's database. The runbook is docs/15-backup-restore-runbook.md."""


@main.command("serve")
def serve() -> None:
    """Run the scheduled jobs and tell Prometheus about them, until stopped."""
    settings = _settings()
    _finish(service.serve(settings))


@main.command("run")
@click.argument("kind", type=click.Choice(jobs.KINDS))
def run(kind: str) -> None:
    """Run one job now; its result shows in the metrics like that of a scheduled one."""
    settings = _settings()
    _finish(repository.prepare())
    done = _finish(jobs.perform(kind, settings, StateFile(settings.backup_scratch)))
    if not done.succeeded:
        raise click.ClickException(done.message)


@main.command("status")
def status() -> None:
    """What ran last, as JSON."""
    state = StateFile(_settings().backup_scratch).read()
    click.echo(msgspec.json.format(msgspec.json.encode(state), indent=2))


@main.command("restore")
@click.option("--latest", is_flag=True, help="All that was archived.")
@click.option("--to-time", metavar="TIME", type=str, help="As of a moment: '2026-11-27 08:15:00+00'.")
@click.option("--to-point", metavar="NAME", help="As of a restore point.")
@click.option("--timeline", default="latest", show_default=True, help="Follow this one, after earlier restores.")
@click.option("--side-database", metavar="NAME", help="Into a new database of the running server.")
@click.option("--replace", is_flag=True, help="Put it in the place of the database that is there, which is kept.")
@click.option("--discard-replaced", is_flag=True, help="Delete the one that was there, once the new one stands.")
def restore(
    *,
    latest: bool,
    to_time: str | None,
    to_point: str | None,
    timeline: str,
    side_database: str | None,
    replace: bool,
    discard_replaced: bool,
) -> None:
    """Restore the database from its backups and its archived log.

    \b
    restore.sh --latest
    restore.sh --to-time '2026-11-27 08:15:00+00' --replace
    restore.sh --to-time '2026-11-27 08:15:00+00' --side-database before_the_accident
    """
    target = _target(timeline, latest=latest, to_time=to_time, to_point=to_point)
    settings = _settings()
    _finish(repository.prepare())
    data = Path(os.environ["PGDATA"])
    _finish(_restore(settings, target, data, side_database, replace=replace, discard=discard_replaced))


async def _restore(
    settings: BackupSettings, target: Target, data: Path, side_database: str | None, *, replace: bool, discard: bool
) -> None:
    with StateFile(settings.backup_scratch).locked():
        if side_database is not None:
            await restoring.side_database(settings, side_database, target)
        else:
            await restoring.in_place(settings, data, target, replace=replace, discard=discard)


def _target(timeline: str, *, latest: bool, to_time: str | None, to_point: str | None) -> Target:
    if [latest, to_time is not None, to_point is not None].count(True) != 1:
        raise click.UsageError("give one of --latest, --to-time and --to-point")
    if to_time is not None:
        try:
            moment = dt.datetime.fromisoformat(to_time)
        except ValueError:
            raise click.UsageError("--to-time is not a time: write it like '2026-11-27 08:15:00+00'") from None
        if moment.tzinfo is None:
            raise click.UsageError("--to-time needs its offset from UTC: '2026-11-27 08:15:00+00'")
        if moment > dt.datetime.now(dt.UTC):
            raise click.UsageError("--to-time is yet to come; --latest restores all there is")
        return Target("time", moment.isoformat(sep=" "), timeline)
    return Target("name", to_point, timeline) if to_point is not None else Target(timeline=timeline)


def _settings() -> BackupSettings:
    try:
        settings = load(BackupSettings)
    except OviaError as error:
        raise click.ClickException(error.message) from None
    logging.configure("ovia-backup", settings.log_level)
    return settings


def _finish(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except OviaError as error:
        raise click.ClickException(logging.mask(error.message)) from None
