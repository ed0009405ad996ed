"""Numbers: every one counted by the catalogue's own statement, kept as a receipt, and told with it."""

from uuid import UUID

import msgspec

from ovia_rag.answering.asked import Asked, Placed, place, question
from ovia_rag.answering.draft import Draft
from ovia_rag.wording import amounts, kpis, sentences
from ovia_rag.wording.lists import saying
from ovia_shared.database import products, teams
from ovia_shared.database.kpis import scopes, snapshots
from ovia_shared.database.kpis.measuring import has
from ovia_shared.errors import InvalidInput
from ovia_shared.kpis import needs, windows
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Composite, Kpi
from ovia_shared.kpis.quality import quality_of
from ovia_shared.models.ask import Breakdown, Comparison, MetricAsk
from ovia_shared.models.kpi import Answer, Scope, ScopeKind, Window
from ovia_shared.models.team import Team, TeamFilter

# Below this the data behind a number are named as a reason to doubt it.
TRUSTED = 0.8
# As many products or teams are told one by one.
MOST_SCOPES = 20
# Values that are the main one of some KPIs, and are not told beside it.
_MAIN = frozenset({"p50", "count"})


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """A number that was counted, and what the answer cites it by."""

    answer: Answer
    receipt_id: UUID
    window: Window
    citation: int


async def tell(asked: Asked, draft: Draft, metric: MetricAsk) -> None:
    """States what is asked for, with what is told beside it, and before it or by group if that is asked."""
    kpi = kpi_of(metric.kpi)
    placed = await placed_for(asked, draft, kpi, metric.scope, metric.window)
    number = await count(asked, draft, kpi, placed)
    _state(asked, draft, kpi, placed, number)
    if metric.comparison is Comparison.PREVIOUS:
        await _before(asked, draft, kpi, placed, number)
    if metric.breakdown is not Breakdown.NOTHING:
        await _break_down(asked, draft, kpi, metric, placed)


def kpi_of(name: str) -> Kpi:
    """The KPI of this name. Raises `InvalidInput`."""
    kpi = CATALOGUE.get(name)
    if kpi is None:
        raise InvalidInput(f"there is no KPI {name}", field="question")
    return kpi


async def placed_for(asked: Asked, draft: Draft, kpi: Kpi, scope: Scope, window: Window) -> Placed:
    """Where it is told: in the scope that is asked for, or in the organisation if it is told of nothing less."""
    placed = await place(asked, draft, scope, window)
    if not has(kpi, placed.basis.scope):
        draft.assumptions.append(
            saying("organisation_only", asked.language, title=kpis.title(kpi.name, asked.language))
        )
        placed = await place(asked, draft, Scope(ScopeKind.ORGANISATION), window)
    return placed


async def count(asked: Asked, draft: Draft, kpi: Kpi, placed: Placed, window: Window | None = None) -> Number:
    """Counts it and keeps the receipt; cites it, and notes how far the data behind it can be trusted."""
    within = window or placed.window
    told = await snapshots.answer(asked.conn, question(asked, placed, kpi.name, within))
    _note(asked, draft, kpi, placed, within)
    values = dict(told.answer.values)
    values |= {part.name: part.score for part in told.answer.parts if part.score is not None}
    values |= {"value": told.answer.value, "n": float(told.answer.n)}
    citation = draft.cite_receipt(named(asked, kpi.name, placed, within), told.receipt_id, kpi.name, values)
    return Number(answer=told.answer, receipt_id=told.receipt_id, window=within, citation=citation)


def named(asked: Asked, kpi: str, placed: Placed, window: Window | None = None) -> str:
    """What a number is of: the title of its citation."""
    when = amounts.when(kpi, window or placed.window, asked.zone, asked.language)
    return f"{kpis.title(kpi, asked.language)}, {placed.name}, {when}"


def shown(asked: Asked, kpi: Kpi, value: float) -> str:
    """The main value with its unit."""
    return amounts.amount(value, kpi.unit, asked.language)


def _note(asked: Asked, draft: Draft, kpi: Kpi, placed: Placed, window: Window) -> None:
    when = amounts.when(kpi.name, window, asked.zone, asked.language)
    title = kpis.title(kpi.name, asked.language)
    looked = saying("kpi", asked.language, title=title, scope=placed.name, when=when)
    if looked not in draft.looked_at:
        draft.looked_at.append(looked)
    end = min(window.end, asked.signals.at)
    quality = quality_of(asked.signals, needs.kinds(kpi), placed.basis.scope.projects, end)
    if quality.score is None:
        return
    draft.qualities.append(quality.score)
    if quality.score < TRUSTED and quality.reasons:
        percent = amounts.number(round(100 * quality.score), asked.language)
        note = saying("data_quality", asked.language, title=title, score=percent, reason=quality.reasons[0].detail)
        if note not in draft.notes:
            draft.notes.append(note)


