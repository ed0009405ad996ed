"""Why a KPI changed, over HTTP."""

from datetime import datetime
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter, SkipValidation

from ovia_metrics.kpis.answering import kpi_of, quality
from ovia_metrics.kpis.asking import LONGEST, Asking, asking, must_be_kept, read_moment
from ovia_shared.database.known_quality import KnownQuality
from ovia_shared.database.kpis import restating
from ovia_shared.database.kpis.explaining import explain
from ovia_shared.database.kpis.grouping import By
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.kpis import windows
from ovia_shared.models.caller import Caller
from ovia_shared.models.kpi import Window
from ovia_shared.models.kpi_change import KpiChange
from ovia_shared.models.token import Role
from ovia_shared.web import moments
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of

_MOMENT = {"max_length": 40}


@get(
    "/team/kpi/{name:str}/change",
    guards=[requires(Role.VIEWER)],
    operation_id="explain_kpi_change",
    tags=["kpi"],
    summary="Why a KPI changed",
    security=SECURITY,
    responses=problems_of(404),
)
async def explain_change(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    asked: NamedDependency[SkipValidation[Asking]],
    known_quality: NamedDependency[SkipValidation[KnownQuality]],
    name: Annotated[
        str, PathParameter(max_length=100, description="The name of a KPI, such as `review.first_response_hours`.")
    ],
    by: Annotated[
        By | None,
        QueryParameter(
            description="What rows are grouped by: the product of their project (this, if it is left out), the team "
            "of whoever they are of, or their type: bug, feature, chore. KPIs made of others are split by these; "
            "leave it out."
        ),
    ] = None,
    compared_from: Annotated[
        str | None,
        QueryParameter(
            **_MOMENT,
            description="The window to compare with begins here. Without it, it is the one right before, as long "
            "by the calendar.",
            examples=[Example(value="2026-01-01")],
        ),
    ] = None,
    compared_to: Annotated[
        str | None,
        QueryParameter(
            **_MOMENT,
            description="It ends before this. Given if `compared_from` is.",
            examples=[Example(value="2026-02-01")],
        ),
    ] = None,
    then: Annotated[
        str | None,
        QueryParameter(
            **_MOMENT,
            description="Compare with the number as it was known then (a moment, RFC 3339). Without it, as it was "
            "first told; if it never was, as it is known now.",
            examples=[Example(value="2026-02-02T08:00:00Z")],
        ),
    ] = None,
) -> KpiChange:
    """Splits the difference between two windows into five parts that sum to it: `mix`, groups that are larger or
    smaller than before; `rate`, what changed within groups; `late_data`, what became known of the earlier window after
    its number was told; `identity_corrections`, who is who otherwise; `definition_changes`, rules that are others now.
    Says what is behind each, and the three largest in words. How: docs/why-it-changed.md."""
    kpi = kpi_of(name, asked)
    compared = _compared(asked, compared_from, compared_to)
    earlier, later = asked.question(caller, kpi.name, compared), asked.question(caller, kpi.name)
    moment = _then(then, asked)
    if moment is not None:
        await must_be_kept(conn, caller.org_id, moment, "then")
    told = await restating.told(conn, earlier, moment)
    signals = await known_quality.signals(conn, caller.org_id)
    trusted = quality(kpi, asked, signals, asked.window.end)
    return await explain(conn, asked.scope, told, earlier, later, by, trusted, named=asked.named)


def _compared(asked: Asking, since: str | None, until: str | None) -> Window:
    if since is None and until is None:
        return windows.previous(asked.window, asked.zone)
    if since is None or until is None:
        missing = "compared_from" if since is None else "compared_to"
        raise InvalidInput("give both ends of the window to compare with, or none", field=missing)
    found = Window(
        read_moment(since, "compared_from", asked.zone), min(read_moment(until, "compared_to", asked.zone), asked.as_of)
    )
    if found.start >= found.end:
        raise InvalidInput("the window to compare with is empty", field="compared_from")
    if found.end - found.start > LONGEST:
        raise InvalidInput("a window is 20 years at most", field="compared_from")
    return found


def _then(text: str | None, asked: Asking) -> datetime | None:
    if text is None:
        return None
    moment = moments.read(text, "then")
    if moment > asked.as_of:
        raise InvalidInput("then must not be after as_of, which is now unless you give it", field="then")
    return moment


CHANGES = Router("/", route_handlers=[explain_change], dependencies={"asked": Provide(asking)})
