"""Adding a source and changing one: tested first, stored if it works."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.preferences import places, source_form, source_words
from ovia_console.preferences.source_form import SourceForm
from ovia_console.services import FieldFault, ServiceProblem, segment

_SHOWN_AGAIN = (409, 412, 422, 503)


@get("/settings/sources/new")
async def ask_new(visit: OfVisit, kind: str = "jira") -> Response[str]:
    """The form of a kind of source."""
    places.require(visit, "admin")
    return _form(visit, SourceForm(kind if kind in source_words.KINDS else "jira"))


@post("/settings/sources/new", status_code=200)
async def add(visit: OfVisit) -> Response[str]:
    """Tests what was typed, or adds it: by which button was pressed."""
    places.require(visit, "admin")
    sent = await visit.request.form()
    form = source_form.typed(sent, str(sent.get("kind", "")))
    settings, faults = source_form.settings_of(form, {})
    body = {
        "kind": form.kind,
        "name": form.name or source_words.KINDS.get(form.kind, source_words.KINDS["git"]).name,
        "base_url": form.base_url,
        "settings": settings,
        "credentials": source_form.credentials_of(sent),
    }
    if faults:
        return _again(visit, form, _not_numbers(visit, faults))
    try:
        if sent.get("do") == "test":
            return _told(visit, form, await visit.api.send("POST", "/connections/test", body))
        verify = sent.get("do") != "untested"
        # With what was tried before, a second try is another one: the key is that of this press of the button.
        made: dict[str, Any] = await visit.api.send(
            "POST", "/connections", body, key=visit.request_id or None, verify=verify
        )
    except ServiceProblem as problem:
        if problem.status not in _SHOWN_AGAIN:
            raise
        return _again(visit, form, problem)
    return visit.elsewhere(f"{places.HOME}/sources/{made['id']}?done=added")


@get("/settings/sources/{connection_id:uuid}/change")
async def ask_change(visit: OfVisit, connection_id: FromPath[UUID]) -> Response[str]:
    """The form of a source there is, without its secrets."""
    places.require(visit, "admin")
    told = await visit.api.told(f"/connections/{segment(connection_id)}")
    return _form(visit, source_form.of_source(told.data), source=told.data, version=told.etag)


@post("/settings/sources/{connection_id:uuid}/change", status_code=200)
async def change(visit: OfVisit, connection_id: FromPath[UUID]) -> Response[str]:
    """Keeps what was typed, if nobody else changed it meanwhile. Without a token typed, credentials stay."""
    places.require(visit, "admin")
    sent = await visit.request.form()
    told = await visit.api.told(f"/connections/{segment(connection_id)}")
    form = source_form.typed(sent, told.data["kind"])
    form.base_url = told.data["base_url"]
    version = str(sent.get("version", ""))
    again = {"source": told.data, "version": version}
    settings, faults = source_form.settings_of(form, told.data["settings"])
    if faults:
        return _again(visit, form, _not_numbers(visit, faults), **again)
    body: dict[str, Any] = {"name": form.name}
    # Whatever is sent is tested; a new name alone needs no source that answers.
    if settings != told.data["settings"]:
        body["settings"] = settings
    if (credentials := source_form.credentials_of(sent)) is not None:
        body["credentials"] = credentials
    try:
        await visit.api.send(
            "PATCH",
            f"/connections/{segment(connection_id)}",
            body,
            if_match=version,
            verify=sent.get("do") != "untested",
        )
    except ServiceProblem as problem:
        if problem.status not in _SHOWN_AGAIN:
            raise
        return _again(visit, form, problem, **again)
    return visit.elsewhere(f"{places.HOME}/sources/{connection_id}?done=changed")


def _not_numbers(visit: Visit, faults: list[FieldFault]) -> ServiceProblem:
    message = visit.gettext("This is no number.")
    return ServiceProblem(422, message, faults=tuple(FieldFault(one.field, message) for one in faults))


def _told(visit: Visit, form: SourceForm, report: dict[str, Any]) -> Response[str]:
    """What a test found, below the form: in place, so that a token that was typed stays typed."""
    if visit.in_place:
        return visit.page("preferences/source_result.html", report=report, problem=None, **_words())
    return _form(visit, form, report=report)


def _again(visit: Visit, form: SourceForm, problem: ServiceProblem, **more: Any) -> Response[str]:
    if visit.in_place:
        return visit.page("preferences/source_result.html", report=None, problem=problem, **_words())
    return _form(visit, form, problem=problem, **more)


def _words() -> dict[str, Any]:
    return {"steps": source_words.STEPS, "fields": source_words.FIELDS}


def _form(visit: Visit, form: SourceForm, **more: Any) -> Response[str]:
    blank: dict[str, Any] = {"source": None, "version": "", "report": None, "problem": None}
    problem = more.get("problem")
    return visit.page(
        "preferences/source_form.html",
        http_status=200 if problem is None else problem.status,
        form=form,
        kinds=source_words.KINDS,
        kind=source_words.KINDS[form.kind],
        tabs=places.tabs_of(visit.reader),
        **_words(),
        **(blank | more),
    )
