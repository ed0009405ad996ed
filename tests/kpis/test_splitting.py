"""A difference split into what groups contribute: by hand, and over whatever data there may be."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovia_shared.kpis.mixtures import Mixture
from ovia_shared.kpis.splitting import (
    EVERY_ORDER_UP_TO,
    Contribution,
    Side,
    Sides,
    of_counts,
    of_percentiles,
    of_shares,
    told,
)

numbers = st.floats(-1e9, 1e9, allow_nan=False).map(lambda number: number + 0.0)
lists = st.lists(numbers, min_size=0, max_size=6)


def _rows(groups: dict[str, list[float]]) -> dict[str, Side]:
    return {group: Side(n=len(rows), numbers=sorted(rows)) for group, rows in groups.items() if rows}


def _share(n: int, number: float, weight: float) -> Side:
    return Side(n=n, number=Fraction(number), weight=Fraction(weight))


def _total(found: list[Contribution]) -> Fraction:
    return sum((one.mix + one.rate for one in found), Fraction(0))


def _by_group(found: list[Contribution]) -> dict[str, tuple[object, object]]:
    # Fractions, which equal whole numbers.
    return {one.group: (one.mix, one.rate) for one in found}


def test_counts_change_by_how_many_each_group_has() -> None:
    found = of_counts({"a": Side(n=3), "b": Side(n=2)}, {"a": Side(n=5), "c": Side(n=1)})
    assert _by_group(found) == {"a": (0, 2), "b": (0, -2), "c": (0, 1)}
    assert [(one.before_n, one.after_n, one.after_share) for one in found] == [
        (3, 5, Fraction(5, 6)), (2, 0, Fraction(0)), (0, 1, Fraction(1, 6)),
    ]  # fmt: skip


def test_counts_per_day_of_windows_of_different_lengths_are_compared_per_day() -> None:
    found = of_counts({"a": Side(n=31)}, {"a": Side(n=28)}, (Fraction(31), Fraction(28)))
    assert _by_group(found) == {"a": (0, 0)}


def test_a_group_that_grows_and_one_that_worsens_are_told_apart() -> None:
    # 10 of 100 and 45 of 50 fail; later 5 of 50 and 90 of 100: both as bad as before, and the bad one larger.
    before = {"a": _share(100, 10, 100), "b": _share(50, 45, 50)}
    found = of_shares(before, {"a": _share(50, 5, 50), "b": _share(100, 90, 100)})
    assert [one.rate for one in found] == [0, 0]
    assert sum(one.mix for one in found) == Fraction(95, 150) - Fraction(55, 150)
    # Half each: a shrank below the mean, b grew above it.
    assert found[0].mix == Fraction(-1, 3) * (Fraction(1, 10) - Fraction(1, 2))
    found = of_shares({"a": _share(4, 1, 4), "b": _share(4, 1, 4)}, {"a": _share(4, 3, 4), "b": _share(4, 1, 4)})
    assert _by_group(found) == {"a": (0, Fraction(1, 4)), "b": (0, 0)}


def test_a_group_that_appears_is_mix_and_not_rate() -> None:
    found = of_shares({"a": _share(4, 1, 4)}, {"a": _share(4, 1, 4), "b": _share(4, 4, 4)})
    assert [one.rate for one in found] == [0, 0]
    assert found[0].mix + found[1].mix == Fraction(5, 8) - Fraction(1, 4)
    assert found[1].mix > found[0].mix > 0


def test_what_counts_without_weight_is_rate() -> None:
    # Items added to a sprint to which nothing was committed in this group.
    found = _by_group(of_shares({"a": _share(2, 0, 2)}, {"a": _share(2, 0, 2), "b": _share(1, 1, 0)}))
    assert found == {"a": (0, 0), "b": (0, Fraction(1, 2))}


def test_a_composite_without_one_of_its_parts_is_split_like_shares() -> None:
    # Scores 80 and 20, weighing 30 and 10; then the second part has no data.
    before = {"completion": _share(1, 30 * 80, 30), "spillover": _share(1, 10 * 20, 10)}
    found = of_shares(before, {"completion": _share(1, 30 * 80, 30)})
    assert [one.rate for one in found] == [0, 0]
    assert sum(one.mix for one in found) == 80 - 65
    assert [one.before for one in found] == [80, 20]


def test_a_median_moves_by_mix_where_only_the_shares_of_groups_change() -> None:
    before, after = {"fast": [1.0] * 9, "slow": [20.0] * 3}, {"fast": [1.0] * 3, "slow": [20.0] * 9}
    found = of_percentiles(_rows(before), _rows(after), 50)
    assert [one.rate for one in found] == [0, 0]
    assert sum(one.mix for one in found) == 19
    assert all(one.mix > 0 for one in found)


def test_of_many_rows_the_mix_is_all_but_the_distance_from_one_row_to_the_next() -> None:
    fast, slow = [float(n) for n in range(1000)], [float(n) for n in range(3000, 4000)]
    found = of_percentiles(_rows({"fast": fast * 3, "slow": slow}), _rows({"fast": fast, "slow": slow * 3}), 50)
    assert abs(sum(float(one.rate) for one in found)) <= 1
    assert sum(one.mix for one in found) > 2600


def test_a_median_moves_by_rate_where_the_rows_of_one_group_change() -> None:
    found = _by_group(
        of_percentiles(_rows({"a": [1.0, 2.0], "b": [3.0, 4.0]}), _rows({"a": [1.0, 2.0], "b": [5.0, 6.0]}), 50)
    )
    assert found == {"a": (0, 0), "b": (0, 1)}


def test_a_group_whose_rows_appear_is_mix_for_a_median_too() -> None:
    found = of_percentiles(_rows({"a": [1.0, 2.0, 3.0]}), _rows({"a": [1.0, 2.0, 3.0], "b": [9.0, 9.0, 9.0]}), 50)
    assert [one.rate for one in found] == [0, 0]
    assert _total(found) == 6 - 2


def test_groups_that_all_go_while_others_come_share_the_difference() -> None:
    found = of_percentiles(_rows({"a": [2.0]}), _rows({"b": [6.0]}), 50)
    assert _by_group(found) == {"a": (2, 0), "b": (2, 0)}


groups_of_rows = st.dictionaries(st.sampled_from("abcde"), lists, max_size=5).filter(lambda rows: any(rows.values()))


@given(groups_of_rows, groups_of_rows, st.sampled_from([50, 85, 90]))
def test_contributions_to_a_percentile_sum_to_its_change(
    before: dict[str, list[float]], after: dict[str, list[float]], percent: int
) -> None:
    ends = [_percentile(rows, percent) for rows in (before, after)]
    assert _total(of_percentiles(_rows(before), _rows(after), percent)) == ends[1] - ends[0]


@settings(max_examples=25)
@given(st.lists(st.tuples(numbers, numbers), min_size=EVERY_ORDER_UP_TO + 1, max_size=10))
def test_with_many_groups_they_sum_too(pairs: list[tuple[float, float]]) -> None:
    before = {str(place): [first] for place, (first, _) in enumerate(pairs)}
    after = {str(place): [second] for place, (_, second) in enumerate(pairs) if place % 3}
    difference = _percentile(after, 50) - _percentile(before, 50)
    assert _total(of_percentiles(_rows(before), _rows(after), 50)) == difference


weights = st.just(0.0) | st.floats(0.001, 1e9)
sides = st.dictionaries(
    st.sampled_from("abcdef"),
    st.builds(_share, st.integers(0, 99), st.integers(0, 10**6).map(float) | numbers, weights),
).filter(lambda found: any(side.weight for side in found.values()))


def _whole(given: Sides) -> Fraction:
    return sum((side.number for side in given.values()), Fraction(0)) / sum(side.weight for side in given.values())


@given(sides, sides)
def test_contributions_to_a_share_or_a_composite_sum_to_its_change(
    before: dict[str, Side], after: dict[str, Side]
) -> None:
    assert _total(of_shares(before, after)) == _whole(after) - _whole(before)


counts = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 10**9).map(lambda n: Side(n=n)))
lengths = st.fractions(Fraction(1, 86400), 5000, max_denominator=86400)


@given(counts, counts, lengths, lengths)
def test_contributions_to_a_count_and_to_a_rate_per_day_sum_to_its_change(
    before: dict[str, Side], after: dict[str, Side], first: Fraction, second: Fraction
) -> None:
    totals = [sum(side.n for side in sides.values()) for sides in (before, after)]
    assert _total(of_counts(before, after)) == totals[1] - totals[0]
    per_day = Fraction(totals[1]) / second - Fraction(totals[0]) / first
    assert _total(of_counts(before, after, (first, second))) == per_day


@given(st.lists(st.lists(numbers, max_size=8), min_size=1, max_size=4).filter(any), st.integers(0, 100))
def test_a_mixture_of_equal_weights_has_the_percentiles_of_sql(groups: list[list[float]], percent: int) -> None:
    weights = [Fraction(len(rows)) for rows in groups]
    mine = Mixture(groups).percentile(percent, weights)
    assert mine is not None
    theirs = float(np.percentile([number for rows in groups for number in rows], percent))
    assert math.isclose(float(mine), theirs, rel_tol=1e-9, abs_tol=1e-6)


def test_rows_without_weight_are_not_there() -> None:
    mixture = Mixture([[1.0, 3.0], [2.0, 2.5], [50.0]])
    assert mixture.percentile(50, [Fraction(1), Fraction(0), Fraction(0)]) == 2
    assert mixture.percentile(50, [Fraction(0), Fraction(0), Fraction(0)]) is None
    assert mixture.percentile(50, [Fraction(0), Fraction(0), Fraction(1, 7)]) == 50


def test_heavier_rows_draw_a_percentile_to_them() -> None:
    # Middles of weights 1, 1 and 2 stand at 0.5, 1.5 and 3; half the way from the first to the last is 1.75.
    mixture = Mixture([[0.0, 10.0], [20.0]])
    assert mixture.percentile(50, [Fraction(2), Fraction(2)]) == 10 + 10 * Fraction(1, 6)


finite = st.floats(-1e12, 1e12, allow_nan=False) | st.floats(-1e-9, 1e-9, allow_nan=False)


@given(st.lists(finite, min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_what_is_told_sums_to_the_difference_to_the_last_bit_in_any_order(leaves: list[float], chance: object) -> None:
    exact = [Fraction(leaf) / 3 for leaf in leaves]
    difference = sum(exact, Fraction(0))
    floats = told(exact, difference)
    in_order = sum(floats)
    chance.shuffle(floats)  # type: ignore[attr-defined]
    assert sum(floats) == in_order == math.fsum(floats)
    scale = sum(abs(leaf) for leaf in exact)
    # No float is smaller than 2 to the -1074.
    assert abs(Fraction(in_order) - difference) <= scale * Fraction(1, 2**49) + Fraction(1, 2**1074)


def test_nothing_is_told_of_what_contributed_nothing() -> None:
    assert told([Fraction(0), Fraction(1, 3), Fraction(0)], Fraction(1, 3))[::2] == [0.0, 0.0]
    assert told([Fraction(0), Fraction(0)], Fraction(0)) == [0.0, 0.0]


@pytest.mark.parametrize("size", [2, 3])
def test_every_order_of_groups_counts_the_same(size: int) -> None:
    # Whichever name a group has, its contribution is its own.
    rows = [([1.0, 5.0], [2.0, 9.0, 9.0]), ([3.0], [4.0]), ([7.0, 8.0], [0.5])][:size]
    names = "xyz"[:size]
    told_apart = set()
    for order in itertools.permutations(range(size)):
        before = _rows({names[place]: rows[one][0] for place, one in enumerate(order)})
        after = _rows({names[place]: rows[one][1] for place, one in enumerate(order)})
        found = _by_group(of_percentiles(before, after, 50))
        told_apart.add(tuple(found[names[order.index(one)]] for one in range(size)))
    assert len(told_apart) == 1


def _percentile(groups: dict[str, list[float]], percent: int) -> Fraction:
    rows = sorted(Fraction(number) for numbers in groups.values() for number in numbers)
    place = Fraction(percent, 100) * (len(rows) - 1)
    low = math.floor(place)
    high = min(low + 1, len(rows) - 1)
    return rows[low] + (rows[high] - rows[low]) * (place - low)
