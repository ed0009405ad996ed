"""Attempts at reading the sources, over HTTP."""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from ovia_shared.database import sync_runs_list
from ovia_shared.database.pool import Connection
from ovia_shared.models.caller import Caller
from ovia_shared.models.sync_run import SyncRun, SyncRunFilter, SyncRunPosition, SyncRunStatus
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.paging import CursorText, Limit, Page, Paging

_paging = Paging[SyncRun, SyncRunPosition]("sync runs", SyncRunPosition, lambda run: SyncRunPosition(run.id))


@get(
    "/sync/runs",
    guards=[requires(Role.VIEWER)],
    operation_id="list_sync_runs",
    tags=["sync"],
    summary="Attempts at reading, the newest first",
    security=SECURITY,
    responses=problems_of(),
)
async def list_runs(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    connection_id: Annotated[UUID | None, QueryParameter(description="Only runs of this connection.")] = None,
    partition_id: Annotated[UUID | None, QueryParameter(description="Only runs of this row of `/sync`.")] = None,
    status: Annotated[SyncRunStatus | None, QueryParameter(description="Only runs that ended like this.")] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[SyncRun]:
    """What each attempt read, how fast, how much of it was new, and why it ended if it failed."""
    wanted = SyncRunFilter(connection_id, partition_id, status)
    begun = _paging.read(cursor, wanted)
    rows = await sync_runs_list.find(conn, caller.org_id, wanted, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await sync_runs_list.count(conn, caller.org_id, wanted)
    return _paging.page(rows, limit, total, wanted)
