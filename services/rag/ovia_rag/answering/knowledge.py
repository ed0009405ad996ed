"""What people wrote: the sentences of passages that fit the question, word for word."""

# ruff: noqa: RUF001 (Cyrillic letters are meant)

import re
from datetime import datetime
from typing import Protocol
from uuid import UUID

from ovia_rag.answering.asked import Asked
from ovia_rag.answering.draft import EXCERPT, Draft
from ovia_rag.guard.addressed import without_instructions
from ovia_rag.guard.masking import clean
from ovia_rag.wording.lists import kinds, saying
from ovia_shared.database.pool import Connection
from ovia_shared.models.ask import Passage, Search
from ovia_shared.models.ask_index import PartKind

# A passage less likely to answer than this supports nothing.
REFUSE_BELOW = 0.3
# From here on one passage alone is worth something.
STRONG = 0.6
# As many passages are quoted, and looked through.
QUOTED = 3
LOOKED_THROUGH = 20
SENTENCES = 2
LONGEST_QUOTE = 400

_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_HEADING = re.compile(r"^\s*(#{1,6}|h[1-6]\.)\s.*$", re.MULTILINE)
_WORD = re.compile(r"\w+")
# Endings are not looked at: words of one stem mostly begin alike.
_STEM = 5
_SMALL = frozenset(
    _WORD.findall(
        """
        the and for are was how what who why when where which does did with from that this have has can our you your not
        что как кто где когда почему какой какая какие каких или это для при над под без про она оно его наш есть был
        была было были
        """
    )
)


class FoundPassages(Protocol):
    """What a search gives."""

    @property
    def passages(self) -> list[Passage]:
        """Best first."""

    @property
    def looked_at(self) -> int:
        """How many chunks were searched."""

    @property
    def notes(self) -> list[str]:
        """What was done without."""


class Finder(Protocol):
    """Finds passages."""

    async def find(
        self, conn: Connection, org_id: UUID, search: Search, *, as_of: datetime, limit: int = 20
    ) -> FoundPassages:
        """The best `limit` passages for a search."""


def passages(asked: Asked, draft: Draft, found: FoundPassages | None, search: Search) -> list[Passage]:
    """Those found that fit the question well enough to support something, best first; and notes what was searched.

    A comment is found by the title of what it is about, too. One that has no word of the question itself says too
    little to come before what does.
    """
    if found is None or not found.looked_at:
        draft.looked_at.append(saying("nothing_indexed", asked.language))
        return []
    draft.notes += [one for one in found.notes if one not in draft.notes]
    enough = [one for one in found.passages if one.score >= REFUSE_BELOW]
    where = kinds(list(search.filters.kinds), asked.language)
    draft.looked_at.append(
        saying("passages", asked.language, kinds=where, found=len(found.passages), enough=len(enough))
    )
    wanted = _stems(asked.question)
    return sorted(enough, key=lambda one: one.part == PartKind.COMMENT and not wanted & _stems(one.text))


def quote(asked: Asked, draft: Draft, found: list[Passage]) -> None:
    """States what the best of these passages say."""
    for passage in found[:QUOTED]:
        text = fitting(asked.question, without_instructions(clean(passage.text))[:EXCERPT])
        if text and draft.say("quote", [draft.cite_passage(passage)], title=_title(passage), text=text):
            draft.fits.append((passage.score, f"{passage.kind} {passage.connection_id} {passage.external_id}"))


def fitting(question: str, text: str) -> str:
    """The sentences of a text that share most words with the question, in their order; else its beginning."""
    # A heading is told by the title already.
    told = _HEADING.sub("", text).strip() or text
    sentences = [one.strip() for one in _SENTENCE.split(told) if one.strip()]
    wanted = _stems(question)
    shared = [len(wanted & _stems(one)) for one in sentences]
    best = sorted(range(len(sentences)), key=lambda place: (-shared[place], place))[:SENTENCES]
    if not best:
        return ""
    most = shared[best[0]]
    kept = sorted(place for place in best if most == 0 or shared[place] * 2 >= most)
    return _shortened(" … ".join(_joined(sentences, kept)))


def _joined(sentences: list[str], places: list[int]) -> list[str]:
    """Those that follow each other as one piece: a gap is shown where there is one."""
    pieces: list[str] = []
    for number, place in enumerate(places):
        if number and places[number - 1] == place - 1:
            pieces[-1] = f"{pieces[-1]} {sentences[place]}"
        else:
            pieces.append(sentences[place])
    return pieces


def _shortened(text: str) -> str:
    if len(text) <= LONGEST_QUOTE:
        return text
    return text[:LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"


def _stems(text: str) -> set[str]:
    words = (one.lower().replace("ё", "е") for one in _WORD.findall(text))
    return {one[:_STEM] for one in words if len(one) > 2 and one not in _SMALL}


def _title(passage: Passage) -> str:
    return passage.title_path[0] if passage.title_path else passage.external_id
