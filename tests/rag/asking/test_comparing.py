"""What is told of two answers that differ."""

from typing import Any
from uuid import uuid4

import msgspec

from ovia_rag.asking import comparing
from ovia_shared.models.ask import (
    AskAnswer,
    Citation,
    CitationKind,
    Filters,
    Intent,
    Language,
    Outcome,
    Plan,
    Statement,
)
from tests.kpis.conftest import day


def _answer(*texts: str, rows: list[dict[str, Any]] | None = None, stated: list[str] | None = None) -> AskAnswer:
    citations = [
        Citation(number=number, kind=CitationKind.ROW, title=str(row.get("key")), row=row)
        for number, row in enumerate(rows or [], start=1)
    ]
    return AskAnswer(
        id=uuid4(), question="?", filters=Filters(), outcome=Outcome.ANSWERED,
        plan=Plan(language=Language.ENGLISH, intent=Intent.PERSON), statements=_said(texts), citations=citations,
        confidence=None, assumptions=[], looked_at=[], follow_ups=[], notes=[], usage=[], as_of=day(0),
        index_version=1, milliseconds=1, created_at=day(0), stated=_said(stated or []),
    )  # fmt: skip


def _said(texts: Any) -> list[Statement]:
    return [Statement(text=one, citations=[1]) for one in texts]


def test_what_was_stated_before_it_was_worded_is_compared() -> None:
    worded = _answer("Three it was.", stated=["A: 3."])
    assert comparing.statements(worded, _answer("A: 3.")) == []
    assert comparing.statements(worded, _answer("A: 2.")) == ["no longer said: A: 3.", "said now: A: 2."]
    assert comparing.statements(_answer("A", "B"), _answer("B", "A")) == ["the same is said in another order"]
    back = msgspec.structs.replace(worded, outcome=Outcome.ASKED_BACK)
    assert comparing.statements(back, _answer("A: 2.")) == []


def test_rows_are_told_by_what_became_of_them() -> None:
    then = _answer(rows=[{"key": "A-1", "state": "Doing"}, {"key": "A-2", "state": "Doing"}, {"key": "A-3", "age": 1}])
    now = _answer(rows=[{"key": "A-3", "age": 1.0}, {"key": "A-1", "state": None}, {"key": "A-4", "state": "Doing"}])
    assert comparing.rows(then, then) == []
    assert comparing.rows(then, now) == [
        "the row [1] “A-1” is another: state was Doing, is nothing",
        "the row [2] “A-2” is no longer there",
        "a row is new: “A-4”",
    ]


def test_a_row_that_is_somebody_elses_by_now_is_the_same_row() -> None:
    then = _answer(rows=[{"key": "A-1", "duty": "assignee", "person": "Ann", "person_id": "1"}])
    now = _answer(rows=[{"key": "A-1", "duty": "assignee", "person": "Bo", "person_id": "2"}])
    assert comparing.rows(then, now) == ["the row [1] “A-1” is another: person was Ann, is Bo; person_id was 1, is 2"]
