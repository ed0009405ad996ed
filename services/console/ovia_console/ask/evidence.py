"""The rows a number of an answer was counted from, opened where it is cited."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from ovia_console.ask.answers import MetricAsked, ScopeAsked, Window
from ovia_console.ask.explaining import kpi_page
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.services import Page, ServiceProblem, segment

ROWS = 8


class Receipt(msgspec.Struct, frozen=True):
    """A number as it was given out."""

    id: UUID
    kpi: str
    scope: ScopeAsked
    window: Window
    as_of: datetime


@get("/ask/receipts/{receipt_id:uuid}/rows")
async def show_rows(visit: OfVisit, receipt_id: FromPath[UUID]) -> Response[str]:
    """The first rows, as of the moment of the receipt, and where all of them are."""
    receipt = await visit.metrics.get(f"/receipts/{segment(receipt_id)}", Receipt)
    return visit.page(
        "ask/rows.html",
        receipt=receipt,
        rows=await _rows(visit, receipt),
        all_rows=kpi_page(visit, MetricAsked(receipt.kpi, receipt.scope, receipt.window)),
    )


async def _rows(visit: Visit, receipt: Receipt) -> Page | None:
    """None for a number that is made of others: it has no rows of its own."""
    whose = {"scope_kind": receipt.scope.kind, "scope_id": receipt.scope.id} if receipt.scope.id else {}
    try:
        return await visit.metrics.page(
            f"/team/kpi/{segment(receipt.kpi)}/rows",
            **whose,
            from_=receipt.window.start.isoformat(),
            to=receipt.window.end.isoformat(),
            as_of=receipt.as_of.isoformat(),
            limit=ROWS,
        )
    except ServiceProblem as problem:
        if problem.status == 422 and problem.of("part"):
            return None
        raise
