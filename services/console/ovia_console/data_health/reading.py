"""How reading goes: every stream of every project, and every attempt."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import QueryParameter

from ovia_console.data_health import words
from ovia_console.pages.visit import OfVisit

PAGE = 25
Cursor = Annotated[str, QueryParameter(max_length=2000)]


@get("/data-health/sources")
async def partitions(visit: OfVisit, cursor: Cursor = "") -> Response[str]:
    """Every stream of every project: state, lag, progress and error. The table asks again while something is read."""
    found = await visit.api.page("/sync", cursor=cursor, limit=PAGE)
    now = datetime.now(UTC)
    for one in found.data:
        due = one["next_due_at"]
        one["is_due"] = due is not None and datetime.fromisoformat(due) <= now
    return visit.page(
        "data_health/partitions_table.html" if visit.in_place else "data_health/partitions.html",
        found=found,
        busy=any(one["status"] == "running" for one in found.data),
        states=words.SYNC_STATES,
        other=words.OTHER_STATE,
        tabs=words.TABS,
    )


@get("/data-health/runs")
async def runs(
    visit: OfVisit,
    connection: UUID | None = None,
    partition: UUID | None = None,
    status: str = "",
    cursor: Cursor = "",
) -> Response[str]:
    """Attempts at reading, the newest first."""
    found = await visit.api.page(
        "/sync/runs", connection_id=connection, partition_id=partition, status=status, cursor=cursor, limit=PAGE
    )
    in_place = visit.in_place and bool(cursor)
    sources = [] if in_place else (await visit.api.page("/connections", limit=200)).data
    return visit.page(
        "data_health/run_rows.html" if in_place else "data_health/runs.html",
        found=found,
        sources=sources,
        connection=connection or "",
        partition=partition or "",
        status=status,
        states=words.RUN_STATES,
        other=words.OTHER_STATE,
        tabs=words.TABS,
    )
