"""How reading the sources is going, over HTTP."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from ovia_shared.database import sync_status
from ovia_shared.database.pool import Connection
from ovia_shared.models.caller import Caller
from ovia_shared.models.sync_status import SyncPosition, SyncStatus
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.paging import CursorText, Limit, Page, Paging

_paging = Paging[SyncStatus, SyncPosition](
    "sync", SyncPosition, lambda status: SyncPosition(status.connection.id, status.stream, status.scope)
)


@get(
    "/sync",
    guards=[requires(Role.VIEWER)],
    operation_id="list_sync_status",
    tags=["sync"],
    summary="What is read from where, and how current it is",
    security=SECURITY,
    responses=problems_of(),
)
async def list_partitions(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[SyncStatus]:
    """Each stream of each project, space or repository: its state, lag, progress, last error and last run."""
    begun = _paging.read(cursor)
    rows = await sync_status.find(conn, caller.org_id, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await sync_status.count(conn, caller.org_id)
    return _paging.page(rows, limit, total)
