"""Which job is due. Pure: it is told the time."""

import datetime as dt
from collections.abc import Mapping

from cronsim import CronSim

from ovia_backup.state import State

RETRY_SECONDS = 900.0


def due(crons: Mapping[str, str], state: State, now: float) -> str | None:
    """The first kind of job, in the order given, whose time has come since it last ran.

    So one that was missed while the service was away runs late, once. A database without any backup gets a full one
    at once. What failed is tried again after a quarter of an hour, but for the drill: what it found stays as it is.
    """
    if "full" not in state.successes and "full" not in state.runs:
        return "full"
    return next((kind for kind, cron in crons.items() if _is_due(kind, cron, state, now)), None)


def _is_due(kind: str, cron: str, state: State, now: float) -> bool:
    last = state.runs.get(kind)
    if last is not None and not last.succeeded and kind != "verify" and now >= last.ended + RETRY_SECONDS:
        return True
    return next_time(cron, last.started if last is not None else state.since) <= now


def next_time(cron: str, after: float) -> float:
    """When the expression comes true next, in UTC."""
    return next(CronSim(cron, dt.datetime.fromtimestamp(after, dt.UTC))).timestamp()
