"""An answer made ready to be shown: what its ids are called, and why it may be relied on as far as it says."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec

from ovia_console.ask.answers import Answer, Citation, MetricAsked, Plan, ScopeAsked
from ovia_console.ask.narrowing import Narrowing
from ovia_console.pages.rendering import with_query
from ovia_console.pages.visit import Visit
from ovia_console.scopes.scope import choices_of
from ovia_console.services import ServiceProblem, segment

# As docs/ask.md has it: a name matched less surely than this lowers the confidence.
SURE = 0.9
# People that are looked up for their names, at most.
_PEOPLE = 5


class Reason(msgspec.Struct, frozen=True):
    """Why the confidence is as it is. `name` is the sentence, `text` and `label` what is put into it."""

    name: str
    text: str = ""
    label: str = ""


class Choice(msgspec.Struct, frozen=True):
    """One thing that words may stand for, and how the question is asked again with it."""

    label: str
    kind: str
    question: str
    kept: Narrowing


class Names(msgspec.Struct, frozen=True):
    """What ids are called: scopes by their key, KPIs by their name."""

    scopes: dict[str, str]
    kpis: dict[str, str]

    def scope(self, scope: ScopeAsked) -> str:
        """A scope's name, or its id where nothing tells one."""
        return self.scopes.get(scope.key, scope.id)

    def kpi(self, name: str) -> str:
        """A number's title, or its name."""
        return self.kpis.get(name, name)


async def names_of(visit: Visit, plan: Plan, answer: Answer | None = None) -> Names:
    """From the question's own words where it named them, otherwise looked up."""
    scopes = {f"{one.meant.kind}:{one.meant.id}": one.meant.label for one in plan.mentions}
    citations = [] if answer is None else answer.citations
    kpis = {one.meant.id: one.meant.label for one in plan.mentions if one.meant.kind == "kpi"}
    # These are in the language of the question.
    kpis |= {one.kpi: one.title.split(", ")[0] for one in citations if one.kpi}
    unnamed = {one for one in _scopes(plan, answer) if one.id and one.key not in scopes}
    people = [one for one in unnamed if one.kind == "person"][:_PEOPLE]
    if any(one.kind in ("team", "product") for one in unnamed):
        choices = await choices_of(visit)
        scopes |= {one.key: one.name for one in (*choices.teams, *choices.products)}
    found = await asyncio.gather(*(_person(visit, one.id) for one in people))
    scopes |= {one.key: name for one, name in zip(people, found, strict=True) if name}
    return Names(scopes, kpis)


def _scopes(plan: Plan, answer: Answer | None) -> Iterable[ScopeAsked]:
    yield from (one.scope for one in plan.metrics)
    yield from (one.scope for one in plan.lists)
    for one in plan.people:
        if one.scope is not None:
            yield one.scope
        if one.person is not None:
            yield ScopeAsked("person", one.person)
    if plan.search is not None:
        yield from plan.search.filters.scopes
    if answer is not None:
        yield from answer.filters.scopes


async def _person(visit: Visit, person_id: str) -> str | None:
    try:
        told = await visit.api.get(f"/team/people/{segment(person_id)}", dict[str, Any])
    except ServiceProblem as problem:
        if problem.status in (401, 500):
            raise
        return None
    return str(told.get("display_name", "")) or None


def choices_of_meaning(answer: Answer, kept: Narrowing) -> list[Choice]:
    """What the question that was asked back may mean: it, with each, and the chips that do not contradict that."""
    found = next((one.candidates for one in answer.plan.ambiguities if one.candidates), [])
    if len(found) != len(answer.follow_ups):
        return [Choice(one, "", one, kept) for one in answer.follow_ups]
    return [
        Choice(one.label, one.kind, question, kept.without([other for other in found if other != one]))
        for one, question in zip(found, answer.follow_ups, strict=True)
    ]


def kpi_page(visit: Visit, asked: MetricAsked) -> str:
    """The page of a number, with the rows behind it."""
    zone = visit.reader.taste.zone
    window = {
        "scope": asked.scope.key,
        "from": asked.window.start.astimezone(zone).date().isoformat(),
        "to": (asked.window.end - timedelta(microseconds=1)).astimezone(zone).date().isoformat(),
    }
    return with_query(f"/console/kpi/{segment(asked.kpi)}", window)


def reasons_of(answer: Answer) -> list[Reason]:
    """Why it is no more, or no less, to be relied on; empty where nothing is stated."""
    if answer.confidence is None:
        return []
    if answer.confidence == "high":
        return _for(answer)
    found = [*_of_plan(answer.plan), *_of_data(answer)]
    passages = [one for one in answer.citations if one.kind == "passage"]
    if passages:
        found.append(Reason("one source" if len(_sources(passages)) == 1 else "fits somewhat"))
    return found or [Reason("data")]


def _for(answer: Answer) -> list[Reason]:
    kinds = {one.kind for one in answer.citations}
    found = [Reason("understood")]
    if "receipt" in kinds:
        found.append(Reason("data is good"))
    if "passage" in kinds:
        found.append(Reason("sources agree"))
    return found


def _of_plan(plan: Plan) -> list[Reason]:
    unsure = [Reason("unsure", one.text, one.meant.label) for one in plan.mentions if one.meant.score < SURE]
    return unsure if plan.by == "rules" else [*unsure, Reason("model", plan.by)]


def _of_data(answer: Answer) -> list[Reason]:
    receipts = [one for one in answer.citations if one.kind == "receipt"]
    if any(one.values.get("value", 0) is None for one in receipts):
        return [Reason("no data")]
    return [Reason("data")] if receipts and answer.notes else []


def _sources(passages: list[Citation]) -> set[tuple[str, str]]:
    return {one.source.key for one in passages if one.source is not None}
