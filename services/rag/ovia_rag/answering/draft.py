"""An answer while it is put together: what it rests on, what it says, and what was looked at."""

import string
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import msgspec
import structlog

from ovia_rag.answering.checking import supported
from ovia_rag.guard.addressed import without_instructions
from ovia_rag.guard.masking import clean
from ovia_rag.wording.amounts import WORDS
from ovia_rag.wording.lists import saying
from ovia_rag.wording.sentences import template
from ovia_shared.models.ask import Citation, CitationKind, Language, Passage, Statement

log = structlog.get_logger()

# As much of a passage as a citation shows.
EXCERPT = 1200

Tell = Callable[[Statement], None]


class Draft:
    """Collects citations and statements. A statement is kept only if what it cites supports it.

    `tell` hears of each statement that is kept, as it comes.
    """

    def __init__(self, language: Language, tell: Tell | None = None) -> None:
        self.language = language
        self.citations: list[Citation] = []
        self.statements: list[Statement] = []
        self.assumptions: list[str] = []
        self.looked_at: list[str] = []
        self.notes: list[str] = []
        self.dropped = 0
        # How far the numbers told can be trusted; from 0 to 1.
        self.qualities: list[float] = []
        # How well passages fit the question, and of what they are; from 0 to 1.
        self.fits: list[tuple[float, str]] = []
        self.without_data = 0
        self._tell = tell

    def cite(self, kind: CitationKind, title: str, **told: Any) -> int:
        """The number of a citation that says this; one that is there already is not told twice."""
        wanted = Citation(number=0, kind=kind, title=without_instructions(clean(title), self.left_out), **told)
        for one in self.citations:
            if msgspec.structs.replace(one, number=0) == wanted:
                return one.number
        number = len(self.citations) + 1
        self.citations.append(msgspec.structs.replace(wanted, number=number))
        return number

    def cite_passage(self, passage: Passage) -> int:
        """A passage, whole enough to be found again after the index changed."""
        return self.cite(
            CitationKind.PASSAGE,
            " / ".join(passage.title_path) or passage.external_id,
            url=passage.url,
            excerpt=excerpt_of(passage.text, self.left_out),
            source=source_of(passage),
            updated_at=passage.updated_at,
        )

    def cite_row(self, title: str, row: dict[str, Any], url: str | None = None) -> int:
        """A row of a list, or what is known of somebody. Texts in it come from sources, and are cleaned."""
        return self.cite(CitationKind.ROW, title, url=url, row=self._cleaned(row))

    @property
    def left_out(self) -> str:
        """What stands in the place of what a source says to an assistant."""
        return saying("left_out", self.language)

    def _cleaned(self, row: dict[str, Any]) -> dict[str, Any]:
        return {
            name: without_instructions(clean(value), self.left_out) if isinstance(value, str) else value
            for name, value in row.items()
        }

    def cite_receipt(self, title: str, receipt_id: UUID, kpi: str, values: dict[str, float | None]) -> int:
        """A number's receipt, with the values that are told of it."""
        return self.cite(CitationKind.RECEIPT, title, receipt_id=receipt_id, kpi=kpi, values=values)

    def say(self, name: str, citations: Sequence[int], phrases: Sequence[str] = (), /, **values: object) -> bool:
        """A statement by the template of that name. `phrases` are words of ours inside its values.

        What the template and our phrases say themselves needs no support; what is put into them does.
        """
        own = " ".join(part for part, *_ in string.Formatter().parse(template(name, self.language)) if part)
        text = template(name, self.language).format(**self._cleaned(values))
        return self.state(text, citations, (own, WORDS, *phrases))

    def state(self, text: str, citations: Sequence[int], own: Sequence[str] = ()) -> bool:
        """A statement in these words; whether it is supported, and was kept."""
        text = clean(text)
        if not self.bears(text, citations, own):
            self.dropped += 1
            log.warning("an unsupported statement was dropped", citations=list(citations), characters=len(text))
            return False
        said = Statement(text=text, citations=sorted(set(citations)))
        self.statements.append(said)
        if self._tell is not None:
            self._tell(said)
        return True

    def bears(self, text: str, citations: Sequence[int], own: Sequence[str] = ()) -> bool:
        """Whether these citations say all that the text does."""
        cited = [one for one in self.citations if one.number in citations]
        if not cited:
            return False
        texts, values = [*own], []
        for one in cited:
            more, numbers = evidence(one)
            texts += more
            values += numbers
        return supported(text, texts, values)


def source_of(passage: Passage) -> dict[str, Any]:
    """Where a passage is from, by its source's own ids."""
    return {
        "kind": passage.kind,
        "connection_id": None if passage.connection_id is None else str(passage.connection_id),
        "external_id": passage.external_id,
        "part": passage.part,
        "part_external_id": passage.part_external_id,
        "start": passage.start,
        "end": passage.end,
        "version": passage.version,
    }


def evidence(citation: Citation) -> tuple[list[str], list[float]]:
    """The texts and the numbers of a citation, for whoever checks a sentence against it."""
    texts = [citation.title, citation.excerpt or "", *(str(name) for name in citation.values or ())]
    numbers = [value for value in (citation.values or {}).values() if value is not None]
    for value in (citation.row or {}).values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, bool) or one is None:
                continue
            if isinstance(one, int | float):
                numbers.append(float(one))
            else:
                texts.append(str(one))
    return texts, numbers


def excerpt_of(text: str, left_out: str) -> str:
    """What a citation shows of a passage: what it says to an assistant is evidence of nothing, and is left out."""
    return without_instructions(clean(text), left_out)[:EXCERPT]
