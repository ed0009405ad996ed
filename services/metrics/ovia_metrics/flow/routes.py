"""Flow over HTTP: cumulative flow, the items behind it, and the ledger of sprints."""

from datetime import timedelta
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter, SkipValidation

from ovia_metrics.kpis.answering import ScopeShown, shown
from ovia_metrics.kpis.asking import LONGEST, Asking, asking
from ovia_shared.database.kpis import flow
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput, MalformedInput
from ovia_shared.kpis import windows
from ovia_shared.kpis.windows import MOST_BUCKETS, Bucket
from ovia_shared.models.caller import Caller
from ovia_shared.models.flow import FlowCategory, FlowItem, FlowPoint, SprintFlow
from ovia_shared.models.kpi import RowPosition, Window
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.paging import CursorText, Limit, Page, Paging

MOST_SPRINTS = 300

Conn = NamedDependency[SkipValidation[Connection]]
CallerGiven = NamedDependency[SkipValidation[Caller]]
Asked = NamedDependency[SkipValidation[Asking]]
BucketParameter = Annotated[
    Bucket, QueryParameter(description="How far the moments are apart: a day, a week or a month.")
]
CategoryParameter = Annotated[FlowCategory, QueryParameter(description="Where the items are.")]


class CumulativeFlow(msgspec.Struct, frozen=True):
    """How much was where, moment by moment: at the start of the window, at each bucket's in it, and at its end.

    Without points the scope had no work item by then.
    """

    scope: ScopeShown
    window: Window
    bucket: Bucket
    points: list[FlowPoint]


class SprintLedger(msgspec.Struct, frozen=True):
    """Closed sprints, the last one first."""

    scope: ScopeShown
    window: Window
    data: list[SprintFlow]


@get(
    "/team/flow/cumulative",
    guards=[requires(Role.VIEWER)],
    operation_id="read_cumulative_flow",
    tags=["flow"],
    summary="How much work is to do, in progress and done, through time",
    security=SECURITY,
    responses=problems_of(404),
)
async def read_cumulative(
    conn: Conn, caller: CallerGiven, asked: Asked, bucket: BucketParameter = Bucket.DAY
) -> CumulativeFlow:
    """The layers of a cumulative flow diagram. At each moment what is in progress is what `flow.wip` counts, and
    what is done what `throughput.work_items` counts from the start of the window."""
    if bucket is Bucket.SPRINT:
        raise InvalidInput("take a day, a week or a month", field="bucket")
    inner = [one.start for one in windows.buckets(asked.window, bucket, asked.zone) if one.start > asked.window.start]
    if len(inner) > MOST_BUCKETS:
        raise InvalidInput(
            f"that is {len(inner)} moments; {MOST_BUCKETS} is the most: take a larger bucket", field="bucket"
        )
    moments = [asked.window.start, *inner, asked.window.end]
    points = await flow.cumulative(conn, asked.question(caller, "flow.wip"), moments)
    return CumulativeFlow(await shown(conn, caller, asked.scope), asked.window, bucket, points)


@get(
    "/team/flow/items",
    guards=[requires(Role.VIEWER)],
    operation_id="list_flow_items",
    tags=["flow"],
    summary="The work items that are to do, in progress, or were done",
    security=SECURITY,
    responses=problems_of(404),
)
async def list_items(
    conn: Conn,
    caller: CallerGiven,
    asked: Asked,
    category: CategoryParameter,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[FlowItem]:
    """Those that the last point of the cumulative flow counts, newest first, each with its status then and its age."""
    paging = Paging[FlowItem, RowPosition]("flow items", RowPosition, lambda one: _position(asked, one))
    wanted = _Wanted(category, asked.scope)
    begun = paging.read(cursor, wanted)
    if begun is not None:
        asked = _as_before(asked, begun.after)
    after = None if begun is None else (begun.after.occurred_at, begun.after.fact_id)
    question = asked.question(caller, "flow.wip")
    found = await flow.items(conn, question, category, after, limit + 1, named=asked.named)
    total = begun.total if begun else await flow.count_items(conn, question, category)
    return paging.page(found, limit, total, wanted)


@get(
    "/team/flow/sprints",
    guards=[requires(Role.VIEWER)],
    operation_id="list_sprint_flow",
    tags=["flow"],
    summary="What became of sprints",
    security=SECURITY,
    responses=problems_of(404),
)
async def list_sprints(conn: Conn, caller: CallerGiven, asked: Asked) -> SprintLedger:
    """Of each sprint that closed in the window: how many items were planned, came and went, were done and left over.
    The last 300; they are what `sprint.completion`, `sprint.spillover` and `sprint.scope_change` sum up."""
    found = await flow.sprints(conn, asked.question(caller, "sprint.completion"), MOST_SPRINTS)
    return SprintLedger(await shown(conn, caller, asked.scope), asked.window, found)


class _Wanted(msgspec.Struct, frozen=True):
    category: FlowCategory
    scope: object


def _position(asked: Asking, item: FlowItem) -> RowPosition:
    window = asked.window
    return RowPosition(window.start, window.end, asked.as_of, item.row.occurred_at, item.row.fact_id)


def _as_before(asked: Asking, position: RowPosition) -> Asking:
    """All pages of a list are of one window and one moment. Raises `MalformedInput`."""
    window = Window(position.start, position.end)
    if not timedelta(0) < window.end - window.start <= LONGEST:
        raise MalformedInput("this cursor cannot be read; begin again without it", field="cursor")
    return msgspec.structs.replace(asked, window=window, as_of=min(asked.as_of, position.as_of))


FLOW = Router("/", route_handlers=[read_cumulative, list_items, list_sprints], dependencies={"asked": Provide(asking)})
