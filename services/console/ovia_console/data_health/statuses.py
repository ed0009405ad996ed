"""Statuses that mean nothing yet: saying what they mean, once it is seen what that changes."""

from typing import Any

from litestar import Response, get, post

from ovia_console.data_health import words
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.services import ServiceProblem

SETTING = "/team/settings/workflow"
HOME = "/console/data-health/statuses"
_KNOWN = {name for name, _ in words.CATEGORIES}


@get("/data-health/statuses")
async def show(visit: OfVisit, done: bool = False) -> Response[str]:
    """The statuses, with how many items are in each, and a choice beside each."""
    return await _page(visit, done=done)


@post("/data-health/statuses/preview", status_code=200)
async def preview(visit: OfVisit) -> Response[str]:
    """Which numbers the choices would change."""
    value, version = await _wanted(visit)
    try:
        looked: dict[str, Any] = await visit.metrics.send("POST", f"{SETTING}/preview", {"value": value})
    except ServiceProblem as problem:
        if problem.status not in (409, 422):
            raise
        return await _page(visit, wrong=problem.message, version=version)
    return visit.elsewhere(f"/console/settings/numbers/workflow/previews/{looked['id']}")


@post("/data-health/statuses", status_code=200)
async def choose(visit: OfVisit) -> Response[str]:
    """Keeps the choices; facts are derived anew by them."""
    value, version = await _wanted(visit)
    try:
        await visit.metrics.send("PUT", SETTING, value, if_match=version)
    except ServiceProblem as problem:
        if problem.status not in (409, 412, 422):
            raise
        return await _page(visit, wrong=problem.message)
    return visit.elsewhere(f"{HOME}?done=true")


async def _page(visit: Visit, *, wrong: str = "", done: bool = False, version: str = "") -> Response[str]:
    told = await visit.metrics.get("/data-quality", dict[str, Any])
    setting = await visit.metrics.told(SETTING)
    return visit.page(
        "data_health/statuses.html",
        http_status=422 if wrong else 200,
        gap=told["unmapped_statuses"],
        known=setting.data["value"]["categories"],
        version=version or setting.etag,
        categories=words.CATEGORIES,
        wrong=wrong,
        done=done,
        tabs=words.TABS,
    )


async def _wanted(visit: Visit) -> tuple[dict[str, Any], str]:
    """The workflow with the choices of the form in it, and the version the form was made of."""
    form = await visit.request.form()
    setting = await visit.metrics.told(SETTING)
    value: dict[str, Any] = setting.data["value"]
    chosen = zip(form.getall("project", []), form.getall("status", []), form.getall("category", []), strict=True)
    value["categories"] = with_choices(value["categories"], [(str(a), str(b), str(c)) for a, b, c in chosen])
    return value, str(form.get("version", ""))


def with_choices(known: dict[str, dict[str, str]], chosen: list[tuple[str, str, str]]) -> dict[str, dict[str, str]]:
    """What statuses mean by project, with choices of project, status and category added; those of none are left out."""
    whole = {project: dict(statuses) for project, statuses in known.items()}
    for project, status, category in chosen:
        if category in _KNOWN:
            whole.setdefault(project or "*", {})[status] = category
    return whole
