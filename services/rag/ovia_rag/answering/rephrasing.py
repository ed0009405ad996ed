"""A model words an answer that is already there: it may say it better, and may not say more.

Each sentence it writes must name citations that say all of it; what does not is replaced by what was stated without it.
"""

import contextlib
from collections.abc import AsyncGenerator, Sequence
from typing import Annotated

import msgspec

from ovia_rag.answering.checking import repeats
from ovia_rag.answering.draft import Draft, Tell, evidence
from ovia_rag.guard.enclosing import enclose
from ovia_rag.guard.masking import clean
from ovia_rag.guard.private_keys import MASK
from ovia_rag.providers.chat import ChatModel, Completion, Message, Role
from ovia_rag.providers.failures import ProviderFailed
from ovia_rag.wording.lists import saying
from ovia_shared.models.ask import Language, Statement

MOST_TOKENS = 1200
MOST_SENTENCES = 20
_NAMES = {Language.ENGLISH: "English", Language.RUSSIAN: "Russian"}
# What models put around lines of JSON all the same.
_AROUND = frozenset({"", "[", "]", "```", "```json", "```jsonl"})


class Sentence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence and the numbers of the passages that say it."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    citations: Annotated[list[int], msgspec.Meta(min_length=1, max_length=20)]


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model is asked to write."""

    sentences: Annotated[list[Sentence], msgspec.Meta(min_length=1, max_length=MOST_SENTENCES)]


class Worded(msgspec.Struct, frozen=True):
    """Statements as they are told, and what was done without."""

    statements: list[Statement]
    notes: list[str]


async def rephrase(
    question: str, draft: Draft, model: ChatModel, *, tell: Tell = lambda _: None, streamed: bool = False
) -> Worded:
    """The statements in the model's words, where these are supported; else as they were.

    `tell` hears of each; with `streamed` while the model goes on writing, once a sentence is whole and was checked.
    What was told is told: if the model fails midway, the rest is told as it was stated.
    """
    cited = [one.number for one in draft.citations if any(one.number in said.citations for said in draft.statements)]
    messages = _messages(question, draft, cited, streamed=streamed)
    checked = _Checked(draft, cited, [one.content for one in messages if one.role is Role.SYSTEM], tell)
    why = None
    try:
        if streamed:
            await _streamed(model, messages, checked)
        else:
            completion = await model.complete(messages, schema=_schema(), max_tokens=MOST_TOKENS)
            checked.read(completion.text)
    except ProviderFailed as fault:
        why = fault.message
    return _with_the_rest(draft, checked, why, tell)


async def _streamed(model: ChatModel, messages: Sequence[Message], checked: "_Checked") -> None:
    rest = ""
    pieces: AsyncGenerator[str | Completion] = model.stream(messages, max_tokens=MOST_TOKENS)
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, str):
                *lines, rest = (rest + piece).split("\n")
                for line in lines:
                    checked.read(line)
    # The last line is whole only if the text is.
    checked.read(rest)


def _with_the_rest(draft: Draft, checked: "_Checked", why: str | None, tell: Tell) -> Worded:
    language = draft.language
    # What was stated and the model left out, or could not support, is told as it was stated.
    covered = {number for one in checked.kept for number in one.citations}
    missing = [one for one in draft.statements if not set(one.citations) <= covered]
    for one in missing:
        tell(one)
    notes = []
    if why is None and not checked.sentences:
        why = "it wrote something else than was asked for" if language is Language.ENGLISH else "ответ не по форме"
    if why is not None:
        notes.append(saying("model_stopped" if checked.kept else "without_model", language, why=why))
    if checked.refused:
        notes.append(saying("model_corrected", language, count=checked.refused))
    return Worded([*checked.kept, *missing], notes)


class _Checked:
    """Sentences of a model as they come: those that are supported are kept, and told."""

    def __init__(self, draft: Draft, cited: Sequence[int], told: Sequence[str], tell: Tell) -> None:
        self.kept: list[Statement] = []
        self.sentences = 0
        self._draft = draft
        self._cited = cited
        self._told = told
        self._tell = tell

    @property
    def refused(self) -> int:
        """How many said more than they cite."""
        return self.sentences - len(self.kept)

    def read(self, text: str) -> None:
        """The whole, or a line of it. What is of another form is nothing."""
        text = text.strip().removesuffix(",")
        if text in _AROUND:
            return
        with contextlib.suppress(msgspec.MsgspecError, UnicodeError, RecursionError):
            self._take(msgspec.json.decode(text, type=Sentence))
            return
        with contextlib.suppress(msgspec.MsgspecError, UnicodeError, RecursionError):
            for one in msgspec.json.decode(text, type=Written).sentences:
                self._take(one)

    def _take(self, one: Sentence) -> None:
        if self.sentences >= MOST_SENTENCES:
            return
        self.sentences += 1
        said = self._statement(one)
        if said is not None:
            self.kept.append(said)
            self._tell(said)

    def _statement(self, one: Sentence) -> Statement | None:
        """The sentence as a statement, if the passages it names, by their numbers in what was sent, say all of it."""
        text = " ".join(clean(one.text).split())
        if MASK in text and MASK not in one.text:
            # A secret that nobody cited: what we show has them masked already.
            return None
        if not text or not all(1 <= place <= len(self._cited) for place in one.citations):
            return None
        numbers = sorted({self._cited[place - 1] for place in one.citations})
        if repeats(text, self._told) or not self._draft.bears(text, numbers):
            return None
        return Statement(text=text, citations=numbers)


def _messages(question: str, draft: Draft, cited: Sequence[int], *, streamed: bool) -> list[Message]:
    """The citations are enclosed as text of others, each with what was stated by it."""
    told = (
        "You word an answer that was already found. Say what the passages say to the question, and add nothing: no "
        f"number, name or date that is not in the passages a sentence names. Write {_NAMES[draft.language]}, short and "
        "plain. Each sentence names, in citations, the numbers of the passages that say it."
    )
    if streamed:
        told += (
            ' Write each sentence as one line of JSON of the form {"text": "…", "citations": [1]}, and nothing around '
            "the lines."
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
