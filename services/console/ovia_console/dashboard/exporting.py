"""Rows and trends as files, passed on as the metrics service writes them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Literal

import aiohttp
from litestar import get
from litestar.params import FromPath
from litestar.response import Stream

from ovia_console.dashboard.asking import asked_of
from ovia_console.dashboard.drilling import parameters_of, receipt_of
from ovia_console.pages.visit import OfVisit
from ovia_console.services import segment

_CHUNK = 64 * 1024
_PASSED_ON = ("Content-Disposition",)


@get("/kpi/{name:str}/export/rows")
async def export_rows(
    visit: OfVisit, name: FromPath[str], file_format: Literal["csv", "parquet"] = "csv", part: str = "", point: str = ""
) -> Stream:
    """Every row of the window, or of one point of the trend."""
    asked = asked_of(visit.request)
    receipt = await receipt_of(visit, point) if point else None
    parameters = parameters_of(asked, receipt)
    return await _passed_on(
        visit, f"/team/kpi/{segment(name)}/rows/export", parameters | {"part": part, "file_format": file_format}
    )


@get("/kpi/{name:str}/export/trend")
async def export_trend(
    visit: OfVisit, name: FromPath[str], file_format: Literal["csv", "parquet"] = "csv", bucket: str = ""
) -> Stream:
    """Every point of the trend."""
    parameters = asked_of(visit.request).parameters() | {"kpi": name, "bucket": bucket, "file_format": file_format}
    return await _passed_on(visit, "/team/kpi/history/export", parameters)


async def _passed_on(visit: OfVisit, path: str, parameters: dict[str, str]) -> Stream:
    # Entered here, so that a refusal becomes a page; left when the last byte is out.
    stack = AsyncExitStack()
    answer = await stack.enter_async_context(visit.metrics.stream("GET", path, **parameters))
    headers = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
    return Stream(_bytes(stack, answer), media_type=answer.headers.get("Content-Type"), headers=headers)


async def _bytes(stack: AsyncExitStack, answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async with stack:
        async for chunk in answer.content.iter_chunked(_CHUNK):
            yield chunk
