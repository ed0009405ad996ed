"""The list as a file, passed on as it comes."""

from collections.abc import AsyncIterator

from litestar import get
from litestar.response import Stream

from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.queue.filters import filters_of

_PATH = "/team/conflict-queue/export"


@get("/queue/export")
async def download(visit: OfVisit) -> Stream:
    """CSV with the filters of the list and the reader's rights; what the api refuses is refused before it begins."""
    parts = _parts(visit, filters_of(visit.request).asked())
    # The first part is waited for here, so that a refusal is a page that says so and not a file cut short.
    first = await anext(parts, b"")
    return Stream(
        _whole(first, parts),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="identity-mappings.csv"'},
    )


async def _whole(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in rest:
        yield part


async def _parts(visit: Visit, asked: dict[str, object]) -> AsyncIterator[bytes]:
    async with visit.api.stream("GET", _PATH, accept="text/csv", **asked) as answer:
        async for part in answer.content.iter_any():
            yield part
