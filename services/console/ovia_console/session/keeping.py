"""The sealed cookie: whose token it holds, and the word that forms have to know."""

import hashlib
import secrets
from collections.abc import Callable
from typing import Any

import msgspec
from litestar.connection import ASGIConnection
from litestar.middleware.session.base import SessionMiddleware
from litestar.middleware.session.client_side import ClientSideSessionBackend, CookieBackendConfig
from litestar.types import ASGIApp

from ovia_console.session.reader import Account, Reader, Taste
from ovia_console.settings import ConsoleSettings

_SALT = b"ovia console session"


def keeping(settings: ConsoleSettings) -> Callable[[ASGIApp], ASGIApp]:
    """The middleware that keeps the session: sealed in a cookie, so any replica can read it."""
    backend = ClientSideSessionBackend(_cookie(settings))

    # A function, because the framework copies whatever else stands in a router, and a cipher cannot be copied.
    def around(app: ASGIApp) -> ASGIApp:
        return SessionMiddleware(app=app, backend=backend)

    return around


def _cookie(settings: ConsoleSettings) -> CookieBackendConfig:
    key = settings.console_key.get_secret_value().encode()
    return CookieBackendConfig(
        secret=hashlib.scrypt(key, salt=_SALT, n=2**14, r=8, p=1, dklen=32),
        # The prefix binds it to this host and to TLS; a browser refuses it over plain HTTP.
        key="__Secure-ovia-session" if settings.console_secure_cookies else "ovia-session",
        path="/console",
        max_age=settings.console_session_hours * 3600,
        secure=settings.console_secure_cookies,
        httponly=True,
        samesite="lax",
    )


def begin(connection: ASGIConnection[Any, Any, Any, Any], token: str, account: Account) -> None:
    """Signs somebody in. Nothing of the session before stays: a word planted earlier is worth nothing."""
    connection.set_session({"token": token, "account": msgspec.to_builtins(account), "csrf": _word()})


def end(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Signs them out of this browser."""
    connection.clear_session()


def reader_of(connection: ASGIConnection[Any, Any, Any, Any], taste: Taste) -> Reader | None:
    """Who is signed in, or None."""
    session = connection.session
    try:
        return Reader(msgspec.convert(session["account"], Account), taste, session["token"])
    except (KeyError, msgspec.ValidationError):
        return None


def word_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The word forms of this browser have to know; made if there is none yet."""
    session = connection.session
    if not session.get("csrf"):
        connection.set_session({**session, "csrf": _word()})
    return str(connection.session["csrf"])


def _word() -> str:
    return secrets.token_urlsafe(24)
