"""Connections over HTTP: testing them, and having them read less, more, or from the beginning."""

from typing import Annotated

from litestar import Response, post
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg

from ovia_api.connections.actions import test_unstored
from ovia_api.connections.parameters import Actions, ConnectionId, shown
from ovia_shared.models.connection import ConnectionDetail, NewConnection
from ovia_shared.models.token import Role
from ovia_shared.source_client.checks import ConnectionReport
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.etags import ETAG
from ovia_shared.web.idempotency import Write

EXAMPLES = [
    Example(
        summary="Jira Cloud, one project",
        value={
            "kind": "jira",
            "name": "Jira",
            "base_url": "https://fernweh.atlassian.example",
            "settings": {"scopes": ["GLD"]},
            "credentials": {"user": "ada@fernweh.example", "token": "an-api-token"},
        },
    ),
    Example(
        summary="GitLab, one group",
        value={
            "kind": "gitlab",
            "name": "GitLab",
            "base_url": "https://gitlab.fernweh.example",
            "settings": {"scopes": ["gliders"]},
            "credentials": {"token": "a-token-with-read_api"},
        },
    ),
]


@post(
    "/connections/test",
    guards=[requires(Role.ADMIN)],
    operation_id="test_new_connection",
    tags=["connections"],
    summary="Test a connection before adding it",
    security=SECURITY,
    status_code=200,
    responses=problems_of(413),
)
async def test_new_connection(
    data: Annotated[NewConnection, BodyKwarg(media_type=RequestEncodingType.JSON, examples=EXAMPLES)],
) -> ConnectionReport:
    """Says step by step what works and what does not: address, TLS, credentials, scopes. Nothing is stored. A
    connection that does not work is an answer too: `ok` is false then."""
    return await test_unstored(data)


@post(
    "/connections/{connection_id:uuid}/test",
    guards=[requires(Role.ADMIN)],
    operation_id="test_connection",
    tags=["connections"],
    summary="Test a connection",
    security=SECURITY,
    status_code=200,
    responses=problems_of(404, 409),
)
async def test_connection(doing: Actions, connection_id: ConnectionId) -> ConnectionReport:
    """The same with the credentials that are stored."""
    return await doing.test(connection_id)


@post(
    "/connections/{connection_id:uuid}/pause",
    guards=[requires(Role.ADMIN)],
    operation_id="pause_connection",
    operation_class=Write,
    tags=["connections"],
    summary="Read a source no further for now",
    security=SECURITY,
    status_code=200,
    response_headers=ETAG,
    responses=problems_of(404, 409),
)
async def pause_connection(doing: Actions, connection_id: ConnectionId) -> Response[ConnectionDetail]:
    """Whoever reads it stops; everything stays, also how far it was read."""
    return shown(await doing.pause(connection_id))


@post(
    "/connections/{connection_id:uuid}/resume",
    guards=[requires(Role.ADMIN)],
    operation_id="resume_connection",
    operation_class=Write,
    tags=["connections"],
    summary="Read a paused source on",
    security=SECURITY,
    status_code=200,
    response_headers=ETAG,
    responses=problems_of(404, 409),
)
async def resume_connection(doing: Actions, connection_id: ConnectionId) -> Response[ConnectionDetail]:
    """Reading goes on at once, from where it stopped."""
    return shown(await doing.resume(connection_id))


@post(
    "/connections/{connection_id:uuid}/resync",
    guards=[requires(Role.ADMIN)],
    operation_id="resync_connection",
    operation_class=Write,
    tags=["connections"],
    summary="Read a source from the beginning",
    security=SECURITY,
    status_code=202,
    response_headers=ETAG,
    responses=problems_of(404, 409),
)
async def resync_connection(doing: Actions, connection_id: ConnectionId) -> Response[ConnectionDetail]:
    """Every stream is read from the beginning as soon as the connection is not paused. What was read stays and is
    refreshed; nothing is counted twice."""
    return shown(await doing.resync(connection_id), 202)
