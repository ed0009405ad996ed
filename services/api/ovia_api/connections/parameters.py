"""What the routes of connections have in common."""

from typing import Annotated, Any, TypeAlias
from uuid import UUID

from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import PathParameter, SkipValidation

from ovia_api.connections.actions import ConnectionActions
from ovia_api.connections.secrets import ConnectionSecrets
from ovia_shared.database.pool import Connection
from ovia_shared.models.caller import Caller
from ovia_shared.models.connection import ConnectionDetail
from ovia_shared.web.etags import etag

ConnectionId = Annotated[UUID, PathParameter(description="The connection's id.")]
Actions: TypeAlias = NamedDependency[SkipValidation[ConnectionActions]]


async def actions_of(
    request: Request[Any, Any, Any],
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    secrets: NamedDependency[SkipValidation[ConnectionSecrets]],
) -> ConnectionActions:
    """What this request may do to connections, once its role is proven."""
    return ConnectionActions(conn, caller, secrets, request.scope["state"]["request_id"])


def shown(connection: ConnectionDetail, status: int = 200, **headers: str) -> Response[ConnectionDetail]:
    """A connection as an answer, with its ETag."""
    return Response(connection, status_code=status, headers=etag(connection.version) | headers)
