"""The page of one number: what it means, how it came, what it is made of, and every row behind it."""

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from ovia_console.dashboard import trend as trends
from ovia_console.dashboard import words
from ovia_console.dashboard.answers import KpiAnswer
from ovia_console.dashboard.asking import Asked, asked_of
from ovia_console.dashboard.drilling import Drilled, rows_of
from ovia_console.dashboard.spoken import Spoken
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.scopes.scope import choices_of
from ovia_console.services import segment
from ovia_shared.errors import NotFound
from ovia_shared.kpis.describing import KpiDescription

Cursor = Annotated[str, QueryParameter(max_length=8000)]


class Seen(msgspec.Struct, frozen=True):
    """What of a number somebody looks at: kept in the address, so that it can be sent to others."""

    bucket: str = ""
    part: str = ""
    point: str = ""
    by: str = ""

    def kept(self) -> dict[str, str]:
        """As it stands in addresses."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value}


@get("/kpi/{name:str}")
async def show(
    visit: OfVisit,
    name: FromPath[str],
    bucket: str = "",
    part: str = "",
    point: str = "",
    by: str = "",
    cursor: Cursor = "",
) -> Response[str]:
    """All of it; why it changed follows by itself, since taking a change apart takes longest."""
    asked, seen = asked_of(visit.request), Seen(bucket, part, point, by)
    (described, drilled), answer, trend, choices = await asyncio.gather(
        _behind(visit, asked, name, seen, cursor),
        visit.metrics.get(f"/team/kpi/{segment(name)}", KpiAnswer, compare=True, **asked.parameters()),
        trends.ask(visit, asked, name, bucket or "week"),
        choices_of(visit),
    )
    meaning = described[name]
    spoken = Spoken(visit)
    query = {**asked.kept(), **seen.kept()}
    return visit.page(
        "kpi/page.html",
        answer=answer,
        meaning=meaning,
        trend=trends.draw(trend, bucket or "week", visit.request.url.path, query, spoken),
        buckets=words.BUCKETS,
        choices=choices,
        scope=asked.scope,
        seen=seen,
        units={one.name: one.unit for one in described.values()},
        missing=[spoken.title(one.kpi) for one in answer.parts if one.name in answer.missing],
        **_of_rows(asked, seen, meaning, described, drilled, spoken),
    )


@get("/kpi/{name:str}/rows")
async def show_rows(
    visit: OfVisit, name: FromPath[str], cursor: Cursor = "", part: str = "", point: str = ""
) -> Response[str]:
    """The next rows, for the page that is open."""
    asked, seen = asked_of(visit.request), Seen(part=part, point=point)
    described, drilled = await _behind(visit, asked, name, seen, cursor)
    return visit.page("kpi/rows.html", **_of_rows(asked, seen, described[name], described, drilled, Spoken(visit)))


async def _behind(
    visit: Visit, asked: Asked, name: str, seen: Seen, cursor: str
) -> tuple[dict[str, KpiDescription], Drilled]:
    """What every number means, and the rows behind this one. Raises `NotFound` if there is none of this name."""
    catalogue = await visit.metrics.get("/team/kpi/catalogue", list[KpiDescription])
    described = {one.name: one for one in catalogue}
    if name not in described:
        raise NotFound("there is no such number")
    parts = inputs_of(described[name])
    drilled = await rows_of(visit, asked, name, parts=parts, part=seen.part, point=seen.point, cursor=cursor)
    return described, drilled


def inputs_of(meaning: KpiDescription) -> list[str]:
    """The numbers a composite is made of; its rows are theirs. Empty for what has rows of its own."""
    return meaning.facts if meaning.unit == "score" else []


def _of_rows(
    asked: Asked,
    seen: Seen,
    meaning: KpiDescription,
    described: dict[str, KpiDescription],
    drilled: Drilled,
    spoken: Spoken,
) -> dict[str, Any]:
    return {
        "asked": asked,
        "name": meaning.name,
        "inputs": inputs_of(meaning),
        "drilled": drilled,
        "unit": described[drilled.rows_of].unit,
        "kept": {**asked.kept(), **seen.kept()},
        "spoken": spoken,
    }
