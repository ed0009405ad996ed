"""Questions and answers that are kept, what people think of them, and which version of the index there is."""

from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.ask import AskAnswer
from ovia_shared.models.ask_sessions import Asked, AskedFilter, AskedPosition, Feedback, KeptAnswer, NewFeedback
from ovia_shared.models.caller import Caller

_WANTED = """
 where a.org_id = $1 and ($2::uuid is null or a.token_id = $2) and ($3::text is null or a.outcome = $3)
"""

_WITHHELD = "(not sees_restricted() and ask_withholds(a.citations, a.restricted))"

PAGE = f"""
select a.id, a.query as question, a.caller, a.language, a.intent, a.outcome, a.confidence,
       jsonb_array_length(a.statements) as statements, f.helpful, a.milliseconds, a.created_at,
       {_WITHHELD} as withheld
  from ask_answers a
  left join ask_feedback f on f.org_id = $1 and f.answer_id = a.id and f.token_id = a.token_id
{_WANTED}
   and ($4::timestamptz is null or (a.created_at, a.id) < ($4, $5::uuid))
 order by a.created_at desc, a.id desc limit $6
"""  # noqa: S608 (constants)


async def keep(conn: Connection, caller: Caller, answer: AskAnswer) -> None:
    """Keeps an answer with its question and plan, as this caller's."""
    told: dict[str, Any] = msgspec.to_builtins(answer)
    await conn.execute(
        """
        insert into ask_answers (org_id, id, token_id, caller, query, filters, language, intent, plan, outcome,
                                 confidence, statements, citations, assumptions, looked_at, follow_ups, notes, usage,
                                 tokens, as_of, index_version, milliseconds, created_at, restricted, stated)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                $23, ask_withholds($13, false), $24)
        """,
        caller.org_id,
        answer.id,
        caller.token_id,
        caller.name,
        answer.question,
        told["filters"],
        answer.plan.language,
        answer.plan.intent,
        told["plan"],
        answer.outcome,
        answer.confidence,
        told["statements"],
        told["citations"],
        answer.assumptions,
        answer.looked_at,
        answer.follow_ups,
        answer.notes,
        told["usage"],
        sum(one.prompt_tokens + one.completion_tokens for one in answer.usage),
        answer.as_of,
        answer.index_version,
        answer.milliseconds,
        answer.created_at,
        told["stated"] or None,
    )


async def find_one(conn: Connection, org_id: UUID, answer_id: UUID) -> KeptAnswer | None:
    """This answer and who asked for it, or None.

    One that rests on texts which this transaction may not see is not told: its `answer` is None.
    """
    row = await conn.fetchrow(
        f"select a.*, {_WITHHELD} as withheld from ask_answers a where a.org_id = $1 and a.id = $2",  # noqa: S608 (constants)
        org_id,
        answer_id,
    )
    if row is None:
        return None
    return KeptAnswer(None if row["withheld"] else _to_answer(row), row["token_id"], row["caller"])


async def find(
    conn: Connection, org_id: UUID, wanted: AskedFilter, after: AskedPosition | None, most: int
) -> list[Asked]:
    """At most `most` questions behind `after`, newest first; each with what its asker thought of the answer."""
    rows = await conn.fetch(PAGE, *page_values(org_id, wanted, after, most))
    return to_models(Asked, rows)


def page_values(org_id: UUID, wanted: AskedFilter, after: AskedPosition | None, most: int) -> tuple[Any, ...]:
    """What `PAGE` is asked with."""
    created_at, answer_id = (None, None) if after is None else (after.created_at, after.id)
    return org_id, wanted.token_id, wanted.outcome, created_at, answer_id, most


async def count(conn: Connection, org_id: UUID, wanted: AskedFilter) -> int:
    """How many questions the filter lets through."""
    total: int = await conn.fetchval(
        f"select count(*) from ask_answers a {_WANTED}",  # noqa: S608 (constants)
        org_id,
        wanted.token_id,
        wanted.outcome,
    )
    return total


async def judge(conn: Connection, caller: Caller, answer_id: UUID, given: NewFeedback) -> Feedback:
    """Keeps what this caller thinks of an answer, in place of what they said before."""
    rows = await conn.fetch(
        """
        insert into ask_feedback (org_id, answer_id, token_id, caller, helpful, comment)
        values ($1, $2, $3, $4, $5, $6)
            on conflict (org_id, answer_id, token_id) do update
               set helpful = excluded.helpful, comment = excluded.comment, caller = excluded.caller, updated_at = now()
        returning answer_id, caller, helpful, comment, created_at, updated_at
        """,
        caller.org_id,
        answer_id,
        caller.token_id,
        caller.name,
        given.helpful,
        given.comment,
    )
    return to_models(Feedback, rows)[0]


async def index_version(conn: Connection, org_id: UUID) -> int:
    """That of the index of texts; 0 if nothing was ever indexed."""
    version: int | None = await conn.fetchval("select version from ask_index_states where org_id = $1", org_id)
    return version or 0


async def texts_of(conn: Connection, org_id: UUID, source: dict[str, Any]) -> list[str]:
    """What a passage was cited from says by now, in pieces; nothing if it is gone."""
    rows = await conn.fetch(
        """
        select content from ask_chunks
         where org_id = $1 and source_kind = $2 and external_id = $3 and part = $4 and part_external_id = $5
           and ($6::uuid is null or connection_id = $6)
         order by ordinal
        """,
        org_id,
        source["kind"],
        source["external_id"],
        source["part"],
        source["part_external_id"],
        source.get("connection_id"),
    )
    return [row["content"] for row in rows]


def _to_answer(row: asyncpg.Record) -> AskAnswer:
    told = {name: row[name] for name in AskAnswer.__struct_fields__ if name != "question"}
    return msgspec.convert({**told, "question": row["query"], "stated": row["stated"] or []}, AskAnswer)
