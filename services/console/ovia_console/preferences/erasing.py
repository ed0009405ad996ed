"""Erasing a person: who it is, what would go, and then, once their name was repeated, doing it."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.preferences import places
from ovia_console.preferences.people import Unclear, found_by
from ovia_console.services import ServiceProblem, segment

HOME = f"{places.HOME}/erase"


def _(text: str) -> str:
    """Marks a sentence for the catalogues; it is translated where it is shown."""
    return text


# As the api says what stays; what it says otherwise is shown as it is.
_TOLD = (
    _("what the sources sent, and texts: descriptions, comments, commits, pages, and Ask's index of them"),
    _("questions and answers of Ask, until they are dropped by age"),
    _("under which name somebody acted, in the audit log and in the log of decisions"),
    _("the ids under which the sources know the accounts"),
    _("backups, until they are dropped"),
)


@get("/settings/erase")
async def ask(visit: OfVisit, person: str = "") -> Response[str]:
    """Asks whom; leads on to the person once that is clear."""
    places.require(visit, "admin")
    wrong = ""
    if person:
        try:
            found = await found_by(visit, person)
        except Unclear as unclear:
            wrong = unclear.message
        else:
            return visit.elsewhere(f"{HOME}/{found['id']}")
    return visit.page(
        "preferences/erase.html",
        http_status=422 if wrong else 200,
        person=person,
        wrong=wrong,
        tabs=places.tabs_of(visit.reader),
    )


@get("/settings/erase/{person_id:uuid}")
async def one(visit: OfVisit, person_id: FromPath[UUID]) -> Response[str]:
    """The person, and what erasing means."""
    places.require(visit, "admin")
    return await _page(visit, person_id)


@post("/settings/erase/{person_id:uuid}/try", status_code=200)
async def try_out(visit: OfVisit, person_id: FromPath[UUID]) -> Response[str]:
    """What would go: all of it is done, counted, and taken back."""
    places.require(visit, "admin")
    try:
        would: dict[str, Any] = await visit.api.send("POST", _path(person_id), {}, dry_run=True)
    except ServiceProblem as problem:
        if problem.status not in (409, 422):
            raise
        return await _page(visit, person_id, problem=problem)
    return await _page(visit, person_id, would=would)


@post("/settings/erase/{person_id:uuid}", status_code=200)
async def erase(visit: OfVisit, person_id: FromPath[UUID]) -> Response[str]:
    """Does it, if the name was repeated exactly."""
    places.require(visit, "admin")
    name = str((await visit.request.form()).get("display_name", ""))
    try:
        done: dict[str, Any] = await visit.api.send(
            "POST", _path(person_id), {"display_name": name}, key=visit.request_id or None
        )
    except ServiceProblem as problem:
        if problem.status not in (409, 422):
            raise
        if problem.status == 409:
            return await _page(visit, person_id, problem=problem)
        would: dict[str, Any] = await visit.api.send("POST", _path(person_id), {}, dry_run=True)
        return await _page(visit, person_id, problem=problem, would=would)
    return visit.page("preferences/erased.html", done=done, words=visit.gettext, tabs=places.tabs_of(visit.reader))


def _path(person_id: UUID) -> str:
    return f"/team/people/{segment(person_id)}/erase"


async def _page(visit: Visit, person_id: UUID, **more: Any) -> Response[str]:
    person = await visit.api.get(f"/team/people/{segment(person_id)}", dict[str, Any])
    blank: dict[str, Any] = {"would": None, "problem": None}
    problem = more.get("problem")
    return visit.page(
        "preferences/erase_person.html",
        http_status=200 if problem is None else problem.status,
        person=person,
        words=visit.gettext,
        tabs=places.tabs_of(visit.reader),
        **(blank | more),
    )
