"""Putting somebody into a team from a day on."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from ovia_console.forms.outcomes import told
from ovia_console.forms.reading import day, day_behind, fields, midnight, required_day
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.services import ServiceProblem, segment
from ovia_console.teams.editing import FORM_FAULTS, HOME, require_manager

FOUND = 15


@get("/teams/{team_id:uuid}/members/add")
async def ask(visit: OfVisit, team_id: FromPath[UUID], find: str = "") -> Response[str]:
    """Looks for the person; htmx asks while the reader types."""
    require_manager(visit)
    if visit.in_place:
        return visit.page("teams/people_found.html", people=await _people(visit, find), find=find, person_id="")
    return await _page(visit, team_id, {}, find, None)


@post("/teams/{team_id:uuid}/members/add")
async def add(visit: OfVisit, team_id: FromPath[UUID]) -> Response[str]:
    """Adds the time in the team."""
    sent = await fields(visit)
    try:
        first, last = required_day(visit, sent, "from"), day(visit, sent, "last")
        await visit.api.send(
            "POST",
            f"/team/teams/{segment(team_id)}/members",
            {
                "person_id": sent.get("person_id", ""),
                "valid_from": midnight(first).isoformat(),
                "valid_to": None if last is None else day_behind(last).isoformat(),
                "role": sent.get("role") or None,
            },
        )
    except ServiceProblem as problem:
        if problem.status not in FORM_FAULTS:
            raise
        return await _page(visit, team_id, sent, sent.get("find", ""), problem)
    return visit.elsewhere(told(f"{HOME}/{team_id}", "added"))


async def _people(visit: Visit, find: str) -> list[dict[str, Any]] | None:
    """People that fit; None as long as nobody is looked for."""
    if not find.strip():
        return None
    return (await visit.api.page("/team/people", search=find.strip(), status="active", limit=FOUND)).data


async def _page(
    visit: Visit, team_id: UUID, sent: dict[str, str], find: str, problem: ServiceProblem | None
) -> Response[str]:
    team = await visit.api.get(f"/team/teams/{segment(team_id)}", dict[str, Any])
    return visit.page(
        "teams/add_member.html",
        http_status=problem.status if problem else 200,
        team=team,
        people=await _people(visit, find),
        find=find,
        person_id=sent.get("person_id", ""),
        sent={"from": datetime.now(UTC).date().isoformat(), "last": "", "role": ""} | sent,
        problem=problem,
    )
