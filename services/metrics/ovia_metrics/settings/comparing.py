"""What choosing a setting would change: twelve months of the KPIs it affects, before and after.

Facts are derived with what is tried, KPIs counted, and everything rolled back. All of it sees the organisation as it
was when it began, so what differs is what the setting does, and nothing that was read meanwhile. Nothing is held that
others need: no row of settings, and no moment of knowing that readers would wait for. Whoever calls it holds the lock
of the deriver, whose rows are rewritten.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from ovia_shared.database import knowing
from ovia_shared.database.facts import deriving, ledger
from ovia_shared.database.kpis.measuring import Basis, Question, basis_of, has, measure
from ovia_shared.database.pool import Connection
from ovia_shared.kpis import affected, windows
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.windows import Bucket
from ovia_shared.models.kpi import Answer, Scope, Window
from ovia_shared.models.setting import (
    OF_FACTS,
    PreviewKpi,
    PreviewPoint,
    PreviewProgress,
    PreviewResult,
    PreviewValue,
    SettingName,
)

MONTHS = 12
Report = Callable[[PreviewProgress], Awaitable[None]]


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What is tried, and for whose numbers."""

    org_id: UUID
    name: SettingName
    value: msgspec.Struct
    scope: Scope


async def compare(conn: Connection, tried: Tried, report: Report) -> PreviewResult:
    """In a transaction that sees one moment only, and that the caller rolls back. Raises as `scopes.resolve` does."""
    basis = await basis_of(conn, tried.org_id, tried.scope)
    people_as_of = await knowing.settled(conn)
    if tried.name in OF_FACTS:
        before, after = await _derived(conn, tried, report)
        facts = await ledger.changed_between(conn, tried.org_id, before, after)
        wanted = affected.by_facts({one.kind for one in facts})
        changed = basis
    else:
        before = after = people_as_of
        facts = []
        wanted = _affected(tried.name)
        changed = _with(basis, tried)
    told = [name for name in wanted if has(CATALOGUE[name], basis.scope)]
    months = _months(people_as_of, basis)
    kpis = []
    for place, name in enumerate(told):
        await report(PreviewProgress("counting", place, len(told)))
        points = []
        for window in months:
            question = Question(
                org_id=tried.org_id, kpi=name, window=window, basis=basis, facts_as_of=before,
                people_as_of=people_as_of,
            )  # fmt: skip
            asked_anew = msgspec.structs.replace(question, basis=changed, facts_as_of=after)
            points.append(
                _point(window, (await measure(conn, question)).answer, (await measure(conn, asked_anew)).answer)
            )
        kpis.append(_kpi(name, points))
    await report(PreviewProgress("counting", len(told), len(told)))
    return PreviewResult(facts=facts, kpis=kpis)


async def _derived(conn: Connection, tried: Tried, report: Report) -> tuple[datetime, datetime]:
    """As of when facts are those of the settings in force, and as of when those of what is tried."""
    in_force = await deriving.settings_in_force(conn, tried.org_id)
    wanted = msgspec.structs.replace(in_force, **{tried.name: tried.value})
    total = 2 * len(deriving.FAMILIES)
    moments = []
    for turn, settings in enumerate((in_force, wanted)):
        for place, family in enumerate(deriving.FAMILIES):
            await report(PreviewProgress("deriving", turn * len(deriving.FAMILIES) + place, total))
            await deriving.derive(conn, tried.org_id, family, tried=settings)
        moments.append(await knowing.clock(conn))
    return moments[0], moments[1]


def _affected(name: SettingName) -> list[str]:
    match name:
        case SettingName.STALENESS:
            return affected.by_staleness()
        case SettingName.HEALTH_WEIGHTS:
            return affected.by_weights("delivery_health")
        case SettingName.RISK_WEIGHTS:
            return affected.by_weights("release_risk")
    # How small a group may be changes what is shown of it, not what it comes to.
    return []


def _with(basis: Basis, tried: Tried) -> Basis:
    return msgspec.structs.replace(
        basis, settings=msgspec.structs.replace(basis.settings, **{tried.name: tried.value})
    )  # fmt: skip


def _months(now: datetime, basis: Basis) -> list[Window]:
    """Twelve months of the organisation's calendar; the last one ends now, at a full minute."""
    zone = ZoneInfo(basis.zone)
    end = now.replace(second=0, microsecond=0)
    last = windows.first_day(windows.day_of(end, zone), Bucket.MONTH)
    first = last.replace(year=last.year - 1)
    found = windows.buckets(Window(windows.midnight(first, zone), end), Bucket.MONTH, zone)[-MONTHS:]
    return [*found[:-1], Window(found[-1].start, end)] if found[-1].start < end else found[:-1]


def _point(window: Window, before: Answer, after: Answer) -> PreviewPoint:
    one, other = _value(before), _value(after)
    return PreviewPoint(window=window, before=one, after=other, changed=one != other)


def _value(answer: Answer) -> PreviewValue:
    return PreviewValue(value=answer.value, values=answer.values, n=answer.n, level=answer.level)


def _kpi(name: str, points: Sequence[PreviewPoint]) -> PreviewKpi:
    kpi = CATALOGUE[name]
    return PreviewKpi(
        name=name, title=kpi.title, unit=kpi.unit, direction=kpi.direction,
        changed=any(one.changed for one in points), points=list(points),
    )  # fmt: skip
