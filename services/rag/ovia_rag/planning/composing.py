"""A plan from what a question wants and what it names."""

from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from ovia_rag.planning.calendar import FIELD
from ovia_rag.planning.given import tell_people
from ovia_rag.planning.reading import Reading
from ovia_rag.planning.scoping import NARROW, Target, scope_of, targets
from ovia_rag.planning.searching import narrowed, search
from ovia_rag.planning.times import default
from ovia_rag.planning.understanding import Understanding
from ovia_shared.errors import InvalidInput, NotAllowed
from ovia_shared.kpis import windows
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Rows, Time
from ovia_shared.models.ask import (
    Breakdown,
    Comparison,
    Filters,
    Intent,
    ListAsk,
    ListKind,
    MentionKind,
    MetricAsk,
    PersonAsk,
    PersonQuestion,
    Plan,
    Search,
)
from ovia_shared.models.kpi import Scope, ScopeKind
from ovia_shared.models.token import Role

MOST_NUMBERS = 24
# What a breakdown goes on within. Products have no products below them.
_SPLIT = {Breakdown.TEAM: ScopeKind.TEAM, Breakdown.PRODUCT: ScopeKind.ORGANISATION}
_STATUS = {
    ScopeKind.SPRINT: (
        "sprint.completion",
        "sprint.scope_change",
        "throughput.work_items",
        "flow.wip",
        "blockers.open",
    ),
    ScopeKind.RELEASE: ("release_risk", "throughput.work_items", "flow.wip", "blockers.open"),
}
_STATUS_ELSE = (
    "delivery_health", "release_risk", "throughput.work_items", "throughput.merge_requests", "flow.wip",
    "blockers.open",
)  # fmt: skip
_AT_THE_END = frozenset(
    [
        ListKind.STALE_MERGE_REQUESTS, ListKind.WAITING_FOR_REVIEW, ListKind.OPEN_MERGE_REQUESTS, ListKind.BLOCKERS,
        ListKind.WORK_IN_PROGRESS, ListKind.OPEN_INCIDENTS,
    ]
)  # fmt: skip


def compose(reading: Reading, wanted: Understanding, filters: Filters, role: Role, by: str) -> Plan:
    """The plan. Raises `NotAllowed` for numbers of one person, and `InvalidInput`."""
    parts: dict[Intent, Callable[[], dict[str, object]]] = {
        Intent.METRIC: lambda: {"metrics": _metrics(reading, wanted, filters, role)},
        Intent.LIST: lambda: {"lists": _lists(reading, wanted, filters, role)},
        Intent.PERSON: lambda: _people(reading, wanted, filters),
        Intent.WHY: lambda: _why(reading, wanted, filters, role),
        Intent.STATUS: lambda: _status(reading, filters, role),
        Intent.KNOWLEDGE: lambda: {"search": search(reading, wanted, filters)},
    }
    made = parts[wanted.intent]()
    # What was assumed is known once everything else is.
    return msgspec.structs.replace(
        Plan(
            language=reading.language, intent=wanted.intent, by=by, mentions=reading.mentions,
            assumptions=reading.sayings.said,
        ),
        **made,
    )  # fmt: skip


def _metrics(reading: Reading, wanted: Understanding, filters: Filters, role: Role) -> list[MetricAsk]:
    if wanted.unranked:
        reading.sayings.say("no_ranking")
    found = targets(reading, filters)
    _may_ask(found, role)
    _tell_breakdown(reading, wanted.breakdown, found)
    # Several teams are compared with each other.
    comparison = wanted.comparison if len({one.scope for one in found}) == 1 else Comparison.NOTHING
    if len({one.window for one in found}) == 2 and len({one.scope for one in found}) == 1:
        found, comparison = _two_windows(reading, found)
    if any(not one.exact for one in found):
        _tell_default(reading, wanted.kpis)
    asks = [
        MetricAsk(kpi=kpi, scope=scope, window=one.window, comparison=comparison, breakdown=wanted.breakdown)
        for kpi in wanted.kpis
        for one in found
        for scope in [_countable(reading, kpi, one.scope)]
    ]
    asks = list(dict.fromkeys(asks))
    if len(asks) > MOST_NUMBERS:
        raise InvalidInput(f"{len(asks)} numbers at once are too many; ask for {MOST_NUMBERS} at most", field=FIELD)
    return asks


def _tell_breakdown(reading: Reading, breakdown: Breakdown, found: Sequence[Target]) -> None:
    """That each team or product is told in whole, even if what is broken down is another thing."""
    if breakdown is Breakdown.NOTHING:
        return
    apart = [one.scope for one in found if one.scope.kind not in (ScopeKind.ORGANISATION, _SPLIT[breakdown])]
    entries = [reading.vocabulary.entry(MentionKind(one.kind.value), one.id) for one in apart]
    if labels := ", ".join(dict.fromkeys(one.label for one in entries if one is not None)):
        reading.sayings.say("broken_down", text=labels)


