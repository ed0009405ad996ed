"""Values of KPIs, as the metrics service counts them."""

import asyncio
from collections.abc import Sequence

import msgspec

from ovia_console.pages.visit import Visit
from ovia_console.scopes.scope import Scope


class Number(msgspec.Struct, frozen=True):
    """The value of a KPI with its percentiles, and how many rows are behind it."""

    value: float | None
    values: dict[str, float | None]
    n: int


async def number_of(visit: Visit, kpi: str, scope: Scope) -> Number:
    """One of them. `kpi` is a name of the catalogue."""
    return await visit.metrics.get(f"/team/kpi/{kpi}", Number, **scope.asked())


async def numbers_of(visit: Visit, kpis: Sequence[str], scope: Scope) -> dict[str, Number]:
    """Several at once, by their names."""
    found = await asyncio.gather(*(number_of(visit, kpi, scope) for kpi in kpis))
    return dict(zip(kpis, found, strict=True))
