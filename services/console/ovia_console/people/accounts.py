"""Somebody's accounts: which are theirs since when, linking a free one, taking one away, and contesting one."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from ovia_console.forms.outcomes import told
from ovia_console.forms.reading import fields
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.people import card, words
from ovia_console.people.editing import FORM_FAULTS
from ovia_console.services import Page, ServiceProblem, segment

FOUND = 12


@get("/people/{person_id:uuid}/accounts")
async def show(visit: OfVisit, person_id: FromPath[UUID], find: str = "") -> Response[str]:
    """The accounts; with `find`, the free ones that fit, which htmx asks for while the reader types."""
    if visit.in_place:
        return visit.page(
            "people/orphans.html",
            orphans=await _orphans(visit, find),
            find=find,
            home=card.home(person_id),
            words=words.ALL,
        )
    return await _page(visit, person_id, find, None)


@post("/people/{person_id:uuid}/accounts/link")
async def link(visit: OfVisit, person_id: FromPath[UUID]) -> Response[str]:
    """This account is theirs."""
    sent = await fields(visit)
    body = {"identity_id": sent.get("identity_id", ""), "reason": sent.get("reason") or None}
    return await _decided(visit, person_id, "linked", "POST", card.place(person_id) + "/identities", body)


@post("/people/{person_id:uuid}/accounts/unlink")
async def unlink(visit: OfVisit, person_id: FromPath[UUID]) -> Response[str]:
    """This account is not theirs."""
    sent = await fields(visit)
    path = f"{card.place(person_id)}/identities/{segment(sent.get('identity_id', ''))}"
    return await _decided(visit, person_id, "unlinked", "DELETE", path, reason=sent.get("reason", ""))


@post("/people/{person_id:uuid}/accounts/contest")
async def contest(visit: OfVisit, person_id: FromPath[UUID]) -> Response[str]:
    """The person says that this is wrong: it is out of use until somebody decides."""
    sent = await fields(visit)
    path = f"/team/identity-mappings/{segment(sent.get('mapping_id', ''))}/contest"
    return await _decided(visit, person_id, "contested", "POST", path, {"reason": sent.get("reason", "")})


async def _decided(
    visit: Visit, person_id: UUID, done: str, method: str, path: str, body: Any = None, **parameters: Any
) -> Response[str]:
    """Takes a decision and leads to the accounts as they are then; or shows them with why it was not taken."""
    try:
        decision = await visit.api.send(method, path, body, kind=dict[str, Any], **parameters)
    except ServiceProblem as problem:
        if problem.status not in FORM_FAULTS:
            raise
        return await _page(visit, person_id, "", problem)
    return visit.elsewhere(told(card.home(person_id) + "/accounts", done, decision["decision_id"]))


async def _page(visit: Visit, person_id: UUID, find: str, problem: ServiceProblem | None) -> Response[str]:
    person = await visit.api.get(card.place(person_id), dict[str, Any])
    return visit.page(
        "people/accounts.html",
        http_status=problem.status if problem else 200,
        **card.frame(visit, person, "accounts"),
        find=find,
        orphans=await _orphans(visit, find) if visit.reader.may("manager") else None,
        problem=problem,
    )


async def _orphans(visit: Visit, find: str) -> Page | None:
    """Free accounts that fit; None as long as nothing is looked for."""
    if not find.strip():
        return None
    return await visit.api.page("/team/identities/orphans", search=find.strip(), limit=FOUND)
