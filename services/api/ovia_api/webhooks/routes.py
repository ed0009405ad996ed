"""Webhooks over HTTP: giving a source an address and a secret, and taking what it sends there."""

import base64
import re
import secrets as random_secrets
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, delete, post, put
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, PathParameter, SkipValidation
from litestar.router import Router

from ovia_api.connections.parameters import Actions, ConnectionId, actions_of
from ovia_api.connections.secrets import ConnectionSecrets
from ovia_api.webhooks import signatures
from ovia_api.webhooks.reception import PROOFS, Reception
from ovia_shared.config.settings import ServerSettings
from ovia_shared.database.pool import Database
from ovia_shared.errors import InvalidInput
from ovia_shared.models.caller import Caller
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.token import Role
from ovia_shared.models.webhook import WebhookAddress, WebhookReceipt, WebhookWish
from ovia_shared.web.authentication import PUBLIC, requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.idempotency import Write
from ovia_shared.web.lifecycle import WEBHOOK_BODY_LIMIT
from ovia_shared.web.rate_limits import RateLimits

_HOST = re.compile(r"[A-Za-z0-9._-]{1,255}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")

OrganisationId = Annotated[UUID, PathParameter(description="The organisation's id.")]


@put(
    "/connections/{connection_id:uuid}/webhook",
    guards=[requires(Role.ADMIN)],
    operation_id="open_webhook",
    tags=["webhooks"],
    summary="Let a source tell what changes as it changes",
    security=SECURITY,
    responses=problems_of(404, 409, 413),
)
async def open_webhook(
    request: Request[Any, Any, Any],
    caller: NamedDependency[SkipValidation[Caller]],
    doing: Actions,
    connection_id: ConnectionId,
    data: Annotated[
        WebhookWish,
        BodyKwarg(
            media_type=RequestEncodingType.JSON,
            examples=[Example(summary="Have a secret made", value={"secret": None})],
        ),
    ],
) -> WebhookAddress:
    """Enter the address and the secret in the source: as secret token or signing token in GitLab, as secret in Jira.
    The secret is shown this once; asking again makes another, and the one before it is worth nothing from then on."""
    made = None if data.secret is not None else _new_secret()
    connection = await doing.open_webhook(connection_id, data.secret or made or "", allowed=frozenset(PROOFS))
    path = f"/webhooks/{connection.kind}/{caller.org_id}/{connection_id}"
    return WebhookAddress(path, _origin(request) + path, made)


@delete(
    "/connections/{connection_id:uuid}/webhook",
    guards=[requires(Role.ADMIN)],
    operation_id="close_webhook",
    operation_class=Write,
    tags=["webhooks"],
    summary="Take no more deliveries from a source",
    security=SECURITY,
    responses=problems_of(404, 409),
)
async def close_webhook(doing: Actions, connection_id: ConnectionId) -> None:
    """What it sends is refused from now on. Reading goes on by itself as before."""
    await doing.close_webhook(connection_id)


@post(
    "/webhooks/gitlab/{org_id:uuid}/{connection_id:uuid}",
    operation_id="take_gitlab_delivery",
    tags=["webhooks"],
    summary="A delivery from GitLab",
    opt=dict(PUBLIC),
    status_code=202,
    request_max_body_size=WEBHOOK_BODY_LIMIT,
    responses=problems_of(413),
)
async def take_gitlab(
    request: Request[Any, Any, Any],
    reception: NamedDependency[SkipValidation[Reception]],
    org_id: OrganisationId,
    connection_id: ConnectionId,
) -> WebhookReceipt:
    """Signed by `webhook-signature` (with `webhook-id` and `webhook-timestamp`), or with the secret in
    `X-Gitlab-Token`. Kept as it came, up to 5 MiB; what it is about is then read from GitLab itself."""
    return await reception.take(request.scope, ConnectionKind.GITLAB, org_id, connection_id, request.body)


@post(
    "/webhooks/jira/{org_id:uuid}/{connection_id:uuid}",
    operation_id="take_jira_delivery",
    tags=["webhooks"],
    summary="A delivery from Jira",
    opt=dict(PUBLIC),
    status_code=202,
    request_max_body_size=WEBHOOK_BODY_LIMIT,
    responses=problems_of(413),
)
async def take_jira(
    request: Request[Any, Any, Any],
    reception: NamedDependency[SkipValidation[Reception]],
    org_id: OrganisationId,
    connection_id: ConnectionId,
) -> WebhookReceipt:
    """Signed by `X-Hub-Signature: sha256=…`. Kept as it came, up to 5 MiB; what it is about is then read from Jira
    itself."""
    return await reception.take(request.scope, ConnectionKind.JIRA, org_id, connection_id, request.body)


def routes(settings: ServerSettings, database: Database, secrets: ConnectionSecrets) -> Router:
    """All routes of webhooks."""
    limits = RateLimits(settings.requests_per_minute, settings.anonymous_requests_per_minute)
    reception = Reception(database, secrets, limits)
    return Router(
        "/",
        route_handlers=[open_webhook, close_webhook, take_gitlab, take_jira],
        dependencies={
            "secrets": Provide(lambda: secrets, sync_to_thread=False),
            "reception": Provide(lambda: reception, sync_to_thread=False),
            "doing": Provide(actions_of),
        },
    )


def _new_secret() -> str:
    return signatures.PREFIX + base64.b64encode(random_secrets.token_bytes(32)).decode()


def _origin(request: Request[Any, Any, Any]) -> str:
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise InvalidInput("the Host header names no host")
    scheme = request.headers.get("x-forwarded-proto", request.scope["scheme"])
    return f"{'https' if scheme == 'https' else 'http'}://{host}"
