"""An answer as it is made: the service's events, each as the piece of the page it becomes."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import aiohttp
import msgspec
import structlog
from litestar import Response, post
from litestar.response import Stream

from ovia_console.ask import words
from ovia_console.ask.answers import Plan, Statement
from ovia_console.ask.asking import sent
from ovia_console.ask.events import EventReader, event_of
from ovia_console.ask.explaining import kpi_page, names_of
from ovia_console.pages.failures import as_problem
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.services import ServiceProblem
from ovia_shared.errors import OviaError

log = structlog.get_logger()

_STREAM = "text/event-stream"
# A proxy that gathers pieces, or packs them, would keep them back.
_HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}


class _Passage(msgspec.Struct, frozen=True):
    title_path: list[str]
    kind: str
    score: float
    updated_at: datetime | None = None


class _Done(msgspec.Struct, frozen=True):
    id: str


class _Problem(msgspec.Struct, frozen=True):
    status: int = 500
    detail: str = ""
    request_id: str = ""


@post("/ask/events", status_code=200)
async def stream(visit: OfVisit) -> Response[Any]:
    """Events `plan`, `passages`, `text` and `problem` with `html`, and `done` with the `id` of the answer.

    What is wrong before the first of them is an ordinary answer with its status.
    """
    pieces = _pieces(visit)
    try:
        first = await anext(pieces)
    except OviaError as error:
        problem = as_problem(error)
        if problem.status == 401:
            raise
        return visit.page("ask/failed.html", http_status=problem.status, problem=problem)
    return Stream(_all(first, pieces), media_type=_STREAM, headers=_HEADERS)


async def _all(first: bytes, others: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for one in others:
        yield one


async def _pieces(visit: Visit) -> AsyncIterator[bytes]:
    """Raises `ServiceProblem` only before the first piece; later it is the last piece."""
    body = (await sent(visit)).asked(visit)
    begun = False
    try:
        async with visit.rag.stream("POST", "/ask", body, accept=_STREAM) as answer:
            async for name, data in _events(answer):
                piece = await _passed_on(visit, name, data)
                if piece:
                    begun = True
                    yield piece
                if name in ("done", "problem"):
                    return
        raise ServiceProblem(502, "the answer ended in the middle")
    except (OviaError, ValueError) as error:
        if not begun:
            raise
        problem = error if isinstance(error, ServiceProblem) else ServiceProblem(502, "")
        yield _html(visit, "problem", "ask/failed.html", problem=problem)


async def _events(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, str]]:
    reader = EventReader()
    async for piece in answer.content.iter_any():
        for event in reader.feed(piece):
            yield event


async def _passed_on(visit: Visit, name: str, data: str) -> bytes:
    """The piece of an event. What only shows that something comes is done without where it cannot be shown."""
    try:
        return await _piece(visit, name, data)
    except (ServiceProblem, msgspec.MsgspecError) as error:
        if name in ("done", "problem"):
            raise
        log.warning("a part of an answer was not shown as it came", part=name, reason=str(error))
        return b""


async def _piece(visit: Visit, name: str, data: str) -> bytes:
    """What the page is told of an event; nothing of one it does not know."""
    match name:
        case "plan":
            plan = msgspec.json.decode(data, type=Plan)
            names = await names_of(visit, plan)
            return _html(
                visit, name, "ask/live/plan.html", plan=plan, names=names, kpi_page=lambda one: kpi_page(visit, one)
            )
        case "passages":
            passages = msgspec.json.decode(data, type=list[_Passage])
            return _html(visit, name, "ask/live/passages.html", passages=passages)
        case "text":
            return _html(visit, name, "ask/live/text.html", statement=msgspec.json.decode(data, type=Statement))
        case "done":
            return event_of(name, msgspec.json.encode(msgspec.json.decode(data, type=_Done)).decode())
        case "problem":
            told = msgspec.json.decode(data, type=_Problem)
            problem = ServiceProblem(told.status, told.detail, request_id=told.request_id)
            return _html(visit, name, "ask/failed.html", problem=problem)
    return b""


def _html(visit: Visit, name: str, template: str, **values: Any) -> bytes:
    text = visit.page(template, words=words, **values).content
    return event_of(name, msgspec.json.encode({"html": text}).decode())
