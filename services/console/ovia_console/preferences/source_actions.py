"""What may be done to a source: testing, pausing, reading it anew, removing it, and what it tells by itself."""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, PathParameter

from ovia_console.pages.visit import OfVisit
from ovia_console.preferences import places, source_words, sources
from ovia_console.services import ServiceProblem, segment

Action = Annotated[Literal["pause", "resume", "resync"], PathParameter(description="What is to be done.")]
_DONE = {"pause": "paused", "resume": "resumed", "resync": "resynced"}


def _path(connection_id: UUID) -> str:
    return f"/connections/{segment(connection_id)}"


@post("/settings/sources/{connection_id:uuid}/test", status_code=200)
async def test(visit: OfVisit, connection_id: FromPath[UUID]) -> Response[str]:
    """What works and what does not, step by step, with the credentials that are stored."""
    places.require(visit, "admin")
    try:
        report: dict[str, Any] = await visit.api.send("POST", f"{_path(connection_id)}/test")
    except ServiceProblem as problem:
        if problem.status not in (409, 422, 503):
            raise
        return await sources.page_of(visit, connection_id, wrong=problem.message)
    if visit.in_place:
        return visit.page("preferences/report.html", report=report, steps=source_words.STEPS)
    return await sources.page_of(visit, connection_id, report=report, steps=source_words.STEPS)


@post("/settings/sources/{connection_id:uuid}/do/{action:str}", status_code=200)
async def act(visit: OfVisit, connection_id: FromPath[UUID], action: Action) -> Response[str]:
    """Pauses, resumes, or has everything read from the beginning."""
    await visit.api.send("POST", f"{_path(connection_id)}/{action}", key=visit.request_id or None)
    return visit.elsewhere(f"{places.HOME}/sources/{connection_id}?done={_DONE[action]}")


@get("/settings/sources/{connection_id:uuid}/remove")
async def ask_remove(visit: OfVisit, connection_id: FromPath[UUID]) -> Response[str]:
    """What removing means, and whether what was read goes too."""
    places.require(visit, "admin")
    source = await visit.api.get(_path(connection_id), dict[str, Any])
    return visit.page("preferences/source_remove.html", source=source, wrong="", tabs=places.tabs_of(visit.reader))


@post("/settings/sources/{connection_id:uuid}/remove", status_code=200)
async def remove(visit: OfVisit, connection_id: FromPath[UUID]) -> Response[str]:
    """Removes it. What was read is deleted only if its name was repeated."""
    places.require(visit, "admin")
    form = await visit.request.form()
    with_data = form.get("data") == "delete"
    source = await visit.api.get(_path(connection_id), dict[str, Any])
    if with_data and str(form.get("name", "")).strip() != source["name"]:
        wrong = visit.gettext("This is not its name.")
        return visit.page(
            "preferences/source_remove.html",
            http_status=422,
            source=source,
            wrong=wrong,
            tabs=places.tabs_of(visit.reader),
        )
    data = "delete" if with_data else "keep"
    await visit.api.send("DELETE", _path(connection_id), key=visit.request_id or None, data=data)
    return visit.elsewhere(f"{places.HOME}/sources/{connection_id}?done={'deleting' if with_data else 'removed'}")


@post("/settings/sources/{connection_id:uuid}/webhook", status_code=200)
async def open_webhook(visit: OfVisit, connection_id: FromPath[UUID]) -> Response[str]:
    """Shows where the source is to deliver, and the secret, this once."""
    places.require(visit, "admin")
    secret = str((await visit.request.form()).get("secret", "")).strip()
    try:
        hook: dict[str, Any] = await visit.api.send(
            "PUT", f"{_path(connection_id)}/webhook", {"secret": secret} if secret else {}
        )
    except ServiceProblem as problem:
        if problem.status not in (409, 422, 503):
            raise
        wrong = problem.of("secret") or problem.message
        return await sources.page_of(visit, connection_id, http_status=problem.status, wrong=wrong)
    # The api knows only how this service reaches it; sources reach it where the reader does.
    headers = visit.request.headers
    scheme = headers.get("x-forwarded-proto", visit.request.url.scheme)
    shown = {"url": f"{scheme}://{headers.get('host', '')}{hook['path']}", "secret": hook["secret"]}
    return await sources.page_of(visit, connection_id, hook=shown)


@post("/settings/sources/{connection_id:uuid}/webhook/close", status_code=200)
async def close_webhook(visit: OfVisit, connection_id: FromPath[UUID]) -> Response[str]:
    """Deliveries are refused from now on."""
    await visit.api.send("DELETE", f"{_path(connection_id)}/webhook")
    return visit.elsewhere(f"{places.HOME}/sources/{connection_id}?done=closed")
