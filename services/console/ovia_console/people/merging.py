"""Two people turn out to be one."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from ovia_console.forms.outcomes import told
from ovia_console.forms.reading import fields
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.people import card, words
from ovia_console.people.editing import FORM_FAULTS
from ovia_console.services import ServiceProblem
from ovia_shared.errors import NotAllowed

FOUND = 12


@get("/people/{person_id:uuid}/merge")
async def show(visit: OfVisit, person_id: FromPath[UUID], find: str = "", other: UUID | None = None) -> Response[str]:
    """Looks for the other one; with `other`, both side by side and who stays."""
    if not visit.reader.may("manager"):
        raise NotAllowed("")
    if visit.in_place:
        found = await _found(visit, person_id, find)
        return visit.page("people/merge_found.html", found=found, find=find, home=card.home(person_id))
    return await _page(visit, person_id, find, other, None)


@post("/people/{person_id:uuid}/merge")
async def merge(visit: OfVisit, person_id: FromPath[UUID]) -> Response[str]:
    """Makes one of two; who stays has all accounts."""
    sent = await fields(visit)
    other, stays = sent.get("other", ""), sent.get("stays", "")
    gone = other if stays == str(person_id) else str(person_id)
    try:
        decision = await visit.api.send(
            "POST",
            "/team/people/merge",
            {"person_id": gone, "into_person_id": stays, "reason": sent.get("reason") or None},
            kind=dict[str, Any],
        )
    except ServiceProblem as problem:
        if problem.status not in FORM_FAULTS:
            raise
        return await _page(visit, person_id, "", UUID(other), problem)
    return visit.elsewhere(told(card.home(stays), "merged", decision["decision_id"]))


async def _page(
    visit: Visit, person_id: UUID, find: str, other: UUID | None, problem: ServiceProblem | None
) -> Response[str]:
    person = await visit.api.get(card.place(person_id), dict[str, Any])
    twin = None if other is None else await visit.api.get(card.place(other), dict[str, Any])
    return visit.page(
        "people/merge.html",
        http_status=problem.status if problem else 200,
        person=person,
        twin=twin,
        home=card.home(person_id),
        find=find,
        found=None if twin else await _found(visit, person_id, find),
        problem=problem,
        words=words.ALL,
    )


async def _found(visit: Visit, person_id: UUID, find: str) -> list[dict[str, Any]] | None:
    """Others that fit; None as long as nobody is looked for."""
    if not find.strip():
        return None
    people = await visit.api.page("/team/people", search=find.strip(), limit=FOUND)
    return [one for one in people.data if one["id"] != str(person_id)]
