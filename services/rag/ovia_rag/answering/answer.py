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
from ovia_rag.answering.knowledge import Finder, FoundPassages
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

# Hears of the passages and each statement, as they come.
Listener = Callable[[str, Any], None]


def silent(_: str, __: Any) -> None:
    """For whoever waits for the whole."""


async def answer(asked: Asked, finder: Finder | None, *, listener: Listener = silent) -> AskAnswer:
    """The answer to a plan without a model, on one connection. Raises as `state` does."""
    started = time.perf_counter()
    search, found = searched(asked.plan), None
    if search is not None and finder is not None:
        found = await finder.find(
            asked.conn, asked.caller.org_id, search, as_of=asked.as_of, limit=knowledge.LOOKED_THROUGH
        )
    draft = await state(asked, found, listener=listener)
    version = await sessions.index_version(asked.conn, asked.caller.org_id)
    return put_together(asked, draft, Worded(draft.statements, []), version, started)


def searched(plan: Plan) -> Search | None:
    """What passages are looked for, if any are."""
    if plan.ambiguities:
        return None
    if plan.search is not None:
        return plan.search
    topics = [one.topic for one in plan.people if one.question is PersonQuestion.KNOWS_ABOUT and one.topic]
    return Search(text=topics[0]) if topics else None


async def state(
    asked: Asked, found: FoundPassages | None, *, listener: Listener = silent, to_be_worded: bool = False
) -> Draft:
    """All that is stated, by what was found for `searched` and by what is counted and looked up here.

    Raises `NotAllowed`, `NotFound` and `InvalidInput` for what the plan asks for.
    """
    plan = asked.plan
    # What a model may still word otherwise is told once it did.
    draft = Draft(plan.language, None if to_be_worded else lambda said: listener("text", said))
    if plan.ambiguities:
        draft.looked_at += [_not_found(plan, one) for one in plan.ambiguities if not one.candidates]
    else:
        await _run(asked, draft, found, listener)
        if not draft.looked_at:
            draft.looked_at.append(saying("nothing_asked", plan.language))
    if draft.dropped:
        draft.notes.append(saying("unsupported", plan.language, count=draft.dropped))
    return draft


async def word(
    question: str, draft: Draft, model: ChatModel | None, *, listener: Listener = silent, streamed: bool = False
) -> Worded:
    """What is stated in the model's words, if there is one. Asks nothing of a database."""
    if model is None or not draft.statements:
        return Worded(draft.statements, [])
    return await rephrase(question, draft, model, tell=lambda said: listener("text", said), streamed=streamed)


def put_together(asked: Asked, draft: Draft, worded: Worded, version: int, started: float) -> AskAnswer:
    """The answer, of an index of this version; `started` is when it was begun, by `time.perf_counter`.

    What providers were used for is to be added by whoever asked them.
    """
    plan = asked.plan
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
        as_of=asked.as_of,
        index_version=version,
        usage=[],
        milliseconds=round(1000 * (time.perf_counter() - started)),
        created_at=asked.signals.at,
        stated=draft.statements if worded.statements != draft.statements else [],
    )


async def _run(asked: Asked, draft: Draft, found: FoundPassages | None, listener: Listener) -> None:
    plan = asked.plan
    search = searched(plan)
    passages = []
    if search is not None:
        passages = knowledge.passages(asked, draft, found, search)
        listener("passages", [_shown(one) for one in passages[: knowledge.QUOTED]])
    for metric in plan.metrics:
        if plan.intent is Intent.WHY:
            await why.tell(asked, draft, metric)
        else:
            await numbers.tell(asked, draft, metric)
    for wanted in plan.lists:
        await lists.tell(asked, draft, wanted)
    for one in plan.people:
        await people.tell(asked, draft, one)
    if any(one.question is PersonQuestion.KNOWS_ABOUT for one in plan.people):
        await people.knowing(asked, draft, passages)
    elif not draft.statements or plan.intent in (Intent.KNOWLEDGE, Intent.WHY, Intent.STATUS):
        knowledge.quote(asked, draft, passages)


def _not_found(plan: Plan, ambiguity: Ambiguity) -> str:
    return saying("no_such_name", plan.language, text=ambiguity.text)


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
