"""Somebody's time in a team: ending it, correcting it, moving it to another team from a day on, taking it back."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from ovia_console.forms.outcomes import told
from ovia_console.forms.reading import (
    day,
    day_behind,
    fields,
    first_day,
    last_day,
    midnight,
    required_day,
    wrong,
)
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.services import ServiceProblem, segment
from ovia_console.teams.editing import FORM_FAULTS, HOME, require_manager
from ovia_console.teams.tree import tree_of
from ovia_shared.errors import NotFound


@get("/teams/members/{person_id:uuid}/{membership_id:uuid}")
async def show(
    visit: OfVisit, person_id: FromPath[UUID], membership_id: FromPath[UUID], into: str = ""
) -> Response[str]:
    """All that can be done to it; in place, only moving it, for whoever dragged it onto a team."""
    require_manager(visit)
    return await _page(visit, person_id, membership_id, {"into": into}, None)


@post("/teams/members/{person_id:uuid}/{membership_id:uuid}/correct")
async def correct(visit: OfVisit, person_id: FromPath[UUID], membership_id: FromPath[UUID]) -> Response[str]:
    """How it really was; with a last day it has ended."""
    sent = await fields(visit)
    try:
        before = await _found(visit, person_id, membership_id)
        first, last = required_day(visit, sent, "from"), day(visit, sent, "last")
        body = _times(before, first, last) | {"role": sent.get("role") or None}
        await visit.api.send("PUT", _place(membership_id), body)
    except ServiceProblem as problem:
        return await _page(visit, person_id, membership_id, sent, _of_form(problem))
    return visit.elsewhere(told(f"{HOME}/{before['team_id']}", "saved"))


@post("/teams/members/{person_id:uuid}/{membership_id:uuid}/move")
async def move(visit: OfVisit, person_id: FromPath[UUID], membership_id: FromPath[UUID]) -> Response[str]:
    """From a day on, in another team. Who was where before that day stays as it was."""
    sent = await fields(visit)
    try:
        before = await _found(visit, person_id, membership_id)
        into, since = sent.get("into", ""), required_day(visit, sent, "since")
        _require_movable(visit, before, into, since)
        await _move(visit, person_id, before, into, since)
    except ServiceProblem as problem:
        return await _page(visit, person_id, membership_id, sent, _of_form(problem))
    return visit.elsewhere(told(f"{HOME}/{into}", "moved"))


@post("/teams/members/{person_id:uuid}/{membership_id:uuid}/take-back")
async def take_back(visit: OfVisit, person_id: FromPath[UUID], membership_id: FromPath[UUID]) -> Response[str]:
    """It was never so."""
    sent = await fields(visit)
    try:
        before = await _found(visit, person_id, membership_id)
        await visit.api.send("DELETE", _place(membership_id))
    except ServiceProblem as problem:
        return await _page(visit, person_id, membership_id, sent, _of_form(problem))
    return visit.elsewhere(told(f"{HOME}/{before['team_id']}", "ended"))


async def _move(visit: Visit, person_id: UUID, before: dict[str, Any], into: str, since: date) -> None:
    """Begins in one team, then ends in the other; if the second is refused, the first is taken back."""
    added = await visit.api.send(
        "POST",
        f"/team/teams/{segment(into)}/members",
        {
            "person_id": str(person_id),
            "valid_from": midnight(since).isoformat(),
            "valid_to": before["valid_to"],
            "role": before["role"],
        },
        kind=dict[str, Any],
    )
    ended = {"valid_from": before["valid_from"], "valid_to": midnight(since).isoformat(), "role": before["role"]}
    try:
        await visit.api.send("PUT", _place(before["id"]), ended)
    except ServiceProblem:
        await visit.api.send("DELETE", _place(added["id"]))
        raise


def _require_movable(visit: Visit, before: dict[str, Any], into: str, since: date) -> None:
    if not into or into == before["team_id"]:
        raise wrong("into", visit.gettext("Choose another team."))
    if midnight(since) <= datetime.fromisoformat(before["valid_from"]):
        raise wrong("since", visit.gettext("The day must be behind the first day in the team it moves from."))
    if before["valid_to"] and midnight(since) >= datetime.fromisoformat(before["valid_to"]):
        raise wrong("since", visit.gettext("By this day the membership has ended."))


def _times(before: dict[str, Any], first: date, last: date | None) -> dict[str, str | None]:
    """A time as the api takes it. A day that was left as it is keeps its hour, which a field does not show."""
    begin, end = before["valid_from"], before["valid_to"]
    if first.isoformat() != first_day(begin):
        begin = midnight(first).isoformat()
    if last is None:
        end = None
    elif last.isoformat() != last_day(end):
        end = day_behind(last).isoformat()
    return {"valid_from": begin, "valid_to": end}


def _place(membership_id: object) -> str:
    return f"/team/memberships/{segment(membership_id)}"


def _of_form(problem: ServiceProblem) -> ServiceProblem:
    if problem.status not in FORM_FAULTS:
        raise problem
    return problem


async def _found(visit: Visit, person_id: UUID, membership_id: UUID) -> dict[str, Any]:
    """The membership as the reader saw it. Raises `ServiceProblem` (412) for one that was corrected meanwhile."""
    person = await _person(visit, person_id)
    found = next((one for one in person["memberships"] if one["id"] == str(membership_id)), None)
    if found is None:
        raise ServiceProblem(412, "")
    known: dict[str, Any] = found
    return known


async def _person(visit: Visit, person_id: UUID) -> dict[str, Any]:
    return await visit.api.get(f"/team/people/{segment(person_id)}", dict[str, Any])


def _shown(person: dict[str, Any], membership_id: UUID, team_id: str) -> dict[str, Any]:
    """The membership; or, since a correction gives it another id, what there is in that team now."""
    exact = [one for one in person["memberships"] if one["id"] == str(membership_id)]
    there = [one for one in person["memberships"] if one["team_id"] == team_id]
    found = exact or sorted(there, key=lambda one: datetime.fromisoformat(one["valid_from"]), reverse=True)
    if not found:
        raise NotFound("there is no such membership")
    shown: dict[str, Any] = found[0]
    return shown


async def _page(
    visit: Visit, person_id: UUID, membership_id: UUID, sent: dict[str, str], problem: ServiceProblem | None
) -> Response[str]:
    person = await _person(visit, person_id)
    membership = _shown(person, membership_id, sent.get("team", ""))
    begun, ended = first_day(membership["valid_from"]), last_day(membership["valid_to"])
    kept = {
        "from": begun,
        "last": ended,
        "role": membership["role"] or "",
        "since": datetime.now(UTC).date().isoformat(),
        "into": "",
    }
    return visit.page(
        "teams/move.html" if visit.in_place else "teams/membership.html",
        http_status=problem.status if problem else 200,
        person=person,
        membership=membership,
        begun=begun,
        ended=ended,
        sent=kept | sent,
        places=[one for one in (await tree_of(visit)).walk() if one.id != membership["team_id"]],
        there=f"{HOME}/members/{person_id}/{membership['id']}",
        problem=problem,
        in_dialog=visit.in_place,
    )
