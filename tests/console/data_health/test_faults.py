"""Faults of the data are told by kind, the worst first, with places in numbers."""

from typing import Any

from ovia_console.data_health import words
from ovia_console.data_health.overview import Place, agrees, faults_of
from ovia_console.data_health.statuses import with_choices


def stream(name: str, *codes: str, **known: Any) -> dict[str, Any]:
    blank = {"connection": "Jira", "stream": name, "lag_seconds": 60.0, "failing": 1, "partitions": 3}
    return blank | {"reasons": [{"code": code} for code in codes]} | known


def reason(code: str, weight: float) -> dict[str, Any]:
    return {"code": code, "detail": f"{code} in English", "weight": weight, "what_to_do": ""}


def test_faults_of_one_kind_are_one_row_with_all_their_places() -> None:
    told = {
        "quality": {"reasons": [reason("behind", 0.1), reason("failing", 0.2), reason("behind", 0.3)]},
        "streams": [stream("issues", "behind", "failing"), stream("users", "behind"), stream("fields")],
    }
    worst, other = faults_of(told)
    assert (worst.remedy, worst.share) == (words.REMEDIES["behind"], 0.3)
    assert worst.places == [Place("Jira · issues", seconds=60.0), Place("Jira · users", seconds=60.0)]
    assert other.places == [Place("Jira · issues", 1, 3)]


def test_a_fault_nobody_here_knows_keeps_the_words_of_the_service() -> None:
    (fault,) = faults_of({"quality": {"reasons": [reason("new_one", 0.1)]}, "streams": []})
    assert fault.remedy is words.UNKNOWN
    assert fault.details == ["new_one in English"]


def test_counts_agree_when_all_came_and_all_became_rows() -> None:
    counts = {"announced": 5, "read": 5, "sent": 9, "ours": 9}
    assert agrees(counts) is True
    assert agrees(counts | {"read": 4}) is False
    assert agrees(counts | {"ours": 8}) is False
    assert agrees(dict.fromkeys(counts)) is None


def test_choices_are_added_to_what_statuses_mean_already() -> None:
    known = {"GLD": {"Open": "todo"}}
    chosen = [("GLD", "Shut", "done"), ("", "Odd", "todo"), ("GLD", "Open", "")]
    assert with_choices(known, chosen) == {"GLD": {"Open": "todo", "Shut": "done"}, "*": {"Odd": "todo"}}
    assert known == {"GLD": {"Open": "todo"}}
