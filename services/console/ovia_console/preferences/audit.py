"""The audit log: who did what, searched by what the address says."""

import json
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from litestar import Response, get
from litestar.params import QueryParameter

from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.preferences import places
from ovia_shared.errors import InvalidInput

PAGE = 25
Text = Annotated[str, QueryParameter(max_length=200)]


@get("/settings/audit-log")
async def show(
    visit: OfVisit,
    actor: Text = "",
    action: Text = "",
    subject: Text = "",
    search: Text = "",
    from_: Annotated[str, QueryParameter(name="from", max_length=40)] = "",
    to: Annotated[str, QueryParameter(max_length=40)] = "",
    cursor: Annotated[str, QueryParameter(max_length=2000)] = "",
) -> Response[str]:
    """Entries, the newest first. The days are the reader's own, both included."""
    places.require(visit, "admin")
    wanted: dict[str, Any] = {"actor": actor, "action": action, "subject": subject, "search": search}
    found = await visit.api.page(
        "/audit-log",
        **wanted,
        from_=_moment(visit, from_, "from", 0),
        to=_moment(visit, to, "to", 1),
        cursor=cursor,
        limit=PAGE,
    )
    in_place = visit.in_place and bool(cursor)
    return visit.page(
        "preferences/audit_rows.html" if in_place else "preferences/audit.html",
        found=found,
        since=from_,
        until=to,
        written=written,
        tabs=places.tabs_of(visit.reader),
        **wanted,
    )


def written(detail: dict[str, Any]) -> str:
    """The detail of an entry, to be read."""
    return json.dumps(detail, ensure_ascii=False, indent=1)


def _moment(visit: Visit, text: str, field: str, days: int) -> str | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
    except (ValueError, OverflowError):
        raise InvalidInput(f"{text[:40]!r} is no date such as 2026-11-01", field=field) from None
    return datetime.combine(day, time(), visit.reader.taste.zone).isoformat()
