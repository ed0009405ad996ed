"""What is answered over HTTP: values with their receipts, as structs; and how they are put together."""

from datetime import datetime
from uuid import UUID

import msgspec

from ovia_metrics.kpis.asking import Asking
from ovia_shared.database.kpis import scopes, snapshots
from ovia_shared.database.kpis.measuring import has
from ovia_shared.database.kpis.snapshots import Told
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput, NotFound
from ovia_shared.kpis import needs, windows
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Kpi
from ovia_shared.kpis.quality import quality_of
from ovia_shared.models.caller import Caller
from ovia_shared.models.data_quality import Quality, QualitySignals
from ovia_shared.models.kpi import Part, Scope, ScopeKind, Values, Window


class ScopeShown(msgspec.Struct, frozen=True):
    """Whose numbers these are."""

    kind: ScopeKind
    id: str
    name: str | None


class Change(msgspec.Struct, frozen=True):
    """The value less the previous one, and that ÷ the previous one. `better` is null where neither way is."""

    absolute: float
    relative: float | None
    better: bool | None


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """The same KPI in the window before."""

    window: Window
    value: float | None
    values: Values
    n: int
    receipt_id: UUID
    change: Change | None


class KpiAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A KPI's value. `n` rows are behind it; null is no data, never 0. `receipt_id` proves it at `/receipts/{id}`.

    `quality` says how far the data behind it can be trusted at this moment, and why not further.
    """

    name: str
    version: int
    title: str
    unit: str
    direction: str
    value: float | None
    values: Values
    n: int
    level: str | None
    parts: list[Part]
    missing: list[str]
    window: Window
    as_of: datetime
    receipt_id: UUID
    quality: Quality
    previous: Earlier | None = None


def kpi_of(name: str, asked: Asking) -> Kpi:
    """The KPI of this name. Raises `NotFound`, and `InvalidInput` if such a scope does not have it."""
    kpi = CATALOGUE.get(name)
    if kpi is None:
        raise NotFound("there is no such KPI; /team/kpi/catalogue lists them", field="name")
    if not has(kpi, asked.basis.scope):
        raise InvalidInput(f"{name} is told of the organisation only", field="scope_kind")
    return kpi


async def shown(conn: Connection, caller: Caller, scope: Scope) -> ScopeShown:
    """The scope, with its name."""
    return ScopeShown(scope.kind, scope.id, await scopes.name(conn, caller.org_id, scope))


def answer_of(told: Told, asked: Asking, signals: QualitySignals, previous: Told | None = None) -> KpiAnswer:
    """An answer as it is shown; with the one before, if it was asked for."""
    kpi, answer = CATALOGUE[told.kpi], told.answer
    return KpiAnswer(
        name=kpi.name, version=kpi.version, title=kpi.title, unit=kpi.unit, direction=kpi.direction,
        value=answer.value, values=answer.values, n=answer.n, level=answer.level, parts=answer.parts,
        missing=answer.missing, window=told.window, as_of=told.as_of, receipt_id=told.receipt_id,
        quality=quality(kpi, asked, signals, told.window.end),
        previous=None if previous is None else _earlier(kpi, answer.value, previous),
    )  # fmt: skip


def quality(kpi: Kpi, asked: Asking, signals: QualitySignals, end: datetime) -> Quality:
    """How far the data behind a value can be trusted, up to the end of its window."""
    return quality_of(signals, needs.kinds(kpi), asked.basis.scope.projects, min(end, signals.at))


async def answered(
    conn: Connection, caller: Caller, asked: Asking, name: str, signals: QualitySignals, *, compare: bool = False
) -> KpiAnswer:
    """The KPI in the window, and in the one before if `compare`. Raises as `kpi_of` does."""
    kpi = kpi_of(name, asked)
    told = await snapshots.answer(conn, asked.question(caller, kpi.name))
    if not compare:
        return answer_of(told, asked, signals)
    before = windows.previous(asked.window, asked.zone)
    return answer_of(told, asked, signals, await snapshots.answer(conn, asked.question(caller, kpi.name, before)))


def _earlier(kpi: Kpi, value: float | None, told: Told) -> Earlier:
    before = told.answer.value
    change = None
    if value is not None and before is not None:
        absolute = value - before
        up = {"up": True, "down": False}.get(kpi.direction)
        better = None if up is None or absolute == 0 else (absolute > 0) is up
        change = Change(absolute, absolute / abs(before) if before else None, better)
    return Earlier(
        window=told.window, value=before, values=told.answer.values, n=told.answer.n, receipt_id=told.receipt_id,
        change=change,
    )  # fmt: skip
