"""Decisions about a mapping: sent once, answered with the rows as they are afterwards, refused with what is in force.

A mapping's id is the version of it that the reader saw: whoever is quicker wins, and the other one is told.
"""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.params import FromPath

from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.queue import drawer
from ovia_console.queue.present import Present, present
from ovia_console.queue.wording import action_words
from ovia_console.services import ServiceProblem
from ovia_shared.errors import InvalidInput
from ovia_shared.models.mapping import Mapping, MappingStatus
from ovia_shared.models.review import Decision

ACTIONS = ("confirm", "reject", "ignore", "reopen", "remap", "split")
_HOME = "/console/queue"


@post([f"/queue/mappings/{{mapping_id:uuid}}/{action}" for action in ACTIONS], status_code=200)
async def decide(visit: OfVisit, mapping_id: FromPath[UUID]) -> Response[str]:
    """What the api is asked to do, it does once, however often the form is sent."""
    action = visit.request.url.path.rpartition("/")[2]
    form = await visit.request.form()
    if action == "split":
        chosen = [str(one) for one in form.getall("account", [])]
        body: dict[str, Any] = {"mapping_ids": chosen or [str(mapping_id)]}
    else:
        body = {"mapping_id": str(mapping_id)}
    if action in ("remap", "split"):
        body |= whom(form)
    if reason := str(form.get("reason", "")).strip():
        body["reason"] = reason
    path = f"/team/identity-mappings/{action}"
    try:
        done = await visit.api.send("POST", path, body, kind=Decision, key=key_of(form))
    except ServiceProblem as problem:
        if problem.status != 409:
            raise
        return await refused(visit, str(mapping_id), problem)
    return await decided(visit, done, str(mapping_id))


@post("/queue/undo", status_code=200)
async def undo(visit: OfVisit) -> Response[str]:
    """Takes a decision back; refused where a later one stands in the way."""
    form = await visit.request.form()
    body = {"decision_id": str(form.get("decision_id", ""))}
    mapping_id = str(form.get("mapping_id", ""))
    try:
        done = await visit.api.send("POST", "/team/identity-mappings/undo", body, kind=Decision, key=key_of(form))
    except ServiceProblem as problem:
        if problem.status != 409 or not mapping_id:
            raise
        return await refused(visit, mapping_id, problem)
    return await decided(visit, done, mapping_id)


def key_of(form: Any) -> str | None:
    """The `Idempotency-Key` of a form, if it holds one that can be."""
    key = str(form.get("key", ""))
    return key if key.isascii() and key.isalnum() and len(key) <= 64 else None


def whom(form: Any) -> dict[str, Any]:
    """Somebody known, or a new person, as a form says. Raises `InvalidInput` if it says neither."""
    person, name = str(form.get("person", "")), str(form.get("name", "")).strip()
    if person and person != "new":
        return {"person_id": person}
    if not name:
        raise InvalidInput("choose somebody, or give the new person a name", field="name")
    email = str(form.get("email", "")).strip()
    return {"new_person": {"display_name": name} | ({"primary_email": email} if email else {})}


async def decided(visit: Visit, done: Decision, mapping_id: str) -> Response[str]:
    """The rows as they are now, for the list; without scripts, the page of the mapping."""
    rows = _one_each(done.mappings)
    if visit.in_place:
        return visit.page("queue/changed.html", mappings=rows, decision_id=done.decision_id)
    now = await _now(visit, mapping_id)
    address = f"{_HOME}/mappings/{now.mapping.id}" if now.mapping is not None else _HOME
    return visit.elsewhere(address + (f"?decided={done.decision_id}" if done.decision_id else ""))


async def refused(visit: Visit, mapping_id: str, problem: ServiceProblem) -> Response[str]:
    """What the mapping is by now, and who was quicker, or why it cannot be done."""
    now = await present(visit, mapping_id)
    words = why(visit, now, mapping_id, problem)
    if visit.in_place:
        visit.notice(words, "failed")
        rows = [] if now.mapping is None else [now.mapping]
        return visit.page("queue/changed.html", mappings=rows, decision_id=None, http_status=409)
    if now.mapping is None:
        raise ServiceProblem(409, words, request_id=problem.request_id)
    return await drawer.answer(visit, now.mapping, warning=words, http_status=409)


def why(visit: Visit, now: Present, mapping_id: str, problem: ServiceProblem) -> str:
    """In the reader's words where somebody decided meanwhile; else as the api says."""
    moved = now.mapping is None or str(now.mapping.id) != mapping_id
    if not moved or now.event is None:
        return problem.message
    return visit.gettext(
        "%(who)s was quicker and decided: %(what)s. The row shows what it is now; nothing of yours was changed.",
        who=now.event.actor,
        what=action_words(visit, now.event.action),
    )


def _one_each(mappings: list[Mapping]) -> list[Mapping]:
    """Of each account the mapping in use; one that was refused only where there is no other."""
    found: dict[UUID, Mapping] = {}
    for one in sorted(mappings, key=lambda one: one.status is not MappingStatus.REJECTED):
        found[one.identity.id] = one
    return list(found.values())


async def _now(visit: Visit, mapping_id: str) -> Present:
    if not mapping_id:
        return Present(None, None)
    try:
        return await present(visit, mapping_id)
    except (ServiceProblem, msgspec.MsgspecError):
        # Done is done: where to lead the reader is a lesser question.
        return Present(None, None)
