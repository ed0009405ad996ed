"""Signing in with a token, signing out, and choosing language and colours."""

from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import QueryParameter

from ovia_console.services import ServiceProblem
from ovia_console.session import keeping
from ovia_console.session.reader import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, Account
from ovia_console.words.translations import LANGUAGES
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import PUBLIC

AnyRequest = Request[Any, Any, Any]
HOME = "/console/"
SIGN_IN = "/console/sign-in"
_YEAR_SECONDS = 365 * 24 * 3600


class _Organisation(msgspec.Struct, frozen=True):
    name: str


class _Person(msgspec.Struct, frozen=True):
    id: UUID


class _Me(msgspec.Struct, frozen=True):
    token_id: str
    name: str
    role: Role
    organisation: _Organisation
    person: _Person | None = None


@get("/sign-in", opt=dict(PUBLIC))
async def ask(request: AnyRequest, next_: Annotated[str, QueryParameter(name="next")] = HOME) -> Response[str]:
    """The page that asks for a token."""
    return _form(request, next_)


@post("/sign-in", opt=dict(PUBLIC))
async def sign_in(request: AnyRequest) -> Response[str]:
    """Takes the token if the api knows it."""
    form = await request.form()
    token, wanted = str(form.get("token", "")).strip(), str(form.get("next", HOME))
    if not token.isascii() or not token.isprintable() or not token or len(token) > 500:
        return _form(request, wanted, status=422, wrong="token")
    services = request.app.state.services
    try:
        me = await services.api(token, str(request.scope["state"].get("request_id", ""))).get("/me", _Me)
    except ServiceProblem as problem:
        if problem.status == 401:
            return _form(request, wanted, status=401, wrong="unknown")
        raise
    account = Account(me.name, me.role, me.organisation.name, me.token_id, me.person.id if me.person else None)
    keeping.begin(request, token, account)
    return Response("", status_code=303, headers={"Location": within(wanted)})


@post("/sign-out", opt=dict(PUBLIC))
async def sign_out(request: AnyRequest) -> Response[str]:
    """Forgets the token in this browser. It stays valid elsewhere until it is revoked."""
    keeping.end(request)
    return Response("", status_code=303, headers={"Location": SIGN_IN})


@post("/taste", opt=dict(PUBLIC))
async def choose_taste(request: AnyRequest) -> Response[str]:
    """Keeps language or colours, and leads back."""
    form = await request.form()
    chosen = []
    if form.get("language") in LANGUAGES:
        chosen.append((LANGUAGE_COOKIE, str(form["language"])))
    if form.get("theme") in THEMES:
        chosen.append((THEME_COOKIE, str(form["theme"])))
    cookies = [
        Cookie(key=name, value=value, path="/console", max_age=_YEAR_SECONDS, samesite="lax") for name, value in chosen
    ]
    return Response("", status_code=303, headers={"Location": within(str(form.get("back", HOME)))}, cookies=cookies)


def within(address: str) -> str:
    """An address inside the console, or its front page: nobody is led to another site."""
    parts = urlsplit(address.replace("\\", "/"))
    inside = not parts.scheme and not parts.netloc and parts.path.startswith("/console/") and address.isprintable()
    return address if inside and not address.startswith("//") else HOME


def _form(request: AnyRequest, wanted: str, *, status: int = 200, wrong: str | None = None) -> Response[str]:
    text = request.app.state.templates.render(
        "sign_in.html",
        request,
        None,
        {"wanted": within(wanted), "wrong": wrong},
    )
    return Response(text, status_code=status, media_type="text/html; charset=utf-8")
