"""Records that were not understood: the list, one as it was read, and having them tried once more."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, QueryParameter

from ovia_console.data_health import words
from ovia_console.pages.rendering import with_query
from ovia_console.pages.visit import OfVisit
from ovia_console.services import ServiceProblem, segment

PAGE = 25
HOME = "/console/data-health/dead-letters"
# What the address says, and what the api calls it.
_RESOLVED = {"": False, "open": False, "resolved": True, "all": None}


@get("/data-health/dead-letters")
async def show(
    visit: OfVisit,
    connection: UUID | None = None,
    stream: str = "",
    wanted: Annotated[str, QueryParameter(name="state")] = "",
    requested: int | None = None,
    cursor: Annotated[str, QueryParameter(max_length=2000)] = "",
) -> Response[str]:
    """The open ones, unless the address says otherwise, the newest first."""
    found = await visit.api.page(
        "/sync/dead-letters",
        connection_id=connection,
        stream=stream,
        resolved=_RESOLVED.get(wanted, False),
        cursor=cursor,
        limit=PAGE,
    )
    in_place = visit.in_place and bool(cursor)
    sources = [] if in_place else (await visit.api.page("/connections", limit=200)).data
    return visit.page(
        "data_health/letter_rows.html" if in_place else "data_health/letters.html",
        found=found,
        sources=sources,
        connection=connection or "",
        stream=stream,
        state=wanted,
        requested=requested,
        tabs=words.TABS,
    )


@get("/data-health/dead-letters/{letter_id:uuid}")
async def letter(visit: OfVisit, letter_id: FromPath[UUID]) -> Response[str]:
    """One of them, with what the source sent, as text."""
    found = await visit.api.get(f"/sync/dead-letters/{segment(letter_id)}", dict[str, Any])
    return visit.page("data_health/letter.html", letter=found, tabs=words.TABS)


@get("/data-health/dead-letters/{letter_id:uuid}/state")
async def letter_state(visit: OfVisit, letter_id: FromPath[UUID]) -> Response[str]:
    """What has become of one; asked again while it waits."""
    found = await visit.api.get(f"/sync/dead-letters/{segment(letter_id)}", dict[str, Any])
    return visit.page("data_health/letter_state.html", letter=found)


@post("/data-health/dead-letters/{letter_id:uuid}/replay", status_code=200)
async def replay_one(visit: OfVisit, letter_id: FromPath[UUID]) -> Response[str]:
    """Has one tried once more."""
    try:
        await visit.api.send("POST", f"/sync/dead-letters/{segment(letter_id)}/replay")
    except ServiceProblem as problem:
        # Understood meanwhile: what was wanted is so.
        if problem.status != 409:
            raise
    return visit.elsewhere(f"{HOME}/{letter_id}")


@post("/data-health/dead-letters/replay", status_code=200)
async def replay_many(visit: OfVisit) -> Response[str]:
    """Has all open ones tried that the filters leave."""
    form = await visit.request.form()
    wish = {name: str(form[name]) for name in ("connection_id", "stream") if form.get(name)}
    done: dict[str, Any] = await visit.api.send(
        "POST", "/sync/dead-letters/replay", wish, key=str(form.get("key", "")) or None
    )
    query = {"connection": wish.get("connection_id"), "stream": wish.get("stream")}
    return visit.elsewhere(with_query(HOME, query, requested=done["requested"]))
