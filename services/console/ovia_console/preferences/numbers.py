"""What an organisation chooses about its numbers and answers: the list, the forms, and who chose what when."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import FromPath, QueryParameter

from ovia_console.data_health.words import CATEGORIES
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.preferences import number_forms, places
from ovia_console.preferences.number_forms import StatusMeaning
from ovia_console.services import FieldFault, ServiceProblem, segment
from ovia_shared.errors import NotFound

HOME = f"{places.HOME}/numbers"
_SHOWN_AGAIN = (409, 412, 422)
_EMPTY_ROWS = 3
_HISTORY = 25


@get("/settings/numbers")
async def show(visit: OfVisit) -> Response[str]:
    """Every setting: what it says, and who chose it when."""
    found = await visit.metrics.get("/team/settings", list[dict[str, Any]])
    rows = [(one, number_forms.SETTINGS[one["name"]]) for one in found if one["name"] in number_forms.SETTINGS]
    return visit.page("preferences/numbers.html", rows=rows, tabs=places.tabs_of(visit.reader))


@get("/settings/numbers/{name:str}")
async def ask(visit: OfVisit, name: FromPath[str], preview: str = "", done: bool = False) -> Response[str]:
    """The form of a setting, filled with what is in force, or with what a preview looked at."""
    told = await visit.metrics.told(path_of(name))
    value = told.data["value"]
    if preview:
        value = (await visit.metrics.get(f"/team/settings/previews/{segment(preview)}", dict[str, Any]))["value"]
    return await _form(
        visit,
        name,
        told.data,
        told.etag,
        number_forms.texts_of(name, value),
        number_forms.meanings_of(value),
        done=done,
    )


@post("/settings/numbers/{name:str}", status_code=200)
async def choose(visit: OfVisit, name: FromPath[str]) -> Response[str]:
    """Keeps the setting, or looks first at what that would change: by which button was pressed."""
    places.require(visit, "manager")
    path = path_of(name)
    form = await visit.request.form()
    texts = {key: str(value) for key, value in form.items()}
    rows = zip(form.getall("project", []), form.getall("status", []), form.getall("category", []), strict=True)
    statuses = [StatusMeaning(str(a), str(b), str(c)) for a, b, c in rows]
    typed = number_forms.read(name, texts, statuses)
    version = texts.get("version", "")
    if typed.faults:
        message = visit.gettext("This is no number.")
        problem = ServiceProblem(422, message, faults=tuple(FieldFault(one.field, message) for one in typed.faults))
        return await _again(visit, name, version, texts, statuses, problem)
    try:
        if texts.get("do") == "preview":
            scope = _scope(texts.get("scope", ""))
            looked: dict[str, Any] = await visit.metrics.send("POST", f"{path}/preview", {"value": typed.value} | scope)
            return visit.elsewhere(f"{HOME}/{name}/previews/{looked['id']}")
        await visit.metrics.send("PUT", path, typed.value, if_match=version)
    except ServiceProblem as problem:
        if problem.status not in _SHOWN_AGAIN:
            raise
        return await _again(visit, name, version, texts, statuses, problem)
    return visit.elsewhere(f"{HOME}/{name}?done=true")


@get("/settings/numbers/{name:str}/history")
async def history(
    visit: OfVisit, name: FromPath[str], cursor: Annotated[str, QueryParameter(max_length=2000)] = ""
) -> Response[str]:
    """Who chose what, the latest first."""
    found = await visit.metrics.page(f"{path_of(name)}/history", cursor=cursor, limit=_HISTORY)
    described = number_forms.SETTINGS[name]
    rows = [
        (one, number_forms.texts_of(name, one["value"]), number_forms.meanings_of(one["value"])) for one in found.data
    ]
    return visit.page(
        "preferences/number_history.html",
        name=name,
        found=found,
        rows=rows,
        described=described,
        tabs=places.tabs_of(visit.reader),
    )


@get("/settings/numbers/{name:str}/deriving")
async def deriving(visit: OfVisit, name: FromPath[str]) -> Response[str]:
    """Whether facts follow what was chosen; asked again until they do."""
    setting = await visit.metrics.get(path_of(name), dict[str, Any])
    told = await visit.metrics.get("/data-quality", dict[str, Any])
    return visit.page("preferences/deriving.html", name=name, left=behind(told, setting["chosen_at"]), told=told)


def behind(told: dict[str, Any], chosen_at: str | None) -> list[str]:
    """The families of facts that were last derived before a setting was chosen."""
    if chosen_at is None:
        return []
    at, chosen = datetime.fromisoformat(told["as_of"]), datetime.fromisoformat(chosen_at)
    return [
        one["family"]
        for one in told["derivations"]
        if one["lag_seconds"] is None or at - timedelta(seconds=one["lag_seconds"]) < chosen
    ]


def path_of(name: str) -> str:
    """Where the service keeps a setting. Raises `NotFound` for one there is no form for."""
    if name not in number_forms.SETTINGS:
        raise NotFound("there is no such setting")
    return f"/team/settings/{segment(name)}"


def _scope(text: str) -> dict[str, str]:
    kind, _, scope_id = text.partition(":")
    return {"scope_kind": kind, "scope_id": scope_id} if kind in ("team", "product") and scope_id else {}


async def _again(
    visit: Visit, name: str, version: str, texts: dict[str, str], statuses: list[StatusMeaning], problem: ServiceProblem
) -> Response[str]:
    told = await visit.metrics.told(path_of(name))
    return await _form(visit, name, told.data, version, texts, statuses, problem=problem)


async def _form(
    visit: Visit,
    name: str,
    setting: dict[str, Any],
    version: str,
    texts: dict[str, str],
    statuses: list[StatusMeaning],
    *,
    problem: ServiceProblem | None = None,
    done: bool = False,
) -> Response[str]:
    projects = (await visit.api.page("/team/projects", limit=200)).data if name == "workflow" else []
    shown = [one for one in statuses if one.status.strip()]
    return visit.page(
        "preferences/number.html",
        http_status=200 if problem is None else problem.status,
        name=name,
        setting=setting,
        described=number_forms.SETTINGS[name],
        texts=texts,
        statuses=shown + [StatusMeaning("", "", "")] * _EMPTY_ROWS,
        categories=CATEGORIES,
        projects=sorted({one["key"] for one in projects}),
        version=version,
        problem=problem,
        faults=_by_control(name, problem),
        done=done,
        may=visit.reader.may("manager"),
        tabs=places.tabs_of(visit.reader),
    )


def _by_control(name: str, problem: ServiceProblem | None) -> dict[str, str]:
    """What is wrong, by field of the form: a fault may be about one word of a list."""
    found: dict[str, list[str]] = {}
    for one in () if problem is None else problem.faults:
        for control in number_forms.SETTINGS[name].controls:
            inside = one.field.removeprefix(control.path)
            if inside != one.field and inside[:1] in ("", "[", "."):
                where = inside.strip(".[]")
                # Lines are counted from one.
                where = str(int(where) + 1) if where.isdigit() else where
                found.setdefault(control.path, []).append(f"{where}: {one.message}" if where else one.message)
    return {path: "; ".join(messages) for path, messages in found.items()}
