"""Who is asking, and the access tokens of the organisation, over HTTP."""

from typing import Annotated, Any, TypeAlias
from uuid import UUID

from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, PathParameter, QueryParameter, SkipValidation

from ovia_api.tokens.writing import TokenActions, not_there
from ovia_shared.database import tokens_list
from ovia_shared.database.pool import Connection
from ovia_shared.models.access import (
    IssuedToken,
    Me,
    NewToken,
    TokenChange,
    TokenDetail,
    TokenFilter,
    TokenPosition,
)
from ovia_shared.models.caller import Caller
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.etags import ETAG, IfMatch, etag
from ovia_shared.web.idempotency import Write
from ovia_shared.web.paging import CursorText, Limit, Page, Paging

_paging = Paging[TokenDetail, TokenPosition]("tokens", TokenPosition, lambda token: TokenPosition(token.id))

TokenId = Annotated[UUID, PathParameter(description="The token's id.")]
Actions: TypeAlias = NamedDependency[SkipValidation[TokenActions]]

_NEW = [
    Example(summary="For a dashboard", value={"name": "grafana", "role": "viewer"}),
    Example(
        summary="Somebody's own",
        value={
            "name": "Ann Lee",
            "role": "viewer",
            "expires_at": "2099-01-31T00:00:00Z",
            "person_id": "01a20af7-2c11-7d02-8c3b-0d7f3f1a2b4c",
        },
    ),
]
_CHANGE = [Example(summary="Lasts until it is revoked", value={"role": "analyst", "expires_at": None})]


async def token_actions_of(
    request: Request[Any, Any, Any],
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
) -> TokenActions:
    """What this request may do to tokens, once its role is proven."""
    return TokenActions(conn, caller, request.scope["state"]["request_id"])


@get(
    "/me",
    guards=[requires(Role.VIEWER)],
    operation_id="read_me",
    tags=["access"],
    summary="Who is asking",
    security=SECURITY,
    responses=problems_of(),
)
async def read_me(
    conn: NamedDependency[SkipValidation[Connection]], caller: NamedDependency[SkipValidation[Caller]]
) -> Me:
    """The token that asks, its role and organisation, and whose it is, if somebody said so. Never guessed by name."""
    return await tokens_list.me(conn, caller.org_id, caller.token_id)


@get(
    "/tokens",
    guards=[requires(Role.ADMIN)],
    operation_id="list_tokens",
    tags=["access"],
    summary="Access tokens, the newest first",
    security=SECURITY,
    responses=problems_of(),
)
async def list_tokens(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    usable: Annotated[
        bool | None, QueryParameter(description="Only those that open something now, or only those that do not.")
    ] = None,
    role: Annotated[Role | None, QueryParameter(description="Only tokens with this role.")] = None,
    person_id: Annotated[UUID | None, QueryParameter(description="Only tokens of this person.")] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[TokenDetail]:
    """All tokens of the organisation, revoked and expired ones included. Their secrets cannot be read back."""
    wanted = TokenFilter(usable, role, person_id)
    begun = _paging.read(cursor, wanted)
    rows = await tokens_list.find(conn, caller.org_id, wanted, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await tokens_list.count(conn, caller.org_id, wanted)
    return _paging.page(rows, limit, total, wanted)


@get(
    "/tokens/{token_id:uuid}",
    guards=[requires(Role.ADMIN)],
    operation_id="read_token",
    tags=["access"],
    summary="An access token, without its secret",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(404),
)
async def read_token(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    token_id: TokenId,
) -> Response[TokenDetail]:
    """One token, whatever its state. Its ETag goes into If-Match of a change."""
    found = await tokens_list.find_one(conn, caller.org_id, token_id)
    if found is None:
        raise not_there()
    return _shown(found)


@post(
    "/tokens",
    guards=[requires(Role.ADMIN)],
    operation_id="issue_token",
    tags=["access"],
    summary="Make an access token",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(413),
)
async def issue_token(
    doing: Actions,
    data: Annotated[NewToken, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_NEW)],
) -> Response[IssuedToken]:
    """The answer holds the secret, once: only its hash is kept. So it takes no Idempotency-Key: an answer that got lost
    is made good by revoking the token and making another."""
    token, secret = await doing.issue(data)
    headers = etag(token.version) | {"Location": f"/tokens/{token.id}", "Cache-Control": "no-store"}
    return Response(IssuedToken(token, secret), status_code=201, headers=headers)


@patch(
    "/tokens/{token_id:uuid}",
    guards=[requires(Role.ADMIN)],
    operation_id="change_token",
    operation_class=Write,
    tags=["access"],
    summary="Change role, expiry or person",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(404, 409, 412, 413, 428),
)
async def change_token(
    doing: Actions,
    token_id: TokenId,
    data: Annotated[TokenChange, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_CHANGE)],
    if_match: IfMatch = None,
) -> Response[TokenDetail]:
    """What is left out stays; null takes expiry or person away. What has ended is not brought back (409), and the last
    token an admin can use keeps its role (409)."""
    return _shown(await doing.change(token_id, data, if_match))


@delete(
    "/tokens/{token_id:uuid}",
    guards=[requires(Role.ADMIN)],
    operation_id="revoke_token",
    operation_class=Write,
    tags=["access"],
    summary="End an access token now",
    security=SECURITY,
    status_code=200,
    response_headers=ETAG,
    responses=problems_of(404, 409),
)
async def revoke_token(doing: Actions, token_id: TokenId) -> Response[TokenDetail]:
    """From now on it opens nothing; one's own may be ended too. The last one an admin can use is refused with 409."""
    return _shown(await doing.revoke(token_id))


def _shown(token: TokenDetail) -> Response[TokenDetail]:
    return Response(token, headers=etag(token.version))


TOKENS = [read_me, list_tokens, read_token, issue_token, change_token, revoke_token]
