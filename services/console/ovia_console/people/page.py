"""Everything about one person: who they are, and what they did, as one timeline over all sources."""

import asyncio
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from ovia_console.forms.reading import last_day
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.people import card, words
from ovia_console.services import Page
from ovia_shared.errors import InvalidInput

PAGE = 50


class Wanted(msgspec.Struct, frozen=True):
    """Which activity is wanted, as the address holds it: days as text, the last one included."""

    source: str = ""
    type: str = ""
    since: str = ""
    last: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether something is left out."""
        return any((self.source, self.type, self.since, self.last))


@get("/people/{person_id:uuid}")
async def show(
    visit: OfVisit,
    person_id: FromPath[UUID],
    source: str = "",
    type_: Annotated[str, QueryParameter(name="type")] = "",
    since: Annotated[str, QueryParameter(name="from")] = "",
    last: Annotated[str, QueryParameter(name="to")] = "",
    cursor: Annotated[str, QueryParameter(max_length=2000)] = "",
) -> Response[str]:
    """The card and the timeline; htmx asks for more of the timeline, or another choice of it, in place."""
    wanted = Wanted(source, type_, since, last)
    if visit.in_place:
        timeline = await _timeline(visit, person_id, wanted, cursor)
        template = "people/activity_rows.html" if cursor else "people/activity.html"
        return visit.page(template, timeline=timeline, wanted=wanted, words=words.ALL)
    person, profile, timeline = await asyncio.gather(
        visit.api.get(card.place(person_id), dict[str, Any]),
        visit.api.get(card.place(person_id) + "/profile", dict[str, Any]),
        _timeline(visit, person_id, wanted, cursor),
    )
    return visit.page(
        "people/person.html",
        **card.frame(visit, person, "activity"),
        profile=profile,
        months=_months(profile["months"]),
        last_day=last_day,
        timeline=timeline,
        wanted=wanted,
    )


async def _timeline(visit: Visit, person_id: UUID, wanted: Wanted, cursor: str) -> Page:
    """A page of it, by the reader's days."""
    return await visit.api.page(
        card.place(person_id) + "/activity",
        source=wanted.source,
        type=wanted.type,
        from_=_begin(visit, wanted.since, "from"),
        to=_begin(visit, wanted.last, "to", behind=1),
        cursor=cursor,
        limit=PAGE,
    )


def _begin(visit: Visit, text: str, field: str, behind: int = 0) -> str | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=behind)
    except (ValueError, OverflowError):
        raise InvalidInput(f"{text[:40]!r} is no date such as 2026-11-01", field=field) from None
    return datetime.combine(day, time(), visit.reader.taste.zone).isoformat()


class Months(msgspec.Struct, frozen=True):
    """Where somebody was active: the months there are, and by source whether there was something in each."""

    months: list[str]
    sources: dict[str, list[bool]]


def _months(told: list[dict[str, Any]]) -> Months:
    """Only whether, not how much: how much says more of the tools than of the person."""
    months = sorted({one["month"] for one in told})
    there = {(one["source"], one["month"]) for one in told if one["events"]}
    sources = sorted({source for source, _ in there})
    return Months(months, {source: [(source, month) in there for month in months] for source in sources})
