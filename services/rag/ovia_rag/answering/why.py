"""Why a number changed: the split of the difference that `/team/kpi/{name}/change` tells, in sentences."""

import msgspec

from ovia_rag.answering import numbers
from ovia_rag.answering.asked import Asked, Placed, question
from ovia_rag.answering.draft import Draft
from ovia_rag.answering.numbers import Number
from ovia_rag.wording import amounts, kpis
from ovia_shared.database.kpis import restating
from ovia_shared.database.kpis.explaining import explain
from ovia_shared.database.kpis.grouping import By
from ovia_shared.kpis import needs, windows
from ovia_shared.kpis.kpi import Composite, Kpi
from ovia_shared.kpis.quality import quality_of
from ovia_shared.models.ask import Breakdown, Language, MetricAsk
from ovia_shared.models.kpi_change import ChangeGroup, KpiChange

# As many causes are told, the largest first.
MOST = 4
_BY = {Breakdown.TEAM: By.TEAM, Breakdown.PRODUCT: By.PRODUCT, Breakdown.NOTHING: None}
# Groups that have no name of their own.
_NAMELESS = {
    "other": "прочее", "no team": "без команды", "no type": "без типа", "small teams": "маленькие команды",
    "bug": "ошибки", "feature": "новые функции", "chore": "прочие работы",
}  # fmt: skip


class _Cause(msgspec.Struct, frozen=True):
    """What a part of the difference comes from: the sentence that tells it, and its values."""

    size: float
    sentence: str
    values: dict[str, str]
    row: dict[str, object]


async def tell(asked: Asked, draft: Draft, metric: MetricAsk) -> None:
    """States both numbers, and the largest parts of the difference between them."""
    kpi = numbers.kpi_of(metric.kpi)
    placed = await numbers.placed_for(asked, draft, kpi, metric.scope, metric.window)
    earlier = windows.previous(placed.window, asked.zone)
    change = await _explained(asked, kpi, placed, metric.breakdown)
    before = await numbers.count(asked, draft, kpi, placed, earlier)
    after = await numbers.count(asked, draft, kpi, placed)
    if not _state(asked, draft, kpi, placed, (before, after)) or change.difference is None:
        return
    for cause in _causes(asked, kpi, change)[:MOST]:
        part = amounts.difference(cause.size, kpi.unit, asked.language)
        name = cause.values.get("group", "")
        title = f"{numbers.named(asked, kpi.name, placed)}: {name or cause.sentence}"
        citation = draft.cite_row(title, {**cause.row, "part": cause.size})
        draft.say(cause.sentence, [citation, after.citation, before.citation], **cause.values, part=part)


async def _explained(asked: Asked, kpi: Kpi, placed: Placed, breakdown: Breakdown) -> KpiChange:
    earlier = question(asked, placed, kpi.name, windows.previous(placed.window, asked.zone))
    later = question(asked, placed, kpi.name)
    by = None if isinstance(kpi.source, Composite) else _BY[breakdown]
    end = min(placed.window.end, asked.signals.at)
    quality = quality_of(asked.signals, needs.kinds(kpi), placed.basis.scope.projects, end)
    told = await restating.told(asked.conn, earlier, None)
    return await explain(asked.conn, placed.scope, told, earlier, later, by, quality, named=placed.named)


def _state(asked: Asked, draft: Draft, kpi: Kpi, placed: Placed, both: tuple[Number, Number]) -> bool:
    before, after = both
    language = asked.language
    common = {"title": kpis.title(kpi.name, language), "scope": placed.name}
    common["earlier"] = amounts.when(kpi.name, before.window, asked.zone, language)
    common["later"] = amounts.when(kpi.name, after.window, asked.zone, language)
    cited = [before.citation, after.citation]
    if before.answer.value is None or after.answer.value is None:
        draft.without_data += 1
        draft.say("change_unknown", cited, **common)
        return False
    apart = after.answer.value - before.answer.value
    values = {"after": numbers.shown(asked, kpi, after.answer.value)}
    if apart == 0:
        draft.say("unchanged", cited, **common, **values)
        return False
    values["before"] = numbers.shown(asked, kpi, before.answer.value)
    values["difference"] = amounts.difference(apart, kpi.unit, language)
    numbers.differing(draft, before.citation, apart)
    draft.say("changed", cited, **common, **values)
    return True


def _causes(asked: Asked, kpi: Kpi, change: KpiChange) -> list[_Cause]:
    """All that is not nothing, the largest first."""
    parts = change.parts
    if parts is None:
        return []
    late, corrected = change.late.count, change.corrections.accounts
    found = [
        _Cause(parts.late_data, "late", {"count": str(late)}, {"count": late}),
        _Cause(parts.identity_corrections, "corrected", {"count": str(corrected)}, {"count": corrected}),
        _Cause(parts.definition_changes, "defined", {}, {}),
    ]
    for group in change.groups:
        found += _of_group(asked.language, kpi, group)
    return sorted((one for one in found if one.size), key=lambda one: -abs(one.size))


def _of_group(language: Language, kpi: Kpi, group: ChangeGroup) -> list[_Cause]:
    name = _NAMELESS.get(group.name, group.name) if language is Language.RUSSIAN else group.name
    row: dict[str, object] = {"group": name, **msgspec.to_builtins(group)}
    if kpi.unit in {"count", "per day"}:
        values = {"group": name, "after": str(group.after_n), "before": str(group.before_n)}
        return [_Cause(group.mix + group.rate, "group_counts", values, row)]
    return [_mix(language, name, group, row), _rate(language, kpi, name, group, row)]


def _mix(language: Language, name: str, group: ChangeGroup, row: dict[str, object]) -> _Cause:
    if group.before_share is None or group.after_share is None:
        return _Cause(group.mix, "group_part", {"group": name}, row)
    after = amounts.amount(group.after_share, "share", language)
    before = amounts.amount(group.before_share, "share", language)
    return _Cause(group.mix, "group_mix", {"group": name, "after": after, "before": before}, row)


def _rate(language: Language, kpi: Kpi, name: str, group: ChangeGroup, row: dict[str, object]) -> _Cause:
    if group.before is None or group.after is None:
        return _Cause(group.rate, "group_part", {"group": name}, row)
    after = amounts.amount(group.after, kpi.unit, language)
    before = amounts.amount(group.before, kpi.unit, language)
    return _Cause(group.rate, "group_rate", {"group": name, "after": after, "before": before}, row)
