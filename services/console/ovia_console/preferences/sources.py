"""Sources: the list, one of them, and how far reading it got."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from ovia_console.data_health import words as states
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.preferences import places, source_words
from ovia_console.services import ServiceProblem, segment

PAGE = 25


class Reading(msgspec.Struct, frozen=True):
    """How far reading a source got: its streams, and what is read now. `ended` once there is nothing to wait for."""

    streams: list[dict[str, Any]]
    running: list[dict[str, Any]]
    ended: bool


@get("/settings")
async def show(
    visit: OfVisit, status: str = "", done: str = "", cursor: Annotated[str, QueryParameter(max_length=2000)] = ""
) -> Response[str]:
    """All sources, by name, with how they do."""
    found = await visit.api.page("/connections", status=status, cursor=cursor, limit=PAGE)
    told = await visit.metrics.get("/data-quality", dict[str, Any])
    lags: dict[str, float | None] = {}
    failing: dict[str, int] = {}
    for one in told["streams"]:
        own = one["connection_id"]
        failing[own] = failing.get(own, 0) + one["failing"]
        lag = one["lag_seconds"]
        lags[own] = lag if own not in lags else _further(lags[own], lag)
    return visit.page(
        "preferences/sources.html",
        found=found,
        status=status,
        lags=lags,
        failing=failing,
        done=source_words.DONE.get(done),
        states=source_words.STATUSES,
        tabs=places.tabs_of(visit.reader),
    )


@get("/settings/sources/{connection_id:uuid}")
async def one(visit: OfVisit, connection_id: FromPath[UUID], done: str = "") -> Response[str]:
    """One source: what it is, how reading it goes, and what may be done to it."""
    return await page_of(visit, connection_id, done=source_words.DONE.get(done))


@get("/settings/sources/{connection_id:uuid}/reading")
async def reading(visit: OfVisit, connection_id: FromPath[UUID]) -> Response[str]:
    """How far it got; asked again until all is read."""
    try:
        told = await visit.api.told(f"/connections/{segment(connection_id)}")
    except ServiceProblem as problem:
        if problem.status != 404:
            raise
        return visit.elsewhere(f"{places.HOME}?done=deleted")
    return visit.page("preferences/reading.html", source=told.data, reading=await reading_of(visit, told.data))


async def page_of(visit: Visit, connection_id: UUID, *, http_status: int = 200, **more: Any) -> Response[str]:
    """The page of a source, with whatever just came of an action."""
    told = await visit.api.told(f"/connections/{segment(connection_id)}")
    blank: dict[str, Any] = {"done": None, "report": None, "hook": None, "wrong": ""}
    return visit.page(
        "preferences/source.html",
        http_status=http_status,
        source=told.data,
        reading=await reading_of(visit, told.data),
        states=source_words.STATUSES,
        run_states=states.RUN_STATES,
        kinds=source_words.KINDS,
        signed=told.data["kind"] in source_words.SIGNED,
        tabs=places.tabs_of(visit.reader),
        **(blank | more),
    )


async def reading_of(visit: Visit, source: dict[str, Any]) -> Reading:
    """What is known about reading a source at this moment."""
    told = await visit.metrics.get("/data-quality", dict[str, Any])
    streams = [one for one in told["streams"] if one["connection_id"] == source["id"]]
    runs = await visit.api.page("/sync/runs", connection_id=source["id"], status="running", limit=PAGE)
    whole = bool(streams) and all(one["complete"] + one["failing"] >= one["partitions"] for one in streams)
    waits = source["status"] == "active" and (not whole or bool(runs.data))
    return Reading(streams, runs.data, not (waits or source["status"] == "deleting"))


def _further(lag: float | None, other: float | None) -> float | None:
    """The longer of two lags; one that is not known counts as the longest."""
    return None if lag is None or other is None else max(lag, other)
