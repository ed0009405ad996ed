"""Adding somebody, changing them, marking them as gone, and taking out who should never have been one."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from ovia_console.forms.outcomes import last_decision, told
from ovia_console.forms.reading import fields
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.people import card
from ovia_console.people import words as words_of_people
from ovia_console.services import ServiceProblem
from ovia_shared.errors import NotAllowed

FORM_FAULTS = (409, 412, 422)
FORM_PAGE = "people/form.html"


class Draft(msgspec.Struct, frozen=True):
    """A person as a form holds them; `version` goes into If-Match."""

    display_name: str = ""
    primary_email: str = ""
    status: str = "active"
    reason: str = ""
    version: str = ""

    def sent(self) -> dict[str, Any]:
        """As the api takes a person."""
        return {
            "display_name": self.display_name,
            "primary_email": self.primary_email or None,
            "status": self.status,
        }


@get("/people/new")
async def new(visit: OfVisit) -> Response[str]:
    """The form for somebody new."""
    if not visit.reader.may("manager"):
        raise NotAllowed("")
    return visit.page(FORM_PAGE, draft=Draft(), person=None, problem=None, words=words_of_people.ALL)


@post("/people/new")
async def add(visit: OfVisit) -> Response[str]:
    """Adds them, or shows the form again with what is wrong."""
    draft = await _draft(visit)
    try:
        added = await visit.api.send(
            "POST",
            "/team/people",
            {"display_name": draft.display_name, "primary_email": draft.primary_email or None},
            kind=dict[str, Any],
        )
    except ServiceProblem as problem:
        if problem.status not in FORM_FAULTS:
            raise
        return visit.page(
            FORM_PAGE, http_status=problem.status, draft=draft, person=None, problem=problem, words=words_of_people.ALL
        )
    return visit.elsewhere(told(card.home(added["id"]), "added", await last_decision(visit, added["id"])))


@get("/people/{person_id:uuid}/edit")
async def edit(visit: OfVisit, person_id: FromPath[UUID]) -> Response[str]:
    """The form for somebody there is."""
    if not visit.reader.may("manager"):
        raise NotAllowed("")
    return await _form(visit, person_id, None, None)


@post("/people/{person_id:uuid}/edit")
async def save(visit: OfVisit, person_id: FromPath[UUID]) -> Response[str]:
    """Saves it; what somebody else changed meanwhile is shown, with the form as it was sent."""
    draft = await _draft(visit)
    try:
        await visit.api.send("PUT", card.place(person_id), draft.sent(), if_match=draft.version, reason=draft.reason)
    except ServiceProblem as problem:
        if problem.status not in FORM_FAULTS:
            raise
        return await _form(visit, person_id, draft, problem)
    return visit.elsewhere(told(card.home(person_id), "saved", await last_decision(visit, person_id)))


@post("/people/{person_id:uuid}/status")
async def set_status(visit: OfVisit, person_id: FromPath[UUID]) -> Response[str]:
    """Somebody left, or is here again; nothing else of them changes."""
    sent = await fields(visit)
    status = "inactive" if sent.get("status") == "inactive" else "active"
    now = await visit.api.told(card.place(person_id))
    draft = Draft(now.data["display_name"], now.data["primary_email"] or "", status)
    await visit.api.send("PUT", card.place(person_id), draft.sent(), if_match=now.etag, reason=sent.get("reason", ""))
    done = "left" if status == "inactive" else "back"
    return visit.elsewhere(told(card.home(person_id), done, await last_decision(visit, person_id)))


@post("/people/{person_id:uuid}/delete")
async def delete(visit: OfVisit, person_id: FromPath[UUID]) -> Response[str]:
    """Takes them out of every list, if they are as the reader saw them."""
    sent = await fields(visit)
    try:
        decision = await visit.api.send(
            "DELETE",
            card.place(person_id),
            if_match=sent.get("version", ""),
            reason=sent.get("reason", ""),
            kind=dict[str, Any],
        )
    except ServiceProblem as problem:
        if problem.status not in FORM_FAULTS:
            raise
        return await _form(visit, person_id, None, problem)
    return visit.elsewhere(told("/console/people", "person_deleted", decision["decision_id"]))


async def _draft(visit: Visit) -> Draft:
    sent = await fields(visit)
    return Draft(**{name: sent.get(name, default) for name, default in msgspec.structs.asdict(Draft()).items()})


async def _form(visit: Visit, person_id: UUID, draft: Draft | None, problem: ServiceProblem | None) -> Response[str]:
    """The form over the person as they are now: sending it again replaces that."""
    now = await visit.api.told(card.place(person_id))
    person = now.data
    kept = draft or Draft(person["display_name"], person["primary_email"] or "", person["status"])
    return visit.page(
        FORM_PAGE,
        http_status=problem.status if problem else 200,
        draft=msgspec.structs.replace(kept, version=now.etag),
        person=person,
        problem=problem,
        words=words_of_people.ALL,
    )
