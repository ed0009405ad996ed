"""A model words an answer that is already there: it may say it better, and may not say more.

Each sentence it writes must name citations that say all of it; what does not is replaced by what was stated without it.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from ovia_rag.answering.checking import repeats
from ovia_rag.answering.draft import Draft, evidence
from ovia_rag.guard.enclosing import enclose
from ovia_rag.guard.masking import clean
from ovia_rag.providers.chat import ChatModel, Completion, Message, Role
from ovia_rag.providers.failures import ProviderFailed
from ovia_rag.wording.lists import saying
from ovia_shared.models.ask import Language, Statement, Usage

MOST_TOKENS = 1200
MOST_SENTENCES = 20
_NAMES = {Language.ENGLISH: "English", Language.RUSSIAN: "Russian"}


class Sentence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence and the numbers of the passages that say it."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    citations: Annotated[list[int], msgspec.Meta(min_length=1, max_length=20)]


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model is asked to write."""

    sentences: Annotated[list[Sentence], msgspec.Meta(min_length=1, max_length=MOST_SENTENCES)]


class Worded(msgspec.Struct, frozen=True):
    """Statements as they are told, what was asked of a provider for them, and what was done without."""

    statements: list[Statement]
    usage: list[Usage]
    notes: list[str]


async def rephrase(question: str, draft: Draft, model: ChatModel) -> Worded:
    """The statements in the model's words, where these are supported; else as they were."""
    language = draft.language
    cited = [one.number for one in draft.citations if any(one.number in said.citations for said in draft.statements)]
    messages = _messages(question, draft, cited)
    try:
        completion = await model.complete(messages, schema=_schema(), max_tokens=MOST_TOKENS)
    except ProviderFailed as fault:
        return Worded(draft.statements, [], [saying("without_model", language, why=fault.message)])
    usage = [usage_of(model, completion)]
    try:
        written = msgspec.json.decode(completion.text, type=Written)
    except (msgspec.MsgspecError, UnicodeError):
        why = "it wrote something else than was asked for" if language is Language.ENGLISH else "ответ не по форме"
        return Worded(draft.statements, usage, [saying("without_model", language, why=why)])
    told = [one.content for one in messages if one.role is Role.SYSTEM]
    kept = [said for one in written.sentences if (said := _checked(one, draft, cited, told)) is not None]
    refused = len(written.sentences) - len(kept)
    # What was stated and the model left out, or could not support, is told as it was stated.
    covered = {number for one in kept for number in one.citations}
    missing = [one for one in draft.statements if not set(one.citations) <= covered]
    notes = [saying("model_corrected", language, count=refused)] if refused else []
    return Worded([*kept, *missing], usage, notes)


def usage_of(model: ChatModel, completion: Completion) -> Usage:
    """What a completion took."""
    return Usage(
        provider=model.name, model=model.model, prompt_tokens=completion.prompt_tokens,
        completion_tokens=completion.completion_tokens,
    )  # fmt: skip


def _checked(one: Sentence, draft: Draft, cited: Sequence[int], told: Sequence[str]) -> Statement | None:
    """The sentence as a statement, if the passages it names, by their numbers in what was sent, say all of it."""
    text = " ".join(clean(one.text).split())
    if not text or not all(1 <= place <= len(cited) for place in one.citations):
        return None
    numbers = sorted({cited[place - 1] for place in one.citations})
    if repeats(text, told) or not draft.bears(text, numbers):
        return None
    return Statement(text=text, citations=numbers)


def _messages(question: str, draft: Draft, cited: Sequence[int]) -> list[Message]:
    """The citations are enclosed as text of others, each with what was stated by it."""
    told = (
        "You word an answer that was already found. Say what the passages say to the question, and add nothing: no "
        f"number, name or date that is not in the passages a sentence names. Write {_NAMES[draft.language]}, short and "
        "plain. Each sentence names, in citations, the numbers of the passages that say it."
    )
    rules, passages = enclose([_shown(draft, number) for number in cited])
    asked = msgspec.json.encode({"question": clean(question)}).decode()
    return [Message(Role.SYSTEM, told), rules, Message(Role.USER, f"{asked}\n\n{passages}")]


def _shown(draft: Draft, number: int) -> str:
    one = next(citation for citation in draft.citations if citation.number == number)
    stated = [said.text for said in draft.statements if said.citations[:1] == [number]]
    values = [f"{name}: {value}" for name, value in (one.values or {}).items() if value is not None]
    return "\n".join([*stated, *(text for text in evidence(one)[0] if text and text not in stated), *values])[:3000]


def _schema() -> dict[str, object]:
    return msgspec.json.schema(Written)
