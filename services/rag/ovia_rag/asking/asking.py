"""From a question to a kept answer: understood first, then answered as of one moment.

No transaction is open while a provider is waited for: a model may take as long as a hundred questions without one.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import msgspec

from ovia_rag.answering import knowledge
from ovia_rag.answering.answer import Listener, put_together, searched, silent, state, word
from ovia_rag.answering.asked import Asked
from ovia_rag.asking.patience import QUESTION_SECONDS
from ovia_rag.asking.tools import Chosen, Tools
from ovia_rag.planning.by_model import planned_with
from ovia_rag.planning.planner import SHARED, by_rules, read_question
from ovia_rag.planning.reading import Reading
from ovia_rag.providers import haste
from ovia_rag.providers.spending import metered
from ovia_rag.wording.lists import saying
from ovia_shared.database import knowing
from ovia_shared.database.ask import filtering, sessions, sight
from ovia_shared.database.kpis import scopes
from ovia_shared.database.pool import Connection, Opening
from ovia_shared.errors import InvalidInput, OviaError
from ovia_shared.models.ask import AskAnswer, Filters, Plan
from ovia_shared.models.ask_sessions import NewQuestion
from ovia_shared.models.ask_usage import Usage
from ovia_shared.models.caller import Caller
from ovia_shared.models.data_quality import QualitySignals


class Begun(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A question that was read, as of `now`. `plan` is that of the rules; None if they refuse it and a model may not.

    Providers are asked until `ends`, by `time.monotonic`; what they were used for is put into `used`.
    """

    caller: Caller
    question: str
    filters: Filters
    chosen: Chosen
    reading: Reading
    plan: Plan | None
    now: datetime
    zone: ZoneInfo
    signals: QualitySignals
    started: float
    ends: float
    used: list[Usage]


class Understood(msgspec.Struct, frozen=True):
    """A plan, and what was done without."""

    plan: Plan
    notes: list[str] = []


async def begin(conn: Connection, caller: Caller, asked: NewQuestion, tools: Tools) -> Begun:
    """Reads a question. Raises `InvalidInput`, and `NotAllowed`, for what cannot be asked."""
    started = time.perf_counter()
    question = _checked(asked)
    await filtering.must_be_known(conn, caller.org_id, asked.filters)
    await filtering.projects_must_be_known(conn, caller.org_id, asked.filters)
    chosen = await tools.chosen(conn, caller.org_id)
    now = await knowing.settled(conn)
    zone = ZoneInfo(await scopes.time_zone(conn, caller.org_id))
    reading = await read_question(conn, caller.org_id, question, now=now, zone=zone, vocabularies=SHARED)
    plan = None
    try:
        plan = by_rules(reading, asked.filters, caller.role)
    except OviaError:
        if chosen.model is None:
            raise
    return Begun(
        caller=caller, question=question, filters=asked.filters, chosen=chosen, reading=reading, plan=plan, now=now,
        zone=zone, signals=await tools.known_quality.signals(conn, caller.org_id), started=started,
        ends=time.monotonic() + QUESTION_SECONDS, used=[],
    )  # fmt: skip


async def understand(begun: Begun) -> Understood:
    """The plan: by the model if there is one, else by rules. Raises `InvalidInput` and `NotAllowed`."""
    if begun.chosen.model is None:
        assert begun.plan is not None
        return Understood(begun.plan)
    with haste.until(begun.ends), metered(begun.used):
        planned = await planned_with(begun.chosen.model, begun.reading, begun.filters, begun.caller.role)
    if planned.failure is None:
        return Understood(planned.plan)
    return Understood(planned.plan, [saying("planned_by_rules", planned.plan.language, why=planned.failure)])


async def respond(
    opened: Opening, begun: Begun, understood: Understood, *, listener: Listener = silent, streamed: bool = False
) -> AskAnswer:
    """Answers by a plan, and keeps the answer; `streamed`: `listener` hears of a model's sentences as it writes them.

    Raises as `state` does.
    """
    with haste.until(begun.ends), metered(begun.used):
        return await _respond(partial(_sighted, opened, begun.caller), begun, understood, listener, streamed=streamed)


@asynccontextmanager
async def _sighted(opened: Opening, caller: Caller) -> AsyncIterator[Connection]:
    """A transaction that sees what its caller may: each has to be told anew."""
    async with opened() as conn:
        await sight.settle(conn, caller)
        yield conn


async def _respond(
    opened: Opening, begun: Begun, understood: Understood, listener: Listener, *, streamed: bool
) -> AskAnswer:
    caller, model = begun.caller, begun.chosen.model
    search, found = searched(understood.plan), None
    if search is not None:
        found = await begun.chosen.finder.find_apart(
            opened, caller.org_id, search, as_of=begun.now, limit=knowledge.LOOKED_THROUGH
        )
    async with opened() as conn:
        asked = Asked(
            conn=conn, caller=caller, question=begun.question, filters=begun.filters, plan=understood.plan,
            as_of=begun.now, zone=begun.zone, signals=begun.signals,
        )  # fmt: skip
        draft = await state(asked, found, listener=listener, to_be_worded=model is not None)
        version = await sessions.index_version(conn, caller.org_id)
    worded = await word(begun.question, draft, model, listener=listener, streamed=streamed)
    made = put_together(asked, draft, worded, version, begun.started)
    async with opened() as conn:
        made = msgspec.structs.replace(
            made,
            created_at=await knowing.clock(conn),
            usage=[*begun.used],
            notes=[*begun.chosen.notes, *understood.notes, *made.notes],
        )
        await sessions.keep(conn, caller, made)
    return made


def _checked(asked: NewQuestion) -> str:
    """The question without blanks around it. Raises `InvalidInput` for an empty one and for filters without a day."""
    question = " ".join(asked.question.split())
    if not any(one.isalnum() for one in question):
        raise InvalidInput("ask something: the question has no words", field="question")
    _must_have_days(asked.filters)
    return question


def _must_have_days(filters: Filters) -> None:
    if filters.since is not None and filters.until is not None and filters.since >= filters.until:
        raise InvalidInput("since must be before until", field="filters.since")
