"""Every request that needs a token: authenticated, within its budget, and run in one transaction."""

import base64
import binascii
from typing import Any

from litestar.connection import ASGIConnection, Request
from litestar.di import NamedDependency, Provide
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.params import SkipValidation
from litestar.types import ASGIApp, Guard, Message, Receive, Scope, Send

from ovia_shared.database.pool import Connection, Database, OpenTransaction
from ovia_shared.database.requests import open_request
from ovia_shared.errors import NotAllowed, NotAuthenticated
from ovia_shared.models.caller import Caller
from ovia_shared.models.token import Role
from ovia_shared.security import tokens
from ovia_shared.web import problems
from ovia_shared.web.rate_limits import RateLimits, client_address

# `opt` of routes that need no token: `opt=dict(PUBLIC)`.
PUBLIC = {"public": True}
# `opt` of routes that take the token as the password of HTTP Basic too, because a browser can ask for that.
BASIC = {"basic": True}


class Authentication(ASGIMiddleware):
    """Turns a bearer token into a caller, and opens the transaction the request runs in.

    It is committed before the first byte of a successful answer leaves, so nobody hears of a change that was not
    stored; any other answer rolls back.
    """

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = "public"

    def __init__(self, database: Database, limits: RateLimits) -> None:
        self._database = database
        self._limits = limits

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        basic = "basic" in scope["route_handler"].opt
        claimed = tokens.parse(_presented(scope, basic=basic))
        if claimed is None:
            raise self._refusal(scope, basic=basic)
        transaction = await self._database.begin()
        try:
            caller = await _proven(transaction.conn, claimed)
            if caller is None:
                raise self._refusal(scope, basic=basic)
            self._limits.spend_token(str(caller.token_id))
            scope["user"] = caller
            scope["state"]["conn"] = transaction.conn
            scope["state"]["transaction"] = transaction

            await next_app(scope, receive, _send_when_stored(scope, send, transaction))
        finally:
            await transaction.rollback()

    def _refusal(self, scope: Scope, *, basic: bool) -> NotAuthenticated:
        self._limits.spend_address(client_address(scope))
        # One sentence for every cause: what is wrong with a token is nobody's business but its holder's.
        challenge = 'Basic realm="Ovia", charset="UTF-8"' if basic else "Bearer"
        return NotAuthenticated("a valid access token is needed: Authorization: Bearer ovia_…", challenge=challenge)


def _send_when_stored(scope: Scope, send: Send, transaction: OpenTransaction) -> Send:
    replaced = False

    async def send_or_replace(message: Message) -> None:
        nonlocal replaced
        if message["type"] == "http.response.start":
            if message["status"] >= 400:
                await transaction.rollback()
            else:
                try:
                    await transaction.commit()
                except Exception as error:  # noqa: BLE001 (whatever it is, nothing was stored)
                    # The answer that was prepared would be a lie: what failed is told in its place.
                    replaced = True
                    await problems.send(scope, send, error)
        if not replaced:
            await send(message)

    return send_or_replace


async def _proven(conn: Connection, claimed: tokens.TokenParts) -> Caller | None:
    stored = await open_request(conn, claimed.org_id, claimed.token_id)
    if stored is None or not tokens.matches(claimed.secret, stored.secret_hash) or not stored.usable:
        return None
    return Caller(claimed.org_id, claimed.token_id, stored.name, stored.role)


def _presented(scope: Scope, *, basic: bool) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, credentials = value.partition(b" ")
            match scheme.lower():
                case b"bearer":
                    return credentials.strip().decode("ascii", "replace")
                case b"basic" if basic:
                    return _password(credentials.strip())
            return ""
    return ""


def _password(credentials: bytes) -> str:
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[2].decode("ascii", "replace")
    except binascii.Error:
        return ""


async def release(request: Request[Any, Any, Any]) -> None:
    """Commits what the request did so far and gives its connection back, before a handler waits for somebody else.

    `conn` must not be used afterwards: what is left to do takes transactions of its own.
    """
    transaction: OpenTransaction = request.scope["state"]["transaction"]
    await transaction.commit()


def requires(role: Role) -> Guard:
    """A guard: the caller's role must be this one or include it. Raises `NotAllowed`."""

    # async though it waits for nothing: Litestar sends a plain function to a thread, which costs more than the query.
    async def check(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        caller: Caller = connection.scope["user"]
        if not caller.role.reaches(role):
            raise NotAllowed(f"this needs the role {role}; the token is a {caller.role}")

    return check


def _conn(request: Request[Any, Any, Any]) -> Connection:
    conn: Connection = request.scope["state"]["conn"]
    return conn


def _caller(request: Request[Any, Any, Any], conn: NamedDependency[SkipValidation[Connection]]) -> Caller:  # noqa: ARG001
    # Asking for `conn` puts the two in a row; side by side they would each cost a task.
    caller: Caller = request.scope["user"]
    return caller


# What handlers of protected routes may ask for by name.
DEPENDENCIES = {
    "conn": Provide(_conn, sync_to_thread=False),
    "caller": Provide(_caller, sync_to_thread=False),
}
