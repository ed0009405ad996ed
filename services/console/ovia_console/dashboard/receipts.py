"""The receipt of a number: what it was counted from, and the number counted again."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from ovia_console.dashboard.spoken import Spoken
from ovia_console.pages.rendering import with_query
from ovia_console.pages.visit import OfVisit, Visit
from ovia_shared.kpis.describing import KpiDescription
from ovia_shared.models.kpi import Receipt, Replay


@get("/receipts/{receipt_id:uuid}")
async def show(visit: OfVisit, receipt_id: FromPath[UUID]) -> Response[str]:
    """All a receipt says."""
    return await _page(visit, receipt_id)


@post("/receipts/{receipt_id:uuid}/replay")
async def replay(visit: OfVisit, receipt_id: FromPath[UUID]) -> Response[str]:
    """Counts it again, by its own SQL and as of its own moment."""
    counted = await visit.metrics.send("POST", f"/receipts/{receipt_id}/replay", kind=Replay)
    if visit.in_place:
        return visit.page("receipts/replayed.html", replayed=counted)
    return await _page(visit, receipt_id, counted)


async def _page(visit: Visit, receipt_id: UUID, replayed: Replay | None = None) -> Response[str]:
    receipt = await visit.metrics.get(f"/receipts/{receipt_id}", Receipt)
    catalogue = await visit.metrics.get("/team/kpi/catalogue", list[KpiDescription])
    unit = next((one.unit for one in catalogue if one.name == receipt.kpi), "count")
    return visit.page(
        "receipts/page.html",
        receipt=receipt,
        unit=unit,
        number_page=address_of(receipt),
        basis=_written(receipt.basis),
        assembly=_written(receipt.assembly),
        replayed=replayed,
        spoken=Spoken(visit),
    )


def address_of(receipt: Receipt) -> str:
    """The page of the number in the scope and the days of a receipt."""
    scope = f"{receipt.scope.kind}:{receipt.scope.id}" if receipt.scope.id else ""
    last = last_day(receipt.window.end)
    query = {"scope": scope, "from": receipt.window.start.date().isoformat(), "to": last}
    return with_query(f"/console/kpi/{receipt.kpi}", query)


def last_day(end: datetime) -> str:
    """The last day of a window, which does not hold its end: midnight belongs to the day before."""
    return (end - timedelta(microseconds=1)).date().isoformat()


def _written(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2).decode()
