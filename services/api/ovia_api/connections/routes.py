"""Connections over HTTP: what is read, and having it otherwise."""

from enum import StrEnum
from typing import Annotated

from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, QueryParameter, SkipValidation
from litestar.router import Router

from ovia_api.connections import actions, upkeep_routes
from ovia_api.connections.parameters import Actions, ConnectionId, actions_of, shown
from ovia_api.connections.secrets import ConnectionSecrets
from ovia_shared.database import managed_connections
from ovia_shared.database.pool import Connection
from ovia_shared.models.caller import Caller
from ovia_shared.models.connection import (
    ConnectionChange,
    ConnectionDetail,
    ConnectionFilter,
    ConnectionKind,
    ConnectionPosition,
    ConnectionStatus,
    NewConnection,
)
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.etags import ETAG, IfMatch
from ovia_shared.web.idempotency import Write
from ovia_shared.web.paging import CursorText, Limit, Page, Paging

_paging = Paging[ConnectionDetail, ConnectionPosition](
    "connections", ConnectionPosition, lambda connection: ConnectionPosition(connection.name, connection.id)
)

_CHANGE = Example(
    summary="Another token, two projects only",
    value={
        "settings": {"scopes": ["GLD", "OPS"]},
        "credentials": {"user": "ada@fernweh.example", "token": "new-token"},
    },
)


class DataChoice(StrEnum):
    """keep: what was read stays. delete: it is deleted."""

    KEEP = "keep"
    DELETE = "delete"


@get(
    "/connections",
    guards=[requires(Role.VIEWER)],
    operation_id="list_connections",
    tags=["connections"],
    summary="What is read, by name",
    security=SECURITY,
    responses=problems_of(),
)
async def list_connections(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    kind: Annotated[ConnectionKind | None, QueryParameter(description="Only sources of this kind.")] = None,
    status: Annotated[
        ConnectionStatus | None, QueryParameter(description="Only these; without it, all but the removed.")
    ] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[ConnectionDetail]:
    """Every source of the organisation, without its secrets. How reading it goes is told by `/sync`."""
    wanted = ConnectionFilter(kind, status)
    begun = _paging.read(cursor, wanted)
    rows = await managed_connections.find(conn, caller.org_id, wanted, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await managed_connections.count(conn, caller.org_id, wanted)
    return _paging.page(rows, limit, total, wanted)


@get(
    "/connections/{connection_id:uuid}",
    guards=[requires(Role.VIEWER)],
    operation_id="read_connection",
    tags=["connections"],
    summary="A connection, without its secrets",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(404),
)
async def read_connection(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    connection_id: ConnectionId,
) -> Response[ConnectionDetail]:
    """One source, whatever its status. Its ETag goes into If-Match of a change."""
    found = await managed_connections.find_one(conn, caller.org_id, connection_id)
    if found is None:
        raise actions.not_there()
    return shown(found)


@post(
    "/connections",
    guards=[requires(Role.ADMIN)],
    operation_id="add_connection",
    operation_class=Write,
    tags=["connections"],
    summary="Read another source",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(409, 413),
)
async def add_connection(
    doing: Actions,
    data: Annotated[NewConnection, BodyKwarg(media_type=RequestEncodingType.JSON, examples=upkeep_routes.EXAMPLES)],
    verify: Annotated[bool, QueryParameter(description="Test the connection first, and refuse one that fails.")] = True,
) -> Response[ConnectionDetail]:
    """Adds a source and has it read from now on. It is tested first: if that fails, nothing is stored, and `errors`
    says step by step what is wrong. Credentials are stored encrypted and cannot be read back."""
    added = await doing.add(data, verify=verify)
    return shown(added, 201, Location=f"/connections/{added.id}")


@patch(
    "/connections/{connection_id:uuid}",
    guards=[requires(Role.ADMIN)],
    operation_id="change_connection",
    operation_class=Write,
    tags=["connections"],
    summary="Change name, settings or credentials",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(404, 409, 412, 413, 428),
)
async def change_connection(
    doing: Actions,
    connection_id: ConnectionId,
    data: Annotated[ConnectionChange, BodyKwarg(media_type=RequestEncodingType.JSON, examples=[_CHANGE])],
    if_match: IfMatch = None,
    verify: Annotated[
        bool, QueryParameter(description="Test settings and credentials first, and refuse those that fail.")
    ] = True,
) -> Response[ConnectionDetail]:
    """Settings and credentials are replaced as a whole; what is left out stays. They are tested first, as when adding.
    The address cannot change: another address is another source. A change of proxy or CA file needs the credentials
    again."""
    return shown(await doing.change(connection_id, data, if_match, verify=verify))


@delete(
    "/connections/{connection_id:uuid}",
    guards=[requires(Role.ADMIN)],
    operation_id="remove_connection",
    operation_class=Write,
    tags=["connections"],
    summary="Read a source no longer",
    security=SECURITY,
    status_code=200,
    response_headers=ETAG,
    responses=problems_of(404, 409)
    | {202: ResponseSpec(ConnectionDetail, description="What was read is being deleted.", generate_examples=False)},
)
async def remove_connection(
    doing: Actions,
    connection_id: ConnectionId,
    choice: Annotated[
        DataChoice, QueryParameter(name="data", description="Whether what was read stays or is deleted.")
    ] = DataChoice.KEEP,
) -> Response[ConnectionDetail]:
    """Stops whoever reads it, erases its credentials and frees its address. With `data=delete`, everything that was
    read through it is deleted in the background, and the connection with it; that cannot be undone."""
    with_data = choice is DataChoice.DELETE
    return shown(await doing.remove(connection_id, with_data=with_data), 202 if with_data else 200)


def routes(secrets: ConnectionSecrets) -> Router:
    """All routes of connections."""
    return Router(
        "/",
        route_handlers=[
            list_connections,
            read_connection,
            add_connection,
            change_connection,
            remove_connection,
            upkeep_routes.test_new_connection,
            upkeep_routes.test_connection,
            upkeep_routes.pause_connection,
            upkeep_routes.resume_connection,
            upkeep_routes.resync_connection,
        ],
        dependencies={
            "secrets": Provide(lambda: secrets, sync_to_thread=False),
            "doing": Provide(actions_of),
        },
    )
