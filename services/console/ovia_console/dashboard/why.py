"""Why a number changed: the difference between two windows, taken apart."""

from litestar import Response, get
from litestar.params import FromPath

from ovia_console.dashboard import words
from ovia_console.dashboard.asking import asked_of
from ovia_console.dashboard.reasons import reasons_of
from ovia_console.dashboard.spoken import Spoken
from ovia_console.pages.visit import OfVisit
from ovia_console.services import segment
from ovia_shared.errors import InvalidInput
from ovia_shared.models.kpi_change import KpiChange

_TOLD = 3


@get("/kpi/{name:str}/why")
async def show(visit: OfVisit, name: FromPath[str], by: str = "") -> Response[str]:
    """For the page of a number; `by` is what its rows are grouped by."""
    if by and by not in words.GROUPS_BY:
        raise InvalidInput("rows are grouped by product, team or type", field="by")
    asked = asked_of(visit.request)
    change = await visit.metrics.get(f"/team/kpi/{segment(name)}/change", KpiChange, by=by, **asked.parameters())
    return visit.page(
        "kpi/why.html",
        change=change,
        reasons=reasons_of(change)[:_TOLD],
        composite=change.unit == "score",
        groups_by=words.GROUPS_BY,
        causes=words.CAUSES,
        late=words.LATE,
        asked=asked,
        spoken=Spoken(visit),
    )
