"""How sure the matcher must be: choosing it, and having everybody matched anew by it, after a look at what changes."""

from typing import Any

import msgspec
from litestar import Response, get, post

from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.preferences import places
from ovia_console.preferences.typed import number
from ovia_console.services import ServiceProblem

HOME = f"{places.HOME}/matching"
SETTINGS, PREVIEW = "/team/matching-settings", "/team/matching/preview"
_SHOWN_AGAIN = (409, 412, 422)
_CHANGES = 50


class Chosen(msgspec.Struct):
    """As the fields stand."""

    auto: str
    conflict: str
    configuration: str

    def asked(self) -> dict[str, Any]:
        """As the service takes it: what is left empty is the configuration's own."""
        numbers = {name: number(getattr(self, name)) for name in ("auto", "conflict")}
        return {"configuration": self.configuration} | {key: one for key, one in numbers.items() if one is not None}


@get("/settings/matching")
async def show(visit: OfVisit, done: str = "") -> Response[str]:
    """What is in force."""
    return await _page(visit, done=done)


@post("/settings/matching", status_code=200)
async def choose(visit: OfVisit) -> Response[str]:
    """Looks at what it would change, or keeps it: by which button was pressed."""
    places.require(visit, "manager")
    form = await visit.request.form()
    chosen = Chosen(*(str(form.get(name, "")).strip() for name in ("auto", "conflict", "configuration")))
    version = str(form.get("version", ""))
    try:
        if form.get("do") == "preview":
            looked: dict[str, Any] = await visit.api.send(
                "POST", PREVIEW, {"settings": chosen.asked(), "limit": _CHANGES}
            )
            return await _page(visit, chosen=chosen, looked=looked, version=version)
        await visit.api.send("PUT", SETTINGS, chosen.asked(), if_match=version)
    except ServiceProblem as problem:
        if problem.status not in _SHOWN_AGAIN:
            raise
        return await _page(visit, chosen=chosen, problem=problem, version=version)
    return visit.elsewhere(f"{HOME}?done=chosen")


@post("/settings/matching/rematch", status_code=200)
async def rematch(visit: OfVisit) -> Response[str]:
    """Shows what matching everybody anew would change with the settings in force; with its digest, does it."""
    places.require(visit, "manager")
    digest = str((await visit.request.form()).get("digest", ""))
    try:
        if digest:
            await visit.api.send("POST", "/team/matching/apply", {"digest": digest}, key=visit.request_id or None)
            return visit.elsewhere(f"{HOME}?done=matched")
        looked: dict[str, Any] = await visit.api.send("POST", PREVIEW, {"limit": _CHANGES})
        return await _page(visit, looked=looked, digest=looked["rematch"]["digest"])
    except ServiceProblem as problem:
        if problem.status not in _SHOWN_AGAIN:
            raise
        return await _page(visit, problem=problem)


async def _page(visit: Visit, **more: Any) -> Response[str]:
    told = await visit.api.told(SETTINGS)
    blank: dict[str, Any] = {"looked": None, "digest": "", "problem": None, "done": ""}
    given = {key: value for key, value in more.items() if value}
    in_force = Chosen(str(told.data["auto"]), str(told.data["conflict"]), told.data["configuration"])
    problem = more.get("problem")
    return visit.page(
        "preferences/matching.html",
        http_status=200 if problem is None else problem.status,
        in_force=told.data,
        tabs=places.tabs_of(visit.reader),
        may=visit.reader.may("manager"),
        **({"chosen": in_force, "version": told.etag} | blank | given),
    )
