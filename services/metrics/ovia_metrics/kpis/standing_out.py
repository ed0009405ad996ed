"""Which points of a KPI's series stand out."""

import asyncio
from collections.abc import Sequence

import msgspec

from ovia_metrics.anomalies.detecting import mark
from ovia_metrics.kpis.series import Point
from ovia_shared.kpis.kpi import Direction
from ovia_shared.kpis.windows import Bucket


async def marked(points: Sequence[Point], bucket: Bucket, better: Direction) -> list[Point]:
    """The points, each with its anomaly. One that is not over yet is neither judged nor judges others."""
    series = [(one.window.start, None if one.running else one.value) for one in points]
    # Some of it takes long enough to keep other requests waiting. No KPI is ever below 0.
    found = await asyncio.to_thread(mark, series, bucket, better, least=0.0)
    return [
        point if anomaly is None else msgspec.structs.replace(point, anomaly=anomaly)
        for point, anomaly in zip(points, found, strict=True)
    ]
