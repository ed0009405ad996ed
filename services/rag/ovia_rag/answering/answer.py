"""Runs a plan: all that it asks for is looked up, stated with what supports it, and nothing else."""

import time
from collections.abc import Callable
from typing import Any

import msgspec

from ovia_rag.answering import knowledge, lists, numbers, people, why
from ovia_rag.answering.asked import Asked
from ovia_rag.answering.confidence import confidence
from ovia_rag.answering.draft import Draft
from ovia_rag.answering.follow_ups import asked_back, follow_ups
from ovia_rag.answering.knowledge import Finder
from ovia_rag.answering.rephrasing import Worded, rephrase
from ovia_rag.guard.addressed import without_instructions
from ovia_rag.guard.masking import clean
from ovia_rag.providers.chat import ChatModel
from ovia_rag.wording.lists import saying
from ovia_shared.database.ask import sessions
from ovia_shared.database.ids import new_id
from ovia_shared.models.ask import (
    Ambiguity,
    AskAnswer,
    Intent,
    Outcome,
    Passage,
    PersonQuestion,
    Plan,
    Search,
)

# Hears of the plan, the passages and each statement, as they come.
Listener = Callable[[str, Any], None]


def silent(_: str, __: Any) -> None:
    """For whoever waits for the whole."""


async def answer(
    asked: Asked, finder: Finder | None, *, model: ChatModel | None = None, listener: Listener = silent
) -> AskAnswer:
    """The answer to a plan, worded by the model if there is one.

    Raises `NotAllowed`, `NotFound` and `InvalidInput` for what the plan asks for.
    """
    started = time.perf_counter()
    plan = asked.plan
    listener("plan", plan)
    # What a model may still word otherwise is told once it did.
    draft = Draft(plan.language, None if model is not None else lambda said: listener("text", said))
    if plan.ambiguities:
        draft.looked_at += [_not_found(plan, one) for one in plan.ambiguities if not one.candidates]
    else:
        await _run(asked, draft, finder, listener)
        if not draft.looked_at:
            draft.looked_at.append(saying("nothing_asked", plan.language))
    if draft.dropped:
        draft.notes.append(saying("unsupported", plan.language, count=draft.dropped))
    worded = await _worded(asked, draft, model, listener)
    version = await sessions.index_version(asked.conn, asked.caller.org_id)
    return AskAnswer(
        id=new_id(),
        question=asked.question,
        filters=asked.filters,
        outcome=_outcome(plan, draft),
        plan=plan,
        statements=worded.statements,
        citations=_cited(draft, worded),
        confidence=confidence(plan, draft),
        assumptions=[*plan.assumptions, *(one for one in draft.assumptions if one not in plan.assumptions)],
        looked_at=draft.looked_at,
        follow_ups=asked_back(asked.question, plan) if plan.ambiguities else follow_ups(plan, worded.statements),
        notes=[*draft.notes, *worded.notes],
        usage=worded.usage,
        as_of=asked.as_of,
        index_version=version,
        milliseconds=round(1000 * (time.perf_counter() - started)),
        created_at=asked.signals.at,
    )


async def _worded(asked: Asked, draft: Draft, model: ChatModel | None, listener: Listener) -> Worded:
    if model is None or not draft.statements:
        return Worded(draft.statements, [], [])
    worded = await rephrase(asked.question, draft, model)
    for said in worded.statements:
        listener("text", said)
    return worded


async def _run(asked: Asked, draft: Draft, finder: Finder | None, listener: Listener) -> None:
    plan = asked.plan
    for metric in plan.metrics:
        if plan.intent is Intent.WHY:
            await why.tell(asked, draft, metric)
        else:
            await numbers.tell(asked, draft, metric)
    for wanted in plan.lists:
        await lists.tell(asked, draft, wanted)
    for one in plan.people:
        await people.tell(asked, draft, one)
    search = _search(plan)
    if search is None:
        return
    found = await knowledge.passages(asked, draft, finder, search)
    listener("passages", [_shown(one) for one in found[: knowledge.QUOTED]])
    if any(one.question is PersonQuestion.KNOWS_ABOUT for one in plan.people):
        await people.knowing(asked, draft, found)
    elif not draft.statements or plan.intent in (Intent.KNOWLEDGE, Intent.WHY, Intent.STATUS):
        knowledge.quote(asked, draft, found)


def _not_found(plan: Plan, ambiguity: Ambiguity) -> str:
    return saying("no_such_name", plan.language, text=ambiguity.text)


def _search(plan: Plan) -> Search | None:
    if plan.search is not None:
        return plan.search
    topics = [one.topic for one in plan.people if one.question is PersonQuestion.KNOWS_ABOUT and one.topic]
    return Search(text=topics[0]) if topics else None


def _outcome(plan: Plan, draft: Draft) -> Outcome:
    if plan.ambiguities:
        # What nothing is called like cannot be asked back.
        choices = all(one.candidates for one in plan.ambiguities)
        return Outcome.ASKED_BACK if choices else Outcome.REFUSED
    return Outcome.ANSWERED if draft.statements else Outcome.REFUSED


def _cited(draft: Draft, worded: Worded) -> list[Any]:
    """Only what a statement rests on: what was cited by one that was dropped is no evidence of anything."""
    used = {number for one in worded.statements for number in one.citations}
    return [one for one in draft.citations if one.number in used]


def _shown(passage: Passage) -> dict[str, Any]:
    """A passage while the answer is still being written."""
    return {
        "title_path": [without_instructions(clean(one)) for one in passage.title_path],
        "kind": passage.kind, "url": passage.url, "score": passage.score,
        "updated_at": msgspec.to_builtins(passage.updated_at),
    }  # fmt: skip