def _state(asked: Asked, draft: Draft, kpi: Kpi, placed: Placed, number: Number) -> None:
    language, answer = asked.language, number.answer
    common = {"title": kpis.title(kpi.name, language), "scope": placed.name}
    when = amounts.when(kpi.name, number.window, asked.zone, language)
    if answer.value is None:
        draft.without_data += 1
        draft.say("no_data", [number.citation], **common, when=when)
        return
    value = shown(asked, kpi, answer.value)
    if answer.level is None:
        draft.say("value", [number.citation], **common, when=when, value=value)
    else:
        level = kpis.level(answer.level, language)
        draft.say("level", [number.citation], (level,), **common, when=when, value=value, level=level)
    if isinstance(kpi.source, Composite):
        _parts(draft, answer, number.citation, common)
    else:
        _beside(asked, draft, kpi, number, common)


def _beside(asked: Asked, draft: Draft, kpi: Kpi, number: Number, common: dict[str, str]) -> None:
    phrases = []
    for name, value in number.answer.values.items():
        if value is None or (name == kpi.main and name in _MAIN):
            continue
        unit = "count" if name in kpis.COUNTS else kpi.unit
        phrases.append(kpis.value_phrase(name, amounts.amount(value, unit, asked.language), asked.language))
    details = "; ".join(one for one in phrases if one is not None)
    if not details:
        return
    rows = sentences.ROWS[asked.language].format(n=number.answer.n)
    own = [kpis.value_phrase(name, "", asked.language) or "" for name in number.answer.values]
    draft.say("beside", [number.citation], (*own, sentences.ROWS[asked.language]), **common, details=details, n=rows)


def _parts(draft: Draft, answer: Answer, citation: int, common: dict[str, str]) -> None:
    language = draft.language
    told = [(kpis.part(one.name, language), one.score) for one in answer.parts if one.score is not None]
    details = "; ".join(f"{name} {amounts.number(score, language)}" for name, score in told)
    if details:
        draft.say("parts", [citation], [name for name, _ in told], **common, details=details)
    if answer.missing:
        missing = [kpis.part(one, language) for one in answer.missing]
        draft.say("missing", [citation], missing, **common, details=", ".join(missing))


async def _before(asked: Asked, draft: Draft, kpi: Kpi, placed: Placed, now: Number) -> None:
    language = asked.language
    earlier = windows.previous(placed.window, asked.zone)
    before = await count(asked, draft, kpi, placed, earlier)
    common = {"title": kpis.title(kpi.name, language), "scope": placed.name}
    common["when"] = amounts.when(kpi.name, earlier, asked.zone, language)
    if before.answer.value is None or now.answer.value is None:
        draft.say("before_none", [before.citation], **common)
        return
    apart = now.answer.value - before.answer.value
    citation = differing(draft, before.citation, apart)
    draft.say(
        "before", [citation, now.citation], **common, value=shown(asked, kpi, before.answer.value),
        difference=amounts.difference(apart, kpi.unit, language),
    )  # fmt: skip


def differing(draft: Draft, citation: int, apart: float) -> int:
    """The citation of the earlier of two numbers, with what the later one differs by."""
    place = citation - 1
    one = draft.citations[place]
    draft.citations[place] = msgspec.structs.replace(one, values={**(one.values or {}), "difference": apart})
    return citation


async def _break_down(asked: Asked, draft: Draft, kpi: Kpi, metric: MetricAsk, placed: Placed) -> None:
    if kpi.organisation_only:
        return
    if metric.breakdown is Breakdown.PRODUCT:
        found = await products.find(asked.conn, asked.caller.org_id, None, MOST_SCOPES)
        wanted = [Scope(ScopeKind.PRODUCT, str(one.id)) for one in found]
    else:
        wanted = await _teams(asked, draft, placed)
    for scope in wanted:
        inside = await place(asked, draft, scope, placed.window)
        _state(asked, draft, kpi, inside, await count(asked, draft, kpi, inside))


async def _teams(asked: Asked, draft: Draft, placed: Placed) -> list[Scope]:
    """The teams below the one that is asked about, or at the top; not those so small that they tell of one person."""
    conn, org_id = asked.conn, asked.caller.org_id
    above = UUID(placed.scope.id) if placed.scope.kind is ScopeKind.TEAM else None
    found = await teams.find(conn, org_id, TeamFilter(parent_id=above, roots=above is None or None), None, MOST_SCOPES)
    if len(found) == 1 and found[0].sub_teams:
        # A single team at the top is the organisation once more.
        found = await teams.find(conn, org_id, TeamFilter(parent_id=found[0].id), None, MOST_SCOPES)
    least = placed.basis.settings.privacy.minimum_group
    large: list[Team] = []
    small: list[Team] = []
    for team in found:
        resolved = await scopes.resolve(conn, org_id, Scope(ScopeKind.TEAM, str(team.id)))
        members = await scopes.members(conn, org_id, resolved, placed.window)
        (large if (members or 0) >= least else small).append(team)
    if small:
        names = ", ".join(one.name for one in small)
        draft.assumptions.append(saying("small_groups", asked.language, least=least, names=names))
    return [Scope(ScopeKind.TEAM, str(one.id)) for one in large]