def _two_windows(reading: Reading, found: list[Target]) -> tuple[list[Target], Comparison]:
    """One beside the one before it is a comparison; any other two are told one by one."""
    later = max(found, key=lambda one: (one.window.end, one.window.start))
    earlier = next(one for one in found if one.window != later.window)
    if windows.previous(later.window, reading.clock.zone) == earlier.window:
        return [later], Comparison.PREVIOUS
    reading.sayings.say("two_windows")
    return [later, earlier], Comparison.NOTHING


def _countable(reading: Reading, kpi: str, scope: Scope) -> Scope:
    if not CATALOGUE[kpi].organisation_only or scope.kind is ScopeKind.ORGANISATION:
        return scope
    reading.sayings.say("organisation_only", label=CATALOGUE[kpi].title)
    return Scope(ScopeKind.ORGANISATION)


def _tell_default(reading: Reading, kpis: Sequence[str]) -> None:
    sources = [CATALOGUE[kpi].source for kpi in kpis]
    at_the_end = all(isinstance(one, Rows) and one.time is Time.OPEN for one in sources)
    reading.sayings.say("now" if at_the_end else "default_window", window=default(reading.clock))


def _may_ask(found: Sequence[Target], role: Role) -> None:
    if any(one.scope.kind is ScopeKind.PERSON for one in found) and not role.reaches(Role.MANAGER):
        raise NotAllowed(f"numbers of one person need the role {Role.MANAGER}; the token is a {role}")


def _lists(reading: Reading, wanted: Understanding, filters: Filters, role: Role) -> list[ListAsk]:
    found = targets(reading, filters)
    _may_ask(found, role)
    if any(not one.exact for one in found):
        at_the_end = all(kind in _AT_THE_END for kind in wanted.lists)
        reading.sayings.say("now" if at_the_end else "default_window", window=default(reading.clock))
    return [
        ListAsk(kind=kind, scope=one.scope, window=one.window, limit=_limit(reading))
        for kind in wanted.lists
        for one in found
    ][:MOST_NUMBERS]


def _limit(reading: Reading) -> int:
    """How many rows the question asks for: a number of it that is no time and no name."""
    numbers = (word.text for number, word in enumerate(reading.words) if number not in reading.gone)
    asked = (int(one) for one in numbers if one.isascii() and one.isdigit() and len(one) <= 2)
    return next((one for one in asked if 1 <= one <= 50), 10)


def _people(reading: Reading, wanted: Understanding, filters: Filters) -> dict[str, object]:
    question = wanted.people or PersonQuestion.WHO_IS
    tell_people(reading, filters)
    people = [PersonAsk(question=question, person=UUID(one.meant.id)) for one in reading.of(MentionKind.PERSON)]
    if question in (PersonQuestion.WHO_IS, PersonQuestion.WORKS_ON):
        return {"people": people}
    items = [PersonAsk(question=question, item=one.meant.id) for one in reading.of(MentionKind.WORK_ITEM)]
    kinds = tuple(kind for kind in NARROW if kind is not MentionKind.PERSON)
    scopes = [PersonAsk(question=question, scope=scope_of(one), topic=wanted.topic) for one in reading.of(*kinds)]
    asks = items or scopes or [PersonAsk(question=question, topic=wanted.topic or reading.question)]
    if question is PersonQuestion.MEMBERS_OF or (question is PersonQuestion.OWNER_OF and not wanted.topic):
        return {"people": asks}
    return {
        "people": asks,
        "search": Search(text=wanted.topic or reading.question, filters=narrowed(reading, filters)),
    }


def _why(reading: Reading, wanted: Understanding, filters: Filters, role: Role) -> dict[str, object]:
    metrics = _metrics(reading, wanted, filters, role)
    compared = [msgspec.structs.replace(one, comparison=Comparison.PREVIOUS) for one in metrics]
    since = min(one.window.start for one in compared)
    where = narrowed(reading, filters, NARROW)
    if where.since is None:
        where = msgspec.structs.replace(where, since=since)
    return {"metrics": compared, "search": Search(text=reading.question, filters=where, recent=True)}


def _status(reading: Reading, filters: Filters, role: Role) -> dict[str, object]:
    passages = Search(text=reading.question, filters=narrowed(reading, filters, NARROW), recent=True)
    if items := reading.of(MentionKind.WORK_ITEM):
        tell_people(reading, filters)
        asks = [PersonAsk(question=PersonQuestion.OWNER_OF, item=one.meant.id) for one in items]
        return {"people": asks, "search": passages}
    found = targets(reading, filters)
    _may_ask(found, role)
    asked = [
        MetricAsk(kpi=kpi, scope=one.scope, window=one.window, comparison=Comparison.PREVIOUS)
        for one in found
        for kpi in _STATUS.get(one.scope.kind, _STATUS_ELSE)
    ]
    if any(not one.exact for one in found):
        _tell_default(reading, _STATUS_ELSE)
    lists = [ListAsk(kind=ListKind.BLOCKERS, scope=one.scope, window=one.window, limit=5) for one in found]
    return {"metrics": asked[:MOST_NUMBERS], "lists": lists[:4], "search": passages}
