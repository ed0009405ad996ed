"""From a question to a kept answer: understood first, then answered as of one moment."""

from zoneinfo import ZoneInfo

import msgspec

from ovia_rag.answering.answer import Listener, answer, silent
from ovia_rag.answering.asked import Asked
from ovia_rag.asking.tools import Tools, Understood
from ovia_shared.database import knowing
from ovia_shared.database.ask import filtering, sessions, sight
from ovia_shared.database.kpis import scopes
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.models.ask import AskAnswer, Filters
from ovia_shared.models.ask_sessions import NewQuestion
from ovia_shared.models.caller import Caller


async def understand(conn: Connection, caller: Caller, asked: NewQuestion, tools: Tools) -> Understood:
    """The plan of a question. Raises `InvalidInput` and `NotAllowed`."""
    question = checked(asked)
    await filtering.must_be_known(conn, caller.org_id, asked.filters)
    await filtering.projects_must_be_known(conn, caller.org_id, asked.filters)
    chosen = await tools.chosen(conn, caller.org_id)
    return await tools.understand(
        conn, caller, question, asked.filters, now=await knowing.settled(conn),
        zone=ZoneInfo(await scopes.time_zone(conn, caller.org_id)), model=chosen.model,
    )  # fmt: skip


async def respond(
    conn: Connection,
    caller: Caller,
    asked: NewQuestion,
    understood: Understood,
    tools: Tools,
    *,
    listener: Listener = silent,
) -> AskAnswer:
    """Answers by a plan, and keeps the answer. Raises as `answer` does."""
    await sight.settle(conn, caller)
    chosen = await tools.chosen(conn, caller.org_id)
    made = await answer(
        Asked(
            conn=conn,
            caller=caller,
            question=checked(asked),
            filters=asked.filters,
            plan=understood.plan,
            as_of=await knowing.settled(conn),
            zone=ZoneInfo(await scopes.time_zone(conn, caller.org_id)),
            signals=await tools.known_quality.signals(conn, caller.org_id),
        ),
        chosen.finder,
        model=chosen.model,
        listener=listener,
    )
    made = msgspec.structs.replace(
        made,
        created_at=await knowing.clock(conn),
        usage=[*understood.usage, *made.usage],
        notes=[*chosen.notes, *understood.notes, *made.notes],
    )
    await sessions.keep(conn, caller, made)
    return made


def checked(asked: NewQuestion) -> str:
    """The question without blanks around it. Raises `InvalidInput` for an empty one and for filters without a day."""
    question = " ".join(asked.question.split())
    if not any(one.isalnum() for one in question):
        raise InvalidInput("ask something: the question has no words", field="question")
    _must_have_days(asked.filters)
    return question


def _must_have_days(filters: Filters) -> None:
    if filters.since is not None and filters.until is not None and filters.since >= filters.until:
        raise InvalidInput("since must be before until", field="filters.since")
