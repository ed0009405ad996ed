"""Everything about one mapping: beside the list, or as a page of its own that works without scripts."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar
from uuid import UUID, uuid4

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.queue import comparing
from ovia_console.queue.present import present
from ovia_console.queue.waterfall import waterfall
from ovia_console.queue.wording import action_words
from ovia_console.services import ServiceProblem, segment
from ovia_shared.models.activity import Profile
from ovia_shared.models.candidate import Candidate
from ovia_shared.models.mapping import Mapping, MappingStatus
from ovia_shared.models.person import PersonDetail
from ovia_shared.models.review import EventView

Answer = TypeVar("Answer")
ENGINE = "ovia matching"
_HISTORY = 20
_OPEN = (MappingStatus.AUTO, MappingStatus.CONFLICT, MappingStatus.VERIFIED)


class SourceActivity(msgspec.Struct, frozen=True):
    """How much a person did in one source in the last twelve months, and in which month last."""

    source: str
    events: int
    last: str


class Entry(msgspec.Struct, frozen=True):
    """A decision of the history. `undoable`: somebody made it, and it stands."""

    event: EventView
    words: str
    undone: bool
    undoable: bool


@get("/queue/mappings/{mapping_id:uuid}")
async def show(visit: OfVisit, mapping_id: FromPath[UUID], decided: str = "") -> Response[str]:
    """One mapping in force; of one that was replaced, what is in force by now."""
    try:
        mapping = await visit.api.get(f"/team/identity-mappings/{segment(mapping_id)}", Mapping)
    except ServiceProblem as problem:
        if problem.status != 409:
            raise
        now = await present(visit, str(mapping_id))
        if now.mapping is None:
            raise
        return await answer(
            visit, now.mapping, warning=visit.gettext("It was decided meanwhile; this is what holds now.")
        )
    return await answer(visit, mapping, decided=decided)


async def answer(
    visit: Visit, mapping: Mapping, *, warning: str = "", decided: str = "", http_status: int = 200
) -> Response[str]:
    """The mapping with all that helps to decide. What a service cannot tell at the moment is left out."""
    person_id = None if mapping.person is None else segment(mapping.person.id)
    person, profile, candidates, history = await asyncio.gather(
        _if_told(visit.api.get(f"/team/people/{person_id}", PersonDetail) if person_id else None),
        _if_told(visit.api.get(f"/team/people/{person_id}/profile", Profile) if person_id else None),
        _if_told(candidates_of(visit, mapping.identity.id)),
        _if_told(visit.api.page(f"/team/identity-mappings/{segment(mapping.id)}/history", limit=_HISTORY)),
    )
    account = mapping.identity
    return visit.page(
        "queue/drawer.html" if visit.in_place else "queue/mapping.html",
        mapping=mapping,
        person=person,
        steps=waterfall(mapping.rule_trace),
        fields=[] if person is None else comparing.compared(account, person),
        others=[] if person is None else comparing.accounts_in_use(person, account),
        activity=[] if profile is None else _by_source(profile),
        profile=profile,
        rivals=None if candidates is None else [one for one in candidates if not _is(one, mapping)],
        history=[] if history is None else entries(visit, msgspec.convert(history.data, list[EventView])),
        names={} if person is None else {str(person.id): person.display_name},
        warning=warning,
        decided=decided,
        key=uuid4().hex,
        open=mapping.status in _OPEN,
        http_status=http_status,
    )


async def candidates_of(visit: Visit, identity_id: UUID) -> list[Candidate]:
    """Whom an account may belong to."""
    return await visit.api.get(f"/team/identities/{segment(identity_id)}/candidates", list[Candidate])


def entries(visit: Visit, events: list[EventView]) -> list[Entry]:
    """The history with what may be taken back: what people decided and nobody took back. What the engine decided is
    decided otherwise instead, since it decides about many at once."""
    taken_back = {one.undoes for one in events if one.undoes is not None}
    return [
        Entry(
            one,
            action_words(visit, one.action),
            one.decision_id in taken_back,
            one.decision_id is not None
            and one.actor != ENGINE
            and one.decision_id not in taken_back
            and not one.action.endswith("service_account"),
        )
        for one in events
    ]


async def _if_told(asked: Coroutine[Any, Any, Answer] | None) -> Answer | None:
    """What is asked for, or None if there is nobody to ask about or a service does not answer."""
    if asked is None:
        return None
    try:
        return await asked
    except ServiceProblem as problem:
        if problem.status == 401:
            raise
        return None


def _by_source(profile: Profile) -> list[SourceActivity]:
    found: dict[str, SourceActivity] = {}
    for one in profile.months:
        before = found.get(one.source)
        last = one.month if before is None else max(before.last, one.month)
        found[one.source] = SourceActivity(one.source, one.events + (before.events if before else 0), last)
    return sorted(found.values(), key=lambda one: -one.events)


def _is(candidate: Candidate, mapping: Mapping) -> bool:
    return mapping.person is not None and candidate.person.id == mapping.person.id
