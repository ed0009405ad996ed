"""Floors under what matching reaches on the sample organisation, whose namesakes and brides are made to be hard."""

import csv

import pytest

from ovia_demo.identities import as_csv
from ovia_demo.organisation import UNTIL, generate
from ovia_shared.admin.labelled_files import identity
from ovia_shared.matching.evaluation import Evaluation, Report
from ovia_shared.matching.learning import Labelled
from ovia_shared.matching.published import SETTINGS
from ovia_shared.models.decision import MatchingSettings
from ovia_shared.models.identity import Account


@pytest.fixture(scope="module")
def sample() -> Labelled:
    rows = list(csv.DictReader(as_csv(generate(7, 60, 1, UNTIL)).splitlines()))
    accounts = [
        Account(
            identity(row["identity_id"]),
            row["source"],
            row["username"] or None,
            row["email"] or None,
            row["display_name"] or None,
        )
        for row in rows
    ]
    return Labelled(accounts, [row["person"] or None for row in rows])


def judged(sample: Labelled, settings: MatchingSettings) -> Report:
    return Evaluation(sample, settings).report()


def test_matching_does_not_fall_below_what_it_reached(sample: Labelled) -> None:
    report = judged(sample, MatchingSettings())
    assert report.certain.agreement.precision >= 0.93
    assert report.certain.f1 >= 0.89
    assert report.certain.b_cubed_f1 >= 0.93
    assert report.by_pair.error <= 0.06


def test_it_is_far_better_than_the_published_rule(sample: Labelled) -> None:
    assert judged(sample, MatchingSettings()).certain.f1 > judged(sample, SETTINGS).certain.f1 + 0.3
