"""An answer made again: its numbers by their receipts, the rest by its plan as of its own moment.

No model is asked: it would word things otherwise. What was stated before one worded it is compared, and its wording is
kept where that is the same. What sources keep as it is now only (an item, its assignee) is compared row by row with
what the answer cites, so that it is told what became of each.
"""

from uuid import UUID
from zoneinfo import ZoneInfo

from ovia_rag.answering.answer import answer
from ovia_rag.answering.asked import Asked
from ovia_rag.asking import comparing
from ovia_rag.asking.tools import Tools
from ovia_rag.guard.addressed import without_instructions
from ovia_rag.guard.masking import clean
from ovia_rag.wording.lists import saying
from ovia_shared.database import retention
from ovia_shared.database.ask import sessions
from ovia_shared.database.kpis import receipts, scopes
from ovia_shared.database.pool import Connection, attempt
from ovia_shared.errors import NotFound, OviaError
from ovia_shared.models.ask import AskAnswer, CitationKind
from ovia_shared.models.ask_sessions import AskReplay, ReplayedNumber
from ovia_shared.models.caller import Caller


async def replay(conn: Connection, caller: Caller, then: AskAnswer, tools: Tools) -> AskReplay:
    """Counts every receipt again, makes the answer again, and says what is another."""
    numbers = await _numbers(conn, caller, then)
    changes = [
        f"the number [{one.citation}] comes out otherwise, or its receipt is no longer kept"
        for one in numbers
        if not one.equal
    ]
    now = await _again(conn, caller, then, tools, changes)
    version = await sessions.index_version(conn, caller.org_id)
    if now is not None:
        changes += comparing.statements(then, now) + comparing.rows(then, now)
    changes += await _gone(conn, caller, then)
    same = not changes
    if version != then.index_version:
        changes.append(f"the index of texts is at version {version}, then it was at {then.index_version}")
    told = then.statements if same else [] if now is None else now.statements
    return AskReplay(
        id=then.id, same=same, numbers=numbers, changes=changes, statements=told,
        index_version_then=then.index_version, index_version_now=version,
    )  # fmt: skip


async def _numbers(conn: Connection, caller: Caller, then: AskAnswer) -> list[ReplayedNumber]:
    found = []
    for one in then.citations:
        if one.kind is CitationKind.RECEIPT and one.receipt_id is not None:
            equal = await _is_equal(conn, caller, one.receipt_id)
            found.append(ReplayedNumber(citation=one.number, receipt_id=one.receipt_id, equal=equal))
    return found


async def _is_equal(conn: Connection, caller: Caller, receipt_id: UUID) -> bool:
    try:
        counted = await receipts.replay(conn, caller.org_id, receipt_id)
    except NotFound:
        # Receipts are kept for a time only.
        return False
    await retention.replayed(conn, caller.org_id, receipt_id)
    return counted.equal


async def _again(
    conn: Connection, caller: Caller, then: AskAnswer, tools: Tools, changes: list[str]
) -> AskAnswer | None:
    asked = Asked(
        conn=conn, caller=caller, question=then.question, filters=then.filters, plan=then.plan, as_of=then.as_of,
        zone=ZoneInfo(await scopes.time_zone(conn, caller.org_id)),
        signals=await tools.known_quality.signals(conn, caller.org_id), past=True,
    )  # fmt: skip
    try:
        async with attempt(conn):
            return await answer(asked, (await tools.chosen(conn, caller.org_id)).finder)
    except OviaError as error:
        # A team or product that is gone by now, say: that is what became of it, not a fault of the request.
        changes.append(f"it cannot be answered any more: {error.message}")
        return None


async def _gone(conn: Connection, caller: Caller, then: AskAnswer) -> list[str]:
    changes = []
    for one in then.citations:
        if one.kind is CitationKind.PASSAGE and one.source is not None:
            texts = await sessions.texts_of(conn, caller.org_id, one.source)
            left_out = saying("left_out", then.plan.language)
            shown = [form for text in texts for form in (clean(text), without_instructions(clean(text), left_out))]
            if not any((one.excerpt or "") in text for text in shown):
                changes.append(f"the passage [{one.number}] “{one.title}” is gone or says something else")
    return changes
