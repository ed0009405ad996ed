"""A confidence is shown with its reason, by the rule of docs/ask.md."""

from typing import Any

import pytest

from ovia_console.ask.explaining import choices_of_meaning, reasons_of
from ovia_console.ask.narrowing import Narrowing
from tests.console.ask.answering import answer, passage

RECEIPT = {"number": 1, "kind": "receipt", "title": "Throughput", "values": {"value": 3.0}}
UNSURE = {"text": "Thermel", "meant": {"kind": "team", "id": "1", "label": "Thermal", "score": 0.83}}


def plan(**told: Any) -> dict[str, Any]:
    return {"language": "en", "intent": "metric", **told}


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ({"confidence": None}, []),
        ({"confidence": "high", "citations": [RECEIPT]}, ["understood", "data is good"]),
        ({"confidence": "high", "citations": [passage(1, "a"), passage(2, "b")]}, ["understood", "sources agree"]),
        ({"confidence": "medium", "citations": [RECEIPT], "plan": plan(mentions=[UNSURE])}, ["unsure"]),
        ({"confidence": "medium", "citations": [RECEIPT], "plan": plan(by="gpt")}, ["model"]),
        ({"confidence": "low", "citations": [{**RECEIPT, "values": {"value": None}}]}, ["no data"]),
        ({"confidence": "low", "citations": [passage(1, "a"), passage(2, "a")]}, ["one source"]),
        ({"confidence": "medium", "citations": [passage(1, "a"), passage(2, "b")]}, ["fits somewhat"]),
        ({"confidence": "medium", "citations": [RECEIPT]}, ["data"]),
    ],
)
def test_the_reason_is_what_the_rule_lowered_it_for(told: dict[str, Any], names: list[str]) -> None:
    assert [one.name for one in reasons_of(answer(**told))] == names


def test_choosing_what_the_question_named_leaves_out_the_chip_against_it() -> None:
    named = {"kind": "team", "id": "1", "label": "Thermal", "score": 1.0}
    chip = {"kind": "team", "id": "2", "label": "Wave", "score": 1.0}
    back = answer(
        outcome="asked_back",
        plan=plan(ambiguities=[{"text": "Thermal", "candidates": [named, chip]}]),
        follow_ups=["Throughput of Thermal", "Throughput of Wave"],
    )
    first, second = choices_of_meaning(back, Narrowing(team="2", since="2026-11-01"))
    assert (first.question, first.kept) == ("Throughput of Thermal", Narrowing(since="2026-11-01"))
    assert (second.question, second.kept) == ("Throughput of Wave", Narrowing(team="2", since="2026-11-01"))
