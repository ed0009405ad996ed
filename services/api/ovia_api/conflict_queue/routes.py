"""The conflict queue over HTTP: what waits for a decision, numbers about it, all of it as CSV, and many at once."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, QueryParameter, SkipValidation
from litestar.response import Stream
from litestar.router import Router

from ovia_api.conflict_queue.bulk import bulk_confirm
from ovia_api.conflict_queue.export import lines
from ovia_api.mappings.answers import Decisions, decisions_of
from ovia_api.mappings.routes import ConfidenceBound, Sort, TeamId
from ovia_shared.database import conflict_queue, mappings, search
from ovia_shared.database.pool import Connection, Database
from ovia_shared.errors import InvalidInput
from ovia_shared.models.caller import Caller
from ovia_shared.models.mapping import Mapping, MappingFilter, MappingOrder, MappingPosition, MappingStatus
from ovia_shared.models.queue import QueueStats
from ovia_shared.models.review import BulkConfirm, BulkDecision
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.idempotency import Write
from ovia_shared.web.paging import CursorText, Limit, Page, Paging
from ovia_shared.web.parameters import SearchText, SourceText

_paging = Paging("conflict queue", MappingPosition, mappings.position)

StatusText = Annotated[MappingStatus, QueryParameter(description="Another status than conflict shows that instead.")]
_BULK = [
    Example(
        summary="These, whatever their status",
        value={"mapping_ids": ["01a20af7-18f0-7c1e-9b0a-52a1c3f6d7e8"], "reason": "checked with the team"},
    ),
    Example(summary="All the engine is sure of", value={"min_confidence": 0.98, "dry_run": True}),
]


async def _filter(
    conn: Connection,
    status: MappingStatus,
    source: str | None,
    team_id: UUID | None,
    bounds: tuple[float | None, float | None],
    search_text: str | None,
    sort: MappingOrder,
) -> MappingFilter:
    low, high = bounds
    if low is not None and high is not None and low > high:
        raise InvalidInput("min_confidence is above max_confidence", field="min_confidence")
    return MappingFilter(status, source, low, high, await search.words(conn, search_text), team_id, sort)


@get(
    "/team/conflict-queue",
    guards=[requires(Role.VIEWER)],
    operation_id="list_conflict_queue",
    tags=["review"],
    summary="Mappings that wait for a decision",
    security=SECURITY,
    responses=problems_of(),
)
async def list_queue(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    status: StatusText = MappingStatus.CONFLICT,
    source: SourceText = None,
    team_id: TeamId = None,
    min_confidence: ConfidenceBound = None,
    max_confidence: ConfidenceBound = None,
    search_text: SearchText = None,
    sort: Sort = MappingOrder.CONFIDENCE_ASC,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[Mapping]:
    """Each with the person it may belong to and the reasons for and against."""
    wanted = await _filter(conn, status, source, team_id, (min_confidence, max_confidence), search_text, sort)
    begun = _paging.read(cursor, wanted)
    if begun is None:
        rows, total = await mappings.find_first(conn, caller.org_id, wanted, limit + 1)
    else:
        rows, total = await mappings.find(conn, caller.org_id, wanted, begun.after, limit + 1), begun.total
    return _paging.page(rows, limit, total, wanted)


@get(
    "/team/conflict-queue/stats",
    guards=[requires(Role.VIEWER)],
    operation_id="read_conflict_queue_stats",
    tags=["review"],
    summary="How much waits, and how long already",
    security=SECURITY,
    responses=problems_of(),
)
async def read_stats(
    conn: NamedDependency[SkipValidation[Connection]], caller: NamedDependency[SkipValidation[Caller]]
) -> QueueStats:
    """Size and age of the queue, by source and confidence, and how far all accounts are mapped."""
    return await conflict_queue.stats(conn, caller.org_id)


@get(
    "/team/conflict-queue/export",
    guards=[requires(Role.VIEWER)],
    operation_id="export_conflict_queue",
    tags=["review"],
    summary="The queue as CSV",
    security=SECURITY,
    media_type="text/csv",
    responses=problems_of()
    | {200: ResponseSpec(bytes, description="CSV (RFC 4180), UTF-8.", media_type="text/csv", generate_examples=False)},
)
async def export(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    pool: NamedDependency[SkipValidation[Database]],
    status: StatusText = MappingStatus.CONFLICT,
    source: SourceText = None,
    team_id: TeamId = None,
    min_confidence: ConfidenceBound = None,
    max_confidence: ConfidenceBound = None,
    search_text: SearchText = None,
    sort: Sort = MappingOrder.CONFIDENCE_ASC,
) -> Stream:
    """All rows that fit, as they are read. Cells that a spreadsheet would take for a formula begin with an
    apostrophe."""
    wanted = await _filter(conn, status, source, team_id, (min_confidence, max_confidence), search_text, sort)
    return Stream(
        lines(pool, caller.org_id, wanted),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="conflict-queue.csv"'},
    )


@post(
    "/team/conflict-queue/bulk-confirm",
    guards=[requires(Role.MANAGER)],
    operation_id="bulk_confirm_mappings",
    operation_class=Write,
    tags=["review"],
    summary="Confirm many mappings at once",
    security=SECURITY,
    status_code=200,
    responses=problems_of(409, 413),
)
async def confirm_many(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    deciding: Decisions,
    data: Annotated[BulkConfirm, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_BULK)],
) -> BulkDecision:
    """By ids, any open mapping, conflicts included; or by threshold, conflicts left out. One decision, undone as one.
    What cannot be confirmed is refused by itself, with the reason; `dry_run` says what would happen."""
    deciding.require_caller(data.verified_by)
    return await bulk_confirm(deciding, conn, caller.org_id, data)


def routes(database: Database) -> Router:
    """All routes of the queue. Exports read through connections of their own, behind the request's transaction."""
    return Router(
        "/",
        route_handlers=[list_queue, read_stats, export, confirm_many],
        dependencies={
            "deciding": Provide(decisions_of),
            "pool": Provide(lambda: database, sync_to_thread=False),
        },
    )
