"""Anomalies over HTTP."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter, SkipValidation

from ovia_metrics.anomalies.detecting import LEAST_POINTS
from ovia_metrics.anomalies.telling import Anomaly
from ovia_metrics.kpis import series
from ovia_metrics.kpis.answering import ScopeShown, kpi_of, shown
from ovia_metrics.kpis.asking import Asking, asking
from ovia_metrics.kpis.standing_out import marked
from ovia_shared.database.kpis.measuring import has
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.kpis import windows
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Kpi
from ovia_shared.kpis.windows import Bucket
from ovia_shared.models.caller import Caller
from ovia_shared.models.kpi import Window
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of

MOST_OF_ALL = 60


class KpiAnomaly(msgspec.Struct, frozen=True, kw_only=True):
    """A point that stands out from the series of its KPI, with the receipt of its value."""

    kpi: str
    title: str
    unit: str
    label: str
    window: Window
    receipt_id: UUID
    anomaly: Anomaly


class Anomalies(msgspec.Struct, frozen=True, kw_only=True):
    """What stands out, the latest first. `looked_at` are the KPIs of whose series enough is known to tell."""

    scope: ScopeShown
    bucket: Bucket
    window: Window
    looked_at: list[str]
    data: list[KpiAnomaly]


@get(
    "/team/kpi/anomalies",
    guards=[requires(Role.VIEWER)],
    operation_id="list_anomalies",
    tags=["kpi"],
    summary="What stands out",
    security=SECURITY,
    responses=problems_of(404),
)
async def list_anomalies(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    asked: NamedDependency[SkipValidation[Asking]],
    kpi: Annotated[
        str | None,
        QueryParameter(
            max_length=100,
            description="Only of this KPI; otherwise of every one, by week or month and of 60 points at most.",
        ),
    ] = None,
    bucket: Annotated[Bucket, QueryParameter(description="What the series are cut into.")] = Bucket.WEEK,
) -> Anomalies:
    """Points that are further from what trend and season lead one to expect than chance explains; without `from` of the
    last 26 weeks. The time that is not over yet is not judged, and no series of fewer than eight values."""
    if not asked.begun:
        begins = windows.last_days(asked.window.end, series.DEFAULT_DAYS, asked.zone).start
        asked = msgspec.structs.replace(asked, window=Window(begins, asked.window.end))
    wanted = [kpi_of(kpi, asked)] if kpi is not None else _all_of(asked, bucket)
    looked_at, found = [], []
    for one in wanted:
        points = await marked(await series.points(conn, caller, asked, one, bucket), bucket, one.direction)
        if sum(1 for point in points if point.value is not None and not point.running) >= LEAST_POINTS:
            looked_at.append(one.name)
        found += [
            KpiAnomaly(
                kpi=one.name, title=one.title, unit=one.unit, label=point.label, window=point.window,
                receipt_id=point.receipt_id, anomaly=point.anomaly,
            )
            for point in points
            if point.anomaly is not None
        ]  # fmt: skip
    found.sort(key=lambda one: one.window.start, reverse=True)
    return Anomalies(
        scope=await shown(conn, caller, asked.scope),
        bucket=bucket,
        window=asked.window,
        looked_at=looked_at,
        data=found,
    )


def _all_of(asked: Asking, bucket: Bucket) -> list[Kpi]:
    """Every KPI of the scope. Raises `InvalidInput` where that would be more numbers than one request counts."""
    if bucket not in (Bucket.WEEK, Bucket.MONTH):
        raise InvalidInput("every KPI at once is told by week or month; say which KPI", field="bucket")
    if len(windows.buckets(asked.window, bucket, asked.zone)) > MOST_OF_ALL:
        raise InvalidInput(f"every KPI at once is told of {MOST_OF_ALL} points at most; say which KPI", field="from")
    return [one for one in CATALOGUE.values() if has(one, asked.basis.scope)]


ANOMALIES = Router("/", route_handlers=[list_anomalies], dependencies={"asked": Provide(asking)})
