"""An answer as server-sent events: plan, passages, text for each statement, and done with the whole; or problem."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import msgspec
from litestar.response import ServerSentEventMessage

from ovia_rag.asking.asking import Begun, Understood, respond, understand
from ovia_shared.database.pool import Database
from ovia_shared.web.problems import problem_of

EVENTS = ("plan", "passages", "text", "done", "problem")


async def events(
    database: Database, begun: Begun, understood: Understood | None, request_id: str
) -> AsyncIterator[ServerSentEventMessage]:
    """Answers in transactions of its own: the request's ended when the first byte left.

    A question that is not `understood` yet has the plan of the rules told at once, and the model's if that is another.
    `done` is told once the answer is stored. Whoever goes away ends it.
    """
    queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    working = asyncio.create_task(_work(database, begun, understood, queue, request_id))
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
    database: Database, begun: Begun, understood: Understood | None, queue: asyncio.Queue[tuple[str, Any]],
    request_id: str,
) -> None:  # fmt: skip
    try:
        early = begun.plan if understood is None else understood.plan
        queue.put_nowait(("plan", early))
        if understood is None:
            understood = await understand(begun)
            if understood.plan != early:
                queue.put_nowait(("plan", understood.plan))
        made = await respond(
            partial(database.transaction, begun.caller.org_id), begun, understood,
            listener=lambda name, told: queue.put_nowait((name, told)), streamed=True,
        )  # fmt: skip
        queue.put_nowait(("done", made))
    except Exception as error:  # noqa: BLE001 (whatever it is, whoever listens is told)
        queue.put_nowait(("problem", problem_of(error, request_id)))
