"""What people send to Ask besides a plan, and what is kept of it: questions, opinions, and answers made again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from ovia_shared.models.ask import (
    LONGEST_QUESTION,
    AskAnswer,
    Confidence,
    Filters,
    Intent,
    Language,
    Outcome,
    Statement,
)

_NoNul = "^[^\\x00]*\\Z"
QuestionText = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=LONGEST_QUESTION, pattern=_NoNul, description="In English or Russian.",
        examples=["How many merge requests were merged last month?"],
    ),
]  # fmt: skip


class NewQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question. `filters` narrow what it may be answered from, beside what it names itself."""

    question: QuestionText
    filters: Filters = msgspec.field(default_factory=Filters)


class NewFeedback(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether an answer helped, and what was wrong with it."""

    helpful: bool
    comment: Annotated[str, msgspec.Meta(min_length=1, max_length=4000, pattern=_NoNul)] | None = None


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's opinion of an answer, the last one they said."""

    answer_id: UUID
    caller: str
    helpful: bool
    comment: str | None
    created_at: datetime
    updated_at: datetime


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question that was asked, in short; `/ask/{id}` has the whole answer. `caller` asked it.

    `withheld`: the answer rests on texts that whoever lists this may not see.
    """

    id: UUID
    question: str
    caller: str
    language: Language
    intent: Intent
    outcome: Outcome
    confidence: Confidence | None
    statements: int
    helpful: bool | None
    milliseconds: int
    created_at: datetime
    withheld: bool = False


class AskedFilter(msgspec.Struct, frozen=True):
    """Whose questions are wanted: of one token, or of everybody; and with which outcome."""

    token_id: UUID | None = None
    outcome: Outcome | None = None


class AskedPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of questions ended."""

    created_at: Annotated[datetime, msgspec.Meta(tz=True)]
    id: UUID


class ReplayedNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A number of an answer counted again by its receipt. `equal`: to the byte, with the same facts behind it."""

    citation: int
    receipt_id: UUID
    equal: bool


class AskReplay(msgspec.Struct, frozen=True, kw_only=True):
    """An answer made again from its plan, as of its moment.

    `same`: the same statements from the same sources. If not, `changes` say what became another, and `statements` are
    what is said now. `index_version_then` and `_now` are those of the texts: numbers do not depend on them.
    """

    id: UUID
    same: bool
    numbers: list[ReplayedNumber]
    changes: list[str]
    statements: list[Statement]
    index_version_then: int
    index_version_now: int


class KeptAnswer(msgspec.Struct, frozen=True):
    """An answer as it was kept, and who asked. None: it rests on texts that may not be seen."""

    answer: AskAnswer | None
    token_id: UUID
    caller: str
