"""Adding a team, naming it, moving it, and deleting it into another."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from ovia_console.forms.outcomes import told
from ovia_console.forms.reading import fields
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.services import ServiceProblem, segment
from ovia_console.teams.tree import tree_of
from ovia_shared.errors import NotAllowed

HOME = "/console/teams"
FORM_FAULTS = (409, 412, 422)


class Draft(msgspec.Struct, frozen=True):
    """A team as a form holds it; `version` goes into If-Match."""

    name: str = ""
    parent_id: str = ""
    version: str = ""

    def sent(self) -> dict[str, Any]:
        """As the api takes a team."""
        return {"name": self.name, "parent_id": self.parent_id or None}


def require_manager(visit: Visit) -> None:
    """Forms are for those who may send them. Raises `NotAllowed`."""
    if not visit.reader.may("manager"):
        raise NotAllowed("")


@get("/teams/new")
async def new(visit: OfVisit, parent: str = "") -> Response[str]:
    """The form for a team below another, or at the root."""
    require_manager(visit)
    return await _form(visit, Draft(parent_id=parent), None)


@post("/teams/new")
async def add(visit: OfVisit) -> Response[str]:
    """Adds it."""
    draft = await _draft(visit)
    try:
        added = await visit.api.send("POST", "/team/teams", draft.sent(), kind=dict[str, Any])
    except ServiceProblem as problem:
        return await _form(visit, draft, _of_form(problem))
    return visit.elsewhere(told(f"{HOME}/{added['id']}", "added"))


@get("/teams/{team_id:uuid}/edit")
async def edit(visit: OfVisit, team_id: FromPath[UUID]) -> Response[str]:
    """The form for a team there is."""
    require_manager(visit)
    return await _form(visit, None, None, team_id)


@post("/teams/{team_id:uuid}/edit")
async def save(visit: OfVisit, team_id: FromPath[UUID]) -> Response[str]:
    """Names and places it."""
    draft = await _draft(visit)
    try:
        await visit.api.send("PUT", _place(team_id), draft.sent(), if_match=draft.version)
    except ServiceProblem as problem:
        return await _form(visit, draft, _of_form(problem), team_id)
    return visit.elsewhere(told(f"{HOME}/{team_id}", "saved"))


@post("/teams/{team_id:uuid}/delete")
async def delete(visit: OfVisit, team_id: FromPath[UUID]) -> Response[str]:
    """Deletes it; the team `into` takes sub-teams and members."""
    sent = await fields(visit)
    into = sent.get("into", "")
    try:
        await visit.api.send("DELETE", _place(team_id), if_match=sent.get("version", ""), into=into)
    except ServiceProblem as problem:
        return await _form(visit, None, _of_form(problem), team_id)
    return visit.elsewhere(told(f"{HOME}/{into}" if into else HOME, "deleted"))


def _place(team_id: UUID) -> str:
    return f"/team/teams/{segment(team_id)}"


def _of_form(problem: ServiceProblem) -> ServiceProblem:
    """What a form can show; anything else is raised again."""
    if problem.status not in FORM_FAULTS:
        raise problem
    return problem


async def _draft(visit: Visit) -> Draft:
    sent = await fields(visit)
    return Draft(sent.get("name", ""), sent.get("parent_id", ""), sent.get("version", ""))


async def _form(
    visit: Visit, draft: Draft | None, problem: ServiceProblem | None, team_id: UUID | None = None
) -> Response[str]:
    tree = await tree_of(visit)
    team, version = None, ""
    if team_id is not None:
        now = await visit.api.told(_place(team_id))
        team, version = now.data, now.etag
    kept = draft or (Draft() if team is None else Draft(team["name"], team["parent_id"] or ""))
    return visit.page(
        "teams/form.html",
        http_status=problem.status if problem else 200,
        draft=msgspec.structs.replace(kept, version=version),
        team=team,
        places=list(tree.walk()) if team is None else tree.but(team["id"]),
        problem=problem,
    )
