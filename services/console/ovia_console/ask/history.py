"""The questions that were asked: one's own, and everybody's for managers."""

from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from ovia_console.ask import words
from ovia_console.ask.answers import History
from ovia_console.pages.visit import OfVisit

PAGE = 25
RECENT = 8


@get("/ask/history")
async def show(
    visit: OfVisit,
    everybody: bool = False,
    outcome: str = "",
    cursor: Annotated[str, QueryParameter(max_length=2000)] = "",
) -> Response[str]:
    """Newest first; htmx asks for the next page in place."""
    history = await visit.rag.get(
        "/ask/history", History, everybody=everybody or None, outcome=outcome, cursor=cursor, limit=PAGE
    )
    template = "ask/history_rows.html" if visit.in_place and cursor else "ask/history.html"
    return visit.page(template, history=history, everybody=everybody, outcome=outcome, words=words)


@get("/ask/recent")
async def show_recent(visit: OfVisit) -> Response[str]:
    """One's latest questions, beside the box."""
    history = await visit.rag.get("/ask/history", History, limit=RECENT)
    return visit.page("ask/recent.html", history=history, words=words)
