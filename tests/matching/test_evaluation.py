import math
from uuid import UUID

import pytest

from ovia_shared.matching.evaluation import KINDS, Evaluation
from ovia_shared.matching.learning import Labelled
from ovia_shared.matching.published import SETTINGS
from ovia_shared.models.decision import MatchingSettings
from ovia_shared.models.identity import Account


def labelled(*rows: tuple[str | None, str | None, str | None, str | None]) -> Labelled:
    """Accounts of display name, e-mail and login, with their owners."""
    accounts = [
        Account(UUID(int=place), "git", login, email, name) for place, (name, email, login, _) in enumerate(rows, 1)
    ]
    return Labelled(accounts, [owner for *_, owner in rows])


CROWD = labelled(
    ("Ann Lindqvist", "ann@gliders.example", None, "ann"),
    ("A. Lindqvist", "ann@gliders.example", None, "ann"),
    ("windsock", "w@elsewhere.example", None, "ann"),
    ("Bo Ekberg", "bo@gliders.example", None, "bo"),
    ("Bo Ekberg", "bo@gliders.example", "bo", "another bo"),
    ("Cy Dahl", "cy@gliders.example", None, None),
    ("Cy Dahl", "cy@gliders.example", "cyd", None),
)


def test_a_report_counts_what_was_right_wrong_and_missed() -> None:
    report = Evaluation(CROWD, MatchingSettings()).report()
    assert (report.accounts, report.labelled, report.owners) == (7, 5, 4 - 1)
    assert (report.certain.pairs.right, report.certain.pairs.wrong, report.certain.pairs.missed) == (1, 1, 2)
    assert report.certain.f1 == pytest.approx(2 * 0.5 * (1 / 3) / (0.5 + 1 / 3))
    assert report.auto + report.conflict + report.orphans == report.accounts
    assert report.errors == {"one_mailbox": 1, "not_compared": 2}


def test_every_wrong_pair_comes_with_its_owners_and_its_trace() -> None:
    evaluation = Evaluation(CROWD, MatchingSettings())
    (joined,) = [pair for pair in evaluation.wrong() if pair.joined]
    assert set(joined.owners) == {"bo", "another bo"}
    assert joined.confidence is not None
    log_odds = sum(one.contribution for one in joined.trace)
    assert joined.confidence == pytest.approx(1 / (1 + math.exp(-log_odds)), abs=0.01)
    assert all(joined.links)
    apart = [pair for pair in evaluation.wrong() if not pair.joined]
    assert {(pair.kind, pair.confidence, pair.trace) for pair in apart} == {("not_compared", None, ())}


def test_errors_are_counted_as_they_are_listed() -> None:
    evaluation = Evaluation(CROWD, SETTINGS)
    listed = [pair.kind for pair in evaluation.wrong()]
    report = evaluation.report()
    assert sum(report.errors.values()) == len(listed) == report.certain.pairs.wrong + report.certain.pairs.missed
    assert set(listed) <= set(KINDS)
    assert report.engine_version == "published-1"


def test_accounts_that_say_the_same_are_wrong_by_their_mailbox() -> None:
    twins = labelled(
        ("Bo Ekberg", "bo@gliders.example", None, "bo"), ("Bo Ekberg", "bo@gliders.example", None, "other")
    )
    (wrong,) = Evaluation(twins, MatchingSettings()).wrong()
    assert (wrong.kind, wrong.joined) == ("one_mailbox", True)
    assert wrong.trace


def test_a_proposal_counts_as_waiting_and_not_as_joined() -> None:
    report = Evaluation(CROWD, MatchingSettings(auto=1.0, conflict=0.5)).report()
    assert report.certain.pairs.right == 0
    assert report.proposed.pairs.right == 1
    assert report.errors["waits"] == 1
    assert report.by_link.count >= 0


def test_nothing_labelled_and_nothing_at_all_are_no_fault() -> None:
    for crowd in (labelled(), labelled(("Ann Lindqvist", "ann@gliders.example", None, None))):
        report = Evaluation(crowd, MatchingSettings()).report()
        assert report.certain.f1 == 1
        assert (report.errors, report.by_pair.count, report.by_link.count) == ({}, 0, 0)
