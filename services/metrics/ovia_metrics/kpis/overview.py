"""The latest snapshot of a scope: every KPI it has, with delivery health and release risk before all."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from ovia_metrics.kpis.answering import KpiAnswer, ScopeShown, answer_of, shown
from ovia_metrics.kpis.asking import DEFAULT_DAYS, Asking
from ovia_shared.database.kpis import scopes, snapshots
from ovia_shared.database.kpis.measuring import Basis, Question, has
from ovia_shared.database.kpis.snapshots import Told
from ovia_shared.database.pool import Connection
from ovia_shared.kpis import windows
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.models.caller import Caller
from ovia_shared.models.data_quality import QualitySignals
from ovia_shared.models.kpi import Window

# Nobody took one for longer than the longest between two: what is left is history.
OLDEST = timedelta(hours=25)


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """A scope at a glance. `window` is that of the latest snapshot."""

    scope: ScopeShown
    window: Window
    as_of: datetime
    delivery_health: KpiAnswer
    release_risk: KpiAnswer
    kpis: list[KpiAnswer]


async def overview(conn: Connection, caller: Caller, asked: Asking, signals: QualitySignals) -> Overview:
    """From the latest snapshot where there is one; what of it no longer holds, and what is missing, is counted."""
    ready = asked.plain and await scopes.is_kept_ready(conn, caller.org_id, asked.basis.scope)
    window, told = await snapshots.latest(conn, caller.org_id, asked.basis, asked.as_of) if ready else (None, {})
    if window is None or asked.as_of - window.end > OLDEST:
        window, told = asked.window, {}
    missing = [name for name, kpi in CATALOGUE.items() if has(kpi, asked.basis.scope) and name not in told]
    counted = [await snapshots.answer(conn, asked.question(caller, name, window)) for name in missing]
    if counted and ready:
        await snapshots.put(conn, caller.org_id, asked.basis, "latest", counted)
    told |= {one.kpi: one for one in counted}
    answers = [answer_of(told[name], asked, signals) for name in CATALOGUE if name in told]
    by_name = {one.name: one for one in answers}
    return Overview(
        scope=await shown(conn, caller, asked.scope),
        window=window,
        as_of=asked.as_of,
        delivery_health=by_name["delivery_health"],
        release_risk=by_name["release_risk"],
        kpis=answers,
    )


async def take(conn: Connection, question: Question) -> list[Told]:
    """A new latest snapshot of a scope; `question` says everything but the KPI."""
    told = [
        await snapshots.answer(conn, msgspec.structs.replace(question, kpi=name))
        for name, kpi in CATALOGUE.items()
        if has(kpi, question.basis.scope)
    ]
    await snapshots.put_latest(conn, question.org_id, question.basis, told)
    return told


def window_of(basis: Basis, as_of: datetime) -> Window:
    """What a snapshot tells: the 30 days before, and today, to the last full minute."""
    return windows.last_days(as_of.replace(second=0, microsecond=0), DEFAULT_DAYS, ZoneInfo(basis.zone))
