"""All numbers there are, and what each answers."""

from litestar import Response, get

from ovia_console.dashboard.asking import asked_of
from ovia_console.dashboard.spoken import Spoken
from ovia_console.pages.visit import OfVisit
from ovia_shared.kpis.describing import KpiDescription
from ovia_shared.models.kpi import ScopeKind


@get("/kpi")
async def show(visit: OfVisit) -> Response[str]:
    """Those the scope can have, in the order of the catalogue."""
    asked = asked_of(visit.request)
    catalogue = await visit.metrics.get("/team/kpi/catalogue", list[KpiDescription])
    whole = asked.scope.kind == ScopeKind.ORGANISATION
    return visit.page(
        "kpi/list.html",
        meanings=[one for one in catalogue if whole or not one.organisation_only],
        asked=asked,
        spoken=Spoken(visit),
    )
