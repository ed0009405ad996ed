"""Access tokens: the list, issuing one, changing one, and ending it."""

from datetime import datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, QueryParameter

from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.preferences import places
from ovia_console.preferences.people import Unclear, found_by
from ovia_console.services import FieldFault, ServiceProblem, segment

PAGE = 25
HOME = f"{places.HOME}/tokens"
ROLES = ("viewer", "analyst", "manager", "admin")
_SHOWN_AGAIN = (409, 412, 422)


class TokenForm(msgspec.Struct):
    """As the fields stand. `expires` is the last day it opens anything; empty: until it is revoked."""

    name: str = ""
    role: str = "viewer"
    expires: str = ""
    person: str = ""


@get("/settings/tokens")
async def show(
    visit: OfVisit,
    usable: str = "",
    role: str = "",
    done: str = "",
    cursor: Annotated[str, QueryParameter(max_length=2000)] = "",
) -> Response[str]:
    """All tokens, the newest first; never a secret."""
    places.require(visit, "admin")
    found = await visit.api.page("/tokens", usable=usable, role=role, cursor=cursor, limit=PAGE)
    in_place = visit.in_place and bool(cursor)
    return visit.page(
        "preferences/token_rows.html" if in_place else "preferences/tokens.html",
        found=found,
        usable=usable,
        role=role,
        done=done,
        roles=ROLES,
        own=visit.reader.account.token_id,
        tabs=places.tabs_of(visit.reader),
    )


@get("/settings/tokens/new")
async def ask_new(visit: OfVisit) -> Response[str]:
    """The form of a new token."""
    places.require(visit, "admin")
    return _form(visit, TokenForm())


@post("/settings/tokens/new", status_code=200)
async def issue(visit: OfVisit) -> Response[str]:
    """Makes one, and shows its secret this once."""
    places.require(visit, "admin")
    form = await _typed(visit)
    try:
        body = {"name": form.name, **await _asked(visit, form)}
        issued: dict[str, Any] = await visit.api.send("POST", "/tokens", body)
    except ServiceProblem as problem:
        if problem.status not in _SHOWN_AGAIN:
            raise
        return _form(visit, form, problem=problem)
    return visit.page("preferences/token_issued.html", issued=issued, tabs=places.tabs_of(visit.reader))


@get("/settings/tokens/{token_id:uuid}")
async def one(visit: OfVisit, token_id: FromPath[UUID], done: bool = False) -> Response[str]:
    """One token: what is known about it, and the form that changes it."""
    places.require(visit, "admin")
    told = await visit.api.told(f"/tokens/{segment(token_id)}")
    return _one(visit, told.data, told.etag, _form_of(visit, told.data), done=done)


@post("/settings/tokens/{token_id:uuid}", status_code=200)
async def change(visit: OfVisit, token_id: FromPath[UUID]) -> Response[str]:
    """Another role, expiry or person, unless somebody else changed it meanwhile."""
    places.require(visit, "admin")
    version = str((await visit.request.form()).get("version", ""))
    form = await _typed(visit)
    told = await visit.api.told(f"/tokens/{segment(token_id)}")
    try:
        before = _form_of(visit, told.data)
        asked = await _asked(visit, form)
        # A day that was not touched keeps its hour; a person who was not, their token.
        body = {name: asked[name] for name, own in _OWN.items() if getattr(form, own) != getattr(before, own)}
        if body:
            await visit.api.send("PATCH", f"/tokens/{segment(token_id)}", body, if_match=version)
    except ServiceProblem as problem:
        if problem.status not in _SHOWN_AGAIN:
            raise
        return _one(visit, told.data, version, form, problem=problem)
    return visit.elsewhere(f"{HOME}/{token_id}?done=true")


_OWN = {"role": "role", "expires_at": "expires", "person_id": "person"}


@post("/settings/tokens/{token_id:uuid}/revoke", status_code=200)
async def revoke(visit: OfVisit, token_id: FromPath[UUID]) -> Response[str]:
    """Ends it now."""
    places.require(visit, "admin")
    try:
        await visit.api.send("DELETE", f"/tokens/{segment(token_id)}", key=visit.request_id or None)
    except ServiceProblem as problem:
        if problem.status != 409:
            raise
        told = await visit.api.told(f"/tokens/{segment(token_id)}")
        return _one(visit, told.data, told.etag, _form_of(visit, told.data), problem=problem)
    return visit.elsewhere(f"{HOME}?done=revoked")


def _form_of(visit: Visit, token: dict[str, Any]) -> TokenForm:
    expires = token["expires_at"]
    last = ""
    if expires:
        ends = datetime.fromisoformat(expires).astimezone(visit.reader.taste.zone)
        last = (ends - timedelta(microseconds=1)).date().isoformat()
    return TokenForm(token["name"], token["role"], last, token["person"]["display_name"] if token["person"] else "")


async def _typed(visit: Visit) -> TokenForm:
    form = await visit.request.form()
    return TokenForm(**{name: str(form.get(name, "")).strip() for name in TokenForm.__struct_fields__})


async def _asked(visit: Visit, form: TokenForm) -> dict[str, Any]:
    """As the api takes it. Raises `ServiceProblem` for a day or a person there is not."""
    expires = None
    if form.expires:
        try:
            day = datetime.fromisoformat(form.expires).date() + timedelta(days=1)
        except (ValueError, OverflowError):
            raise _wrong(visit.gettext("This is no day."), "expires_at") from None
        expires = datetime.combine(day, time(), visit.reader.taste.zone).isoformat()
    person = None
    if form.person:
        try:
            person = (await found_by(visit, form.person))["id"]
        except Unclear as unclear:
            raise _wrong(unclear.message, "person_id") from None
    return {"role": form.role, "expires_at": expires, "person_id": person}


def _wrong(message: str, field: str) -> ServiceProblem:
    return ServiceProblem(422, message, faults=(FieldFault(field, message),))


def _form(visit: Visit, form: TokenForm, problem: ServiceProblem | None = None) -> Response[str]:
    return visit.page(
        "preferences/token_form.html",
        http_status=200 if problem is None else problem.status,
        form=form,
        problem=problem,
        roles=ROLES,
        tabs=places.tabs_of(visit.reader),
    )


def _one(
    visit: Visit,
    token: dict[str, Any],
    version: str,
    form: TokenForm,
    *,
    problem: ServiceProblem | None = None,
    done: bool = False,
) -> Response[str]:
    return visit.page(
        "preferences/token.html",
        http_status=200 if problem is None else problem.status,
        token=token,
        version=version,
        form=form,
        problem=problem,
        done=done,
        roles=ROLES,
        own=visit.reader.account.token_id == token["id"],
        tabs=places.tabs_of(visit.reader),
    )
