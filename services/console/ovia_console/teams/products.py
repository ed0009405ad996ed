"""Products: a name, and the projects it is made of."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from ovia_console.forms.outcomes import outcome_of, told
from ovia_console.forms.reading import fields
from ovia_console.pages.rendering import with_query
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.people import words
from ovia_console.services import ServiceProblem, segment
from ovia_console.teams.editing import FORM_FAULTS, HOME, require_manager

FOUND = 20
Keys = list[dict[str, str]]


class Draft(msgspec.Struct, frozen=True):
    """A product as a form holds it, without its projects."""

    name: str = ""
    description: str = ""
    version: str = ""


@get("/teams/products/new")
async def new(visit: OfVisit) -> Response[str]:
    """The form for a product; projects are added once it is there."""
    require_manager(visit)
    return visit.page("teams/new_product.html", draft=Draft(), problem=None)


@post("/teams/products/new")
async def add(visit: OfVisit) -> Response[str]:
    """Adds it."""
    draft = await _draft(visit)
    body: dict[str, Any] = {"name": draft.name, "description": draft.description or None}
    try:
        added = await visit.api.send("POST", "/team/products", body, kind=dict[str, Any])
    except ServiceProblem as problem:
        if problem.status not in FORM_FAULTS:
            raise
        return visit.page("teams/new_product.html", http_status=problem.status, draft=draft, problem=problem)
    return visit.elsewhere(told(_home(added["id"]), "added"))


@get("/teams/products/{product_id:uuid}")
async def show(visit: OfVisit, product_id: FromPath[UUID], find: str = "", source: str = "") -> Response[str]:
    """The product, and what could be added to it; htmx asks for that while the reader types."""
    return await _page(visit, product_id, find, source, None, None)


@post("/teams/products/{product_id:uuid}/edit")
async def save(visit: OfVisit, product_id: FromPath[UUID]) -> Response[str]:
    """Name and description."""
    draft = await _draft(visit)
    try:
        product = await visit.api.get(_place(product_id), dict[str, Any])
        body = {"name": draft.name, "description": draft.description or None, "projects": _keys(product)}
        await visit.api.send("PUT", _place(product_id), body, if_match=draft.version)
    except ServiceProblem as problem:
        if problem.status not in FORM_FAULTS:
            raise
        return await _page(visit, product_id, "", "", draft, problem)
    return visit.elsewhere(told(_home(product_id), "saved"))


@post("/teams/products/{product_id:uuid}/add")
async def add_project(visit: OfVisit, product_id: FromPath[UUID]) -> Response[str]:
    """One more project."""
    return await _with_projects(visit, product_id, lambda known, one: known if one in known else [*known, one])


@post("/teams/products/{product_id:uuid}/remove")
async def remove_project(visit: OfVisit, product_id: FromPath[UUID]) -> Response[str]:
    """One project less."""
    return await _with_projects(visit, product_id, lambda known, one: [other for other in known if other != one])


@post("/teams/products/{product_id:uuid}/delete")
async def delete(visit: OfVisit, product_id: FromPath[UUID]) -> Response[str]:
    """Its projects stay as they are."""
    sent = await fields(visit)
    try:
        await visit.api.send("DELETE", _place(product_id), if_match=sent.get("version", ""))
    except ServiceProblem as problem:
        if problem.status not in FORM_FAULTS:
            raise
        return await _page(visit, product_id, "", "", None, problem)
    return visit.elsewhere(told(HOME, "deleted"))


async def _with_projects(
    visit: Visit, product_id: UUID, change: Callable[[Keys, dict[str, str]], Keys]
) -> Response[str]:
    """Adds or removes one project of the product as it is now: whatever else changed meanwhile is kept."""
    sent = await fields(visit)
    one = {"connection_id": sent.get("connection_id", ""), "external_id": sent.get("external_id", "")}
    try:
        now = await visit.api.told(_place(product_id))
        body = {
            "name": now.data["name"],
            "description": now.data["description"],
            "projects": change(_keys(now.data), one),
        }
        await visit.api.send("PUT", _place(product_id), body, if_match=now.etag)
    except ServiceProblem as problem:
        if problem.status not in FORM_FAULTS:
            raise
        return await _page(visit, product_id, sent.get("find", ""), "", None, problem)
    # What was looked for stays: several projects are added one behind the other.
    return visit.elsewhere(with_query(_home(product_id), {}, find=sent.get("find", ""), done="saved"))


def _place(product_id: object) -> str:
    return f"/team/products/{segment(product_id)}"


def _home(product_id: object) -> str:
    return f"{HOME}/products/{segment(product_id)}"


def _keys(product: dict[str, Any]) -> Keys:
    return [{name: one[name] for name in ("connection_id", "external_id")} for one in product["projects"]]


async def _draft(visit: Visit) -> Draft:
    sent = await fields(visit)
    return Draft(sent.get("name", ""), sent.get("description", ""), sent.get("version", ""))


async def _page(
    visit: Visit,
    product_id: UUID,
    find: str,
    source: str,
    draft: Draft | None,
    problem: ServiceProblem | None,
) -> Response[str]:
    now = await visit.api.told(_place(product_id))
    product = now.data
    known = {(one["connection_id"], one["external_id"]) for one in product["projects"]}
    found = await visit.api.page(
        "/team/projects", search=find.strip(), source=source, limit=min(200, FOUND + len(known))
    )
    kept = draft or Draft(product["name"], product["description"] or "")
    return visit.page(
        "teams/projects_found.html" if visit.in_place else "teams/product.html",
        http_status=problem.status if problem else 200,
        product=product,
        home=_home(product_id),
        draft=msgspec.structs.replace(kept, version=now.etag),
        found=[one for one in found.data if (one["connection_id"], one["external_id"]) not in known][:FOUND],
        find=find,
        source=source,
        problem=problem,
        sources=words.SOURCES,
        outcome=outcome_of(visit.request),
    )
