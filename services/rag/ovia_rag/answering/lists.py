"""Lists: the rows behind a KPI, each cited, and how many there are by the receipt they are of."""

from datetime import datetime

import msgspec

from ovia_rag.answering import numbers
from ovia_rag.answering.asked import Asked, Placed, place, question
from ovia_rag.answering.draft import Draft
from ovia_rag.wording import amounts
from ovia_rag.wording.lists import saying, what
from ovia_shared.database.ask import lists
from ovia_shared.database.ask.lists import Incident, Listed, Order, Take
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.models.ask import ListAsk, ListKind
from ovia_shared.models.kpi import KpiRow, PersonNamed


class Source(msgspec.Struct, frozen=True):
    """The KPI whose rows a list is of, which of them, and in which order."""

    kpi: str
    take: Take
    order: Order


SOURCES = {
    ListKind.STALE_MERGE_REQUESTS: Source("merge_request.stale_share", Take.COUNTED, Order.SILENT),
    ListKind.WAITING_FOR_REVIEW: Source("review.waiting", Take.ALL, Order.LONGEST),
    ListKind.OPEN_MERGE_REQUESTS: Source("merge_request.stale_share", Take.ALL, Order.LONGEST),
    ListKind.BLOCKERS: Source("blockers.open", Take.ALL, Order.LONGEST),
    ListKind.FAILING_PIPELINES: Source("pipeline.success_rate", Take.LAST_FAILED, Order.LONGEST),
    ListKind.WORK_IN_PROGRESS: Source("flow.wip", Take.ALL, Order.LONGEST),
    ListKind.SPILLOVER: Source("sprint.spillover", Take.COUNTED, Order.NEWEST),
    ListKind.DEPLOYMENTS: Source("dora.deployment_frequency", Take.ALL, Order.NEWEST),
}


async def tell(asked: Asked, draft: Draft, wanted: ListAsk) -> None:
    """States how many there are, and each of the first `limit`."""
    placed = await place(asked, draft, wanted.scope, wanted.window)
    if wanted.kind is ListKind.OPEN_INCIDENTS:
        await _incidents(asked, draft, wanted, placed)
        return
    source = SOURCES[wanted.kind]
    number = await numbers.count(asked, draft, CATALOGUE[source.kpi], placed)
    found, total = await lists.rows(
        asked.conn, question(asked, placed, source.kpi), source.take, source.order, wanted.limit, named=placed.named
    )
    when = amounts.when(source.kpi, placed.window, asked.zone, asked.language)
    citation = _listed(draft, number.citation, len(found), total)
    _total(asked, draft, wanted, placed, citation, (total, when))
    for one in found:
        _state(asked, draft, wanted.kind, source.order, one)
    _more(draft, wanted, citation, len(found), total)


def _listed(draft: Draft, citation: int, shown: int, total: int) -> int:
    """The receipt's citation, with how many of its facts the list is of, and how many of these are told."""
    one = draft.citations[citation - 1]
    values = {**(one.values or {}), "rows": float(total), "shown": float(shown)}
    draft.citations[citation - 1] = msgspec.structs.replace(one, values=values)
    return citation


def _total(asked: Asked, draft: Draft, wanted: ListAsk, placed: Placed, citation: int, told: tuple[int, str]) -> None:
    total, when = told
    name = what(wanted.kind, asked.language)
    looked = saying("list", asked.language, what=name, scope=placed.name, when=when)
    if looked not in draft.looked_at:
        draft.looked_at.append(looked)
    if total:
        draft.say("list", [citation], (name,), what=name, scope=placed.name, when=when, total=total)
    else:
        draft.say("list_none", [citation], (name,), what=name, scope=placed.name, when=when)


def _more(draft: Draft, wanted: ListAsk, citation: int, shown: int, total: int) -> None:
    name = what(wanted.kind, draft.language)
    if shown < min(total, wanted.limit):
        draft.notes.append(saying("withheld", draft.language, what=name))
    if shown < total:
        draft.say("shown", [citation], (name,), what=name, shown=shown, total=total)


def _state(asked: Asked, draft: Draft, kind: ListKind, order: Order, one: Listed) -> None:
    row = one.row
    since = amounts.moment(one.since, asked.zone)
    facts: dict[str, object] = {
        "list": kind, "key": row.key or row.entity_id, "title": row.title, "project": row.project, "since": since,
        "person": None if row.person is None else row.person.display_name,
        "person_id": None if row.person is None else str(row.person.id), "fact_id": str(row.fact_id),
        "entity_kind": row.entity_kind, "entity_id": row.entity_id,
    }  # fmt: skip
    if order is not Order.NEWEST:
        facts["age_days"] = one.age_days
    label = _label(kind, row)
    citation = draft.cite_row(f"{row.key or row.entity_id} {row.title or ''}".strip(), facts, row.url)
    person = _in_brackets(row.person)
    if order is Order.NEWEST:
        draft.say("row_at", [citation], label=label, person=person, since=since)
    else:
        age = amounts.days(one.age_days, asked.language)
        draft.say("row", [citation], label=label, person=person, age=age, since=since)


def _label(kind: ListKind, row: KpiRow) -> str:
    key = row.key or row.entity_id
    if kind is ListKind.FAILING_PIPELINES:
        return f"{row.project} {row.title}" if row.project else row.title or key
    return f"{key} “{row.title}”" if row.title else key


def _in_brackets(person: PersonNamed | None) -> str:
    return "" if person is None else f" ({person.display_name})"


async def _incidents(asked: Asked, draft: Draft, wanted: ListAsk, placed: Placed) -> None:
    basis = question(asked, placed, "flow.wip")
    found, total = await lists.open_incidents(asked.conn, asked.caller.org_id, basis, wanted.limit, named=placed.named)
    when = amounts.at_end(msgspec.structs.replace(placed.window, end=asked.as_of), asked.zone, asked.language)
    name = what(wanted.kind, asked.language)
    counted = {"list": wanted.kind, "rows": total, "shown": len(found)}
    citation = draft.cite_row(f"{name}, {placed.name}, {when}", counted)
    _total(asked, draft, wanted, placed, citation, (total, when))
    for one in found:
        _incident(asked, draft, one)
    _more(draft, wanted, citation, len(found), total)


def _incident(asked: Asked, draft: Draft, one: Incident) -> None:
    since = "" if one.since is None else amounts.moment(one.since, asked.zone)
    facts = {
        "list": ListKind.OPEN_INCIDENTS, "key": one.key, "title": one.title, "project": one.project,
        "status": one.status, "since": since, "person": None if one.person is None else one.person.display_name,
        "person_id": None if one.person is None else str(one.person.id),
    }  # fmt: skip
    label, person = f"{one.key} “{one.title}”", _in_brackets(one.person)
    if one.since is None:
        draft.say("row_untimed", [draft.cite_row(f"{one.key} {one.title}", facts, one.url)], label=label, person=person)
        return
    age = _days(one.since, asked.as_of)
    citation = draft.cite_row(f"{one.key} {one.title}", facts | {"age_days": age}, one.url)
    told = amounts.days(age, asked.language)
    draft.say("row", [citation], label=label, person=person, age=told, since=since)


def _days(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds() / 86400
