"""A KPI through time: cut into days, weeks, months or sprints."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from ovia_metrics.anomalies.telling import Anomaly
from ovia_metrics.kpis.answering import ScopeShown
from ovia_metrics.kpis.asking import Asking
from ovia_shared.database.kpis import snapshots, sprints
from ovia_shared.database.kpis.measuring import Basis
from ovia_shared.database.kpis.snapshots import Told
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.kpis import windows
from ovia_shared.kpis.kpi import Kpi
from ovia_shared.kpis.windows import MOST_BUCKETS, Bucket
from ovia_shared.models.caller import Caller
from ovia_shared.models.data_quality import Quality
from ovia_shared.models.kpi import Values, Window

DEFAULT_DAYS = 182
MOST_SPRINTS = 300


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a series. `running`: its time is not over yet, and it ends now. `label` names a sprint.

    `anomaly` says how it stands out from the others; null if it does not.
    """

    window: Window
    label: str
    value: float | None
    values: Values
    n: int
    level: str | None
    running: bool
    receipt_id: UUID
    anomaly: Anomaly | None = None


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A KPI through time."""

    name: str
    title: str
    unit: str
    direction: str
    bucket: Bucket
    scope: ScopeShown
    window: Window
    quality: Quality
    points: list[Point]


async def points(conn: Connection, caller: Caller, asked: Asking, kpi: Kpi, bucket: Bucket) -> list[Point]:
    """Every point. Raises `InvalidInput` if there would be too many."""
    if bucket is Bucket.SPRINT:
        return await _by_sprint(conn, caller, asked, kpi)
    wanted = windows.buckets(asked.window, bucket, asked.zone)
    if len(wanted) > MOST_BUCKETS:
        raise InvalidInput(
            f"that is {len(wanted)} points; {MOST_BUCKETS} is the most: take a larger bucket", field="bucket"
        )
    # The one that is not over yet ends with the window that was asked for.
    cut = [Window(one.start, min(one.end, asked.window.end)) for one in wanted]
    running = cut[-1] if cut and cut[-1] != wanted[-1] else None
    told = await _told(conn, caller, asked, asked.basis, kpi, bucket, cut, running)
    return [
        _point(one, windows.day_of(one.window.start, asked.zone).isoformat(), running=one.window != whole)
        for one, whole in zip(told, wanted, strict=True)
    ]


async def _by_sprint(conn: Connection, caller: Caller, asked: Asking, kpi: Kpi) -> list[Point]:
    found = await sprints.closed_in(conn, asked.question(caller, "sprint.completion"), MOST_SPRINTS + 1)
    if len(found) > MOST_SPRINTS:
        raise InvalidInput(f"that is more than {MOST_SPRINTS} sprints: take a shorter window", field="from")
    made = []
    for one in found:
        scope = asked.basis.scope
        # What is told of sprints is told of this one alone; all else, of the time it took.
        narrowed = msgspec.structs.replace(scope, sprint=one.id) if kpi.name.startswith("sprint.") else scope
        basis = msgspec.structs.replace(asked.basis, scope=narrowed)
        (told,) = await _told(conn, caller, asked, basis, kpi, Bucket.SPRINT, [one.window])
        made.append(_point(told, one.name, running=False))
    return made


async def _told(
    conn: Connection,
    caller: Caller,
    asked: Asking,
    basis: Basis,
    kpi: Kpi,
    bucket: Bucket,
    wanted: Sequence[Window],
    running: Window | None = None,
) -> list[Told]:
    if not asked.past:
        return await snapshots.series(
            conn, caller.org_id, basis, kpi.name, bucket, wanted, asked.as_of, running=running
        )
    question = msgspec.structs.replace(asked, basis=basis).question
    return [await snapshots.answer(conn, question(caller, kpi.name, one)) for one in wanted]


def _point(told: Told, label: str, *, running: bool) -> Point:
    answer = told.answer
    return Point(
        window=told.window, label=label, value=answer.value, values=answer.values, n=answer.n, level=answer.level,
        running=running, receipt_id=told.receipt_id,
    )  # fmt: skip
