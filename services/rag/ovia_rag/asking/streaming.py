"""An answer as server-sent events: plan, passages, text for each statement, and done with the whole; or problem."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar.response import ServerSentEventMessage

from ovia_rag.asking.asking import respond
from ovia_rag.asking.tools import Tools, Understood
from ovia_shared.database.pool import Database
from ovia_shared.models.ask_sessions import NewQuestion
from ovia_shared.models.caller import Caller
from ovia_shared.web.problems import problem_of

EVENTS = ("plan", "passages", "text", "done", "problem")


async def events(
    database: Database, caller: Caller, asked: NewQuestion, understood: Understood, tools: Tools, request_id: str
) -> AsyncIterator[ServerSentEventMessage]:
    """Answers in a transaction of its own: the request's ended when the first byte left.

    `done` is told once the answer is stored. Whoever goes away ends it.
    """
    queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    working = asyncio.create_task(_work(database, caller, asked, understood, tools, queue, request_id))
    try:
        while True:
            name, told = await queue.get()
            yield ServerSentEventMessage(event=name, data=msgspec.json.encode(told).decode())
            if name in ("done", "problem"):
                return
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working


async def _work(
    database: Database, caller: Caller, asked: NewQuestion, understood: Understood, tools: Tools,
    queue: asyncio.Queue[tuple[str, Any]], request_id: str,
) -> None:  # fmt: skip
    try:
        async with database.transaction(caller.org_id) as conn:
            made = await respond(
                conn, caller, asked, understood, tools, listener=lambda name, told: queue.put_nowait((name, told))
            )
        queue.put_nowait(("done", made))
    except Exception as error:  # noqa: BLE001 (whatever it is, whoever listens is told)
        queue.put_nowait(("problem", problem_of(error, request_id)))
