"""What choosing a setting would change: looked at while it is counted, and chosen from there."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.preferences import number_forms, places
from ovia_console.preferences.numbers import HOME, path_of
from ovia_console.services import ServiceProblem, segment


class Effect(msgspec.Struct, frozen=True):
    """What becomes of one number: the last month before and after, and how many months change."""

    title: str
    unit: str
    before: float | None
    after: float | None
    months: int
    points: list[dict[str, Any]]


def effects_of(preview: dict[str, Any]) -> list[Effect]:
    """The numbers a preview compared, those that change first."""
    found = [
        Effect(
            one["title"],
            one["unit"],
            one["points"][-1]["before"]["value"] if one["points"] else None,
            one["points"][-1]["after"]["value"] if one["points"] else None,
            sum(point["changed"] for point in one["points"]),
            one["points"],
        )
        for one in preview["result"]["kpis"]
    ]
    return sorted(found, key=lambda one: -one.months)


@get("/settings/numbers/{name:str}/previews/{preview_id:uuid}")
async def show(visit: OfVisit, name: FromPath[str], preview_id: FromPath[UUID]) -> Response[str]:
    """The preview as far as it got: the whole page, or for htmx the part that changes."""
    places.require(visit, "manager")
    return await _page(visit, name, preview_id)


@post("/settings/numbers/{name:str}/previews/{preview_id:uuid}", status_code=200)
async def choose(visit: OfVisit, name: FromPath[str], preview_id: FromPath[UUID]) -> Response[str]:
    """Chooses exactly what was looked at, unless somebody else chose meanwhile."""
    places.require(visit, "manager")
    form = await visit.request.form()
    preview = await visit.metrics.get(f"/team/settings/previews/{segment(preview_id)}", dict[str, Any])
    try:
        await visit.metrics.send("PUT", path_of(name), preview["value"], if_match=str(form.get("version", "")))
    except ServiceProblem as problem:
        if problem.status not in (409, 412, 422):
            raise
        return await _page(visit, name, preview_id, problem=problem)
    return visit.elsewhere(f"{HOME}/{name}?done=true")


async def _page(visit: Visit, name: str, preview_id: UUID, *, problem: ServiceProblem | None = None) -> Response[str]:
    told = await visit.metrics.told(path_of(name))
    preview = await visit.metrics.get(f"/team/settings/previews/{segment(preview_id)}", dict[str, Any])
    effects = effects_of(preview) if preview["result"] else []
    return visit.page(
        "preferences/preview_piece.html" if visit.in_place else "preferences/preview.html",
        http_status=200 if problem is None else problem.status,
        name=name,
        preview=preview,
        effects=[(one, visit.gettext(one.title)) for one in effects],
        described=number_forms.SETTINGS[name],
        version=told.etag,
        problem=problem,
        tabs=places.tabs_of(visit.reader),
    )
