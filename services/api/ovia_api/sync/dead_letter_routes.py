"""Records that were not understood, over HTTP: looking at them, and having them tried once more."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, PathParameter, QueryParameter, SkipValidation

from ovia_shared.database import audit_log, dead_letters_list
from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict, NotFound
from ovia_shared.models.caller import Caller
from ovia_shared.models.dead_letter import (
    DeadLetterDetail,
    DeadLetterFilter,
    DeadLetterPosition,
    DeadLetterSummary,
    ReplayCount,
    ReplayWish,
)
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.idempotency import Write
from ovia_shared.web.paging import CursorText, Limit, Page, Paging

_paging = Paging[DeadLetterSummary, DeadLetterPosition](
    "dead letters", DeadLetterPosition, lambda letter: DeadLetterPosition(letter.id)
)

LetterId = Annotated[UUID, PathParameter(description="The dead letter's id.")]


@get(
    "/sync/dead-letters",
    guards=[requires(Role.VIEWER)],
    operation_id="list_dead_letters",
    tags=["sync"],
    summary="Records that were not understood, the newest first",
    security=SECURITY,
    responses=problems_of(),
)
async def list_letters(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    connection_id: Annotated[UUID | None, QueryParameter(description="Only those of this connection.")] = None,
    stream: Annotated[
        str | None, QueryParameter(min_length=1, max_length=64, description="Only those of this stream.")
    ] = None,
    resolved: Annotated[
        bool | None, QueryParameter(description="Only those understood since, or only those still open.")
    ] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[DeadLetterSummary]:
    """Each with the reason. They are kept whole, and stop nothing else from being read."""
    wanted = DeadLetterFilter(connection_id, stream, resolved)
    begun = _paging.read(cursor, wanted)
    rows = await dead_letters_list.find(conn, caller.org_id, wanted, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await dead_letters_list.count(conn, caller.org_id, wanted)
    return _paging.page(rows, limit, total, wanted)


@get(
    "/sync/dead-letters/{letter_id:uuid}",
    guards=[requires(Role.VIEWER)],
    operation_id="read_dead_letter",
    tags=["sync"],
    summary="A record that was not understood, as it was read",
    security=SECURITY,
    responses=problems_of(404),
)
async def read_letter(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    letter_id: LetterId,
) -> DeadLetterDetail:
    """The first 64 KiB of what the source sent, as text."""
    letter = await dead_letters_list.find_one(conn, caller.org_id, letter_id)
    if letter is None:
        raise NotFound("there is no such dead letter")
    return letter


@post(
    "/sync/dead-letters/{letter_id:uuid}/replay",
    guards=[requires(Role.MANAGER)],
    operation_id="replay_dead_letter",
    operation_class=Write,
    tags=["sync"],
    summary="Try a record once more",
    security=SECURITY,
    status_code=202,
    responses=problems_of(404, 409),
)
async def replay_letter(
    request: Request[Any, Any, Any],
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    letter_id: LetterId,
) -> DeadLetterSummary:
    """It is tried soon, from what is kept: the source is not asked again."""
    state = await dead_letters_list.lock(conn, caller.org_id, letter_id)
    if state is None:
        raise NotFound("there is no such dead letter")
    if state.resolved_at is not None:
        raise Conflict("this record was understood since; there is nothing to try")
    await dead_letters_list.request_replay(conn, caller.org_id, letter_id)
    await _record(request, conn, caller, letter_id, {})
    letter = await dead_letters_list.find_one(conn, caller.org_id, letter_id)
    assert letter is not None
    return letter.summary()


@post(
    "/sync/dead-letters/replay",
    guards=[requires(Role.MANAGER)],
    operation_id="replay_dead_letters",
    operation_class=Write,
    tags=["sync"],
    summary="Try many records once more",
    security=SECURITY,
    status_code=202,
    responses=problems_of(409, 413),
)
async def replay_letters(
    request: Request[Any, Any, Any],
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    data: Annotated[
        ReplayWish,
        BodyKwarg(
            media_type=RequestEncodingType.JSON,
            examples=[Example(summary="All issues that were not understood", value={"stream": "issues"})],
        ),
    ],
) -> ReplayCount:
    """All open ones that fit, and do not wait for it already."""
    requested = await dead_letters_list.request_replays(conn, caller.org_id, data)
    await _record(request, conn, caller, None, {"wanted": data, "requested": requested})
    return ReplayCount(requested)


async def _record(
    request: Request[Any, Any, Any], conn: Connection, caller: Caller, letter_id: UUID | None, detail: dict[str, Any]
) -> None:
    await audit_log.record(
        conn,
        caller.org_id,
        actor=caller.name,
        action="replay",
        subject_kind="dead_letter",
        subject_id=letter_id,
        detail=detail,
        request_id=request.scope["state"]["request_id"],
    )
