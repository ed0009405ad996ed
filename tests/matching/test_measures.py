from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_shared.matching.measures import Agreement, Pairwise, b_cubed, calibration, pairwise, wrong_pairs

TRUTH: dict[str, str | None] = {"a1": "ann", "a2": "ann", "a3": "ann", "b1": "bo", "b2": "bo", "x": None}


def test_a_perfect_matching_has_an_f1_of_one() -> None:
    clusters = {"a1": 1, "a2": 1, "a3": 1, "b1": 2, "b2": 2}
    assert pairwise(clusters, TRUTH) == Pairwise(right=4, wrong=0, missed=0)
    assert pairwise(clusters, TRUTH).agreement.f1 == b_cubed(clusters, TRUTH).f1 == 1


def test_pairs_are_counted_as_one_would_by_hand() -> None:
    clusters = {"a1": 1, "a2": 1, "a3": 2, "b1": 2, "b2": 3}
    found = pairwise(clusters, TRUTH)
    assert found == Pairwise(right=1, wrong=1, missed=3)
    assert found.agreement == Agreement(1 / 2, 1 / 4)
    assert found.agreement.f1 == pytest.approx(1 / 3)


def test_b_cubed_is_the_mean_over_accounts() -> None:
    clusters = {"a1": 1, "a2": 1, "a3": 2, "b1": 2, "b2": 3}
    found = b_cubed(clusters, TRUTH)
    assert found.precision == pytest.approx((1 + 1 + 1 / 2 + 1 / 2 + 1) / 5)
    assert found.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 / 2 + 1 / 2) / 5)


def test_accounts_without_a_known_owner_do_not_count() -> None:
    clusters = {"a1": 1, "a2": 1, "a3": 1, "b1": 2, "b2": 2, "x": 1}
    assert pairwise(clusters, TRUTH).wrong == 0
    assert not list(wrong_pairs(clusters, TRUTH))


def test_an_account_in_no_cluster_is_alone() -> None:
    assert pairwise({}, TRUTH) == Pairwise(right=0, wrong=0, missed=4)
    assert b_cubed({}, TRUTH).precision == 1


def test_nothing_labelled_is_nothing_wrong() -> None:
    assert pairwise({"x": 1}, {"x": None}).agreement == b_cubed({"x": 1}, {"x": None}) == Agreement(1, 1)


def test_calibration_compares_confidence_with_the_share_that_was_true() -> None:
    found = calibration([(0.95, True)] * 19 + [(0.95, False)] + [(0.25, False)] * 20)
    assert [(one.low, one.high, one.count) for one in found.bins] == [(0.2, 0.3, 20), (0.9, 1.0, 20)]
    assert [one.true_share for one in found.bins] == [0, 0.95]
    assert found.error == pytest.approx(0.125)
    assert found.count == 40


def test_certainty_belongs_to_the_last_bin_and_nothing_has_no_error() -> None:
    assert calibration([(1.0, True)]).bins[0].high == 1
    assert calibration([]).error == 0


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan")])
def test_a_confidence_outside_its_range_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        calibration([(confidence, True)])


labelled = st.lists(st.tuples(st.integers(0, 4), st.sampled_from([None, "ann", "bo", "cy"])), max_size=16)


@given(labelled)
def test_counted_and_listed_pairs_agree(drawn: list[tuple[int, str | None]]) -> None:
    clusters = {place: cluster for place, (cluster, _) in enumerate(drawn)}
    truth = {place: owner for place, (_, owner) in enumerate(drawn)}
    known = [place for place, owner in truth.items() if owner is not None]
    wrong = {(a, b) for a, b in combinations(known, 2) if clusters[a] == clusters[b] and truth[a] != truth[b]}
    missed = {(a, b) for a, b in combinations(known, 2) if clusters[a] != clusters[b] and truth[a] == truth[b]}
    listed = list(wrong_pairs(clusters, truth))
    assert {(a, b) for a, b, joined in listed if joined} == wrong
    assert {(a, b) for a, b, joined in listed if not joined} == missed
    counted = pairwise(clusters, truth)
    assert (counted.wrong, counted.missed) == (len(wrong), len(missed))
    assert len(listed) == len(wrong) + len(missed)


@given(labelled)
def test_b_cubed_equals_its_definition(drawn: list[tuple[int, str | None]]) -> None:
    clusters = {place: cluster for place, (cluster, _) in enumerate(drawn)}
    truth = {place: owner for place, (_, owner) in enumerate(drawn)}
    known = [place for place, owner in truth.items() if owner is not None]
    found = b_cubed(clusters, truth)
    precisions, recalls = [], []
    for one in known:
        mine = {other for other in known if clusters[other] == clusters[one]}
        owned = {other for other in known if truth[other] == truth[one]}
        precisions.append(len(mine & owned) / len(mine))
        recalls.append(len(mine & owned) / len(owned))
    if known:
        assert found.precision == pytest.approx(sum(precisions) / len(known))
        assert found.recall == pytest.approx(sum(recalls) / len(known))
