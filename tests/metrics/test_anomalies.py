"""What stands out from a series, and what must not."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ovia_metrics.anomalies.detecting import LEAST_POINTS, THRESHOLD, find
from ovia_metrics.anomalies.telling import Anomaly
from ovia_shared.kpis.kpi import Direction
from ovia_shared.kpis.windows import Bucket

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
anything = st.one_of(st.none(), st.floats(width=64))
whole = st.integers(-1000, 1000).map(float)


def series(values: list[float | None] | list[float]) -> list[tuple[datetime, float | None]]:
    """Days from a Monday on."""
    return [(MONDAY + timedelta(days=place), value) for place, value in enumerate(values)]


def places(found: list[Anomaly]) -> list[int]:
    return [(one.start - MONDAY).days for one in found]


def noise(seed: int, count: int) -> list[float]:
    drawn: list[float] = np.random.default_rng(seed).normal(100, 5, count).tolist()
    return drawn


@given(st.lists(anything, max_size=80), st.sampled_from(Bucket), st.sampled_from(Direction))
@example([1e308, -1e308, 5e-324, math.inf, math.nan, None] * 8, Bucket.DAY, Direction.UP)
@settings(max_examples=40)
def test_whatever_the_series_it_is_looked_at(values: list[float | None], bucket: Bucket, better: Direction) -> None:
    for one in find(series(values), bucket, better):
        assert values[(one.start - MONDAY).days] == one.value
        assert one.low <= one.expected <= one.high
        assert not one.low <= one.value <= one.high
        assert abs(one.score) > THRESHOLD
        assert (one.good is None) == (better is Direction.NONE)


@given(st.lists(st.floats(-1e9, 1e9), max_size=LEAST_POINTS - 1), st.integers(0, 30))
def test_fewer_than_eight_points_with_data_raise_no_alarm(values: list[float], holes: int) -> None:
    assert find(series([*values, *[None] * holes]), Bucket.DAY) == []


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 120), st.sampled_from(Bucket))
@settings(max_examples=30)
def test_a_constant_series_raises_no_alarm(value: float, count: int, bucket: Bucket) -> None:
    assert find(series([value] * count), bucket) == []


@given(st.lists(whole, min_size=7, max_size=7), st.integers(15, 60), st.floats(-10, 10))
@settings(max_examples=40)
def test_a_week_that_repeats_raises_no_alarm_not_even_on_a_slope(week: list[float], count: int, slope: float) -> None:
    assert find(series([week[place % 7] + slope * place for place in range(count)]), Bucket.DAY) == []


@given(st.lists(whole, min_size=12, max_size=12), st.integers(24, 60))
@settings(max_examples=20)
def test_a_year_that_repeats_raises_no_alarm(year: list[float], count: int) -> None:
    assert find(series([year[place % 12] for place in range(count)]), Bucket.MONTH) == []


@given(st.integers(0, 10**6), st.integers(8, 60), st.integers(-10, 10), st.integers(-1000, 1000))
@settings(max_examples=30)
def test_neither_unit_nor_offset_matters(seed: int, count: int, power: int, offset: int) -> None:
    values = noise(seed, count)
    values[count // 2] += 300
    found = find(series(values), Bucket.DAY)
    # A score just at the threshold may fall to either side by rounding.
    assume(all(abs(abs(one.score) - THRESHOLD) > 1e-6 for one in found))
    other = find(series([value * 2.0**power + offset for value in values]), Bucket.DAY)
    assert places(other) == places(found)
    for one, two in zip(found, other, strict=True):
        assert math.isclose(two.score, one.score, rel_tol=1e-6)
        assert math.isclose(two.expected, one.expected * 2.0**power + offset, rel_tol=1e-6, abs_tol=1e-6)


@given(st.integers(0, 10**6), st.integers(28, 120), st.booleans(), st.data())
@settings(max_examples=40, derandomize=True)
def test_a_planted_spike_is_found(seed: int, count: int, up: bool, data: st.DataObject) -> None:
    # Not in the first or the last week, where a trend may still follow it.
    place = data.draw(st.integers(7, count - 8))
    values = [value + (0 if number % 7 < 5 else -60) for number, value in enumerate(noise(seed, count))]
    values[place] += 150 if up else -150
    found = [one for one in find(series(values), Bucket.DAY) if places([one]) == [place]]
    assert [one.score > 0 for one in found] == [up]


def test_noise_seldom_raises_an_alarm() -> None:
    alarms = [len(find(series(noise(seed, 60)), Bucket.DAY)) for seed in range(100)]
    # 0.05 % of points lie beyond the threshold by themselves; a decomposition taken as it is finds 7 %.
    assert sum(alarms) / 6000 < 0.005


def test_week_ends_on_which_nothing_happens_make_no_weekday_strange() -> None:
    chance = np.random.default_rng(5)
    alarms = 0
    for _ in range(40):
        counts = chance.poisson([6 if day % 7 < 5 else 0 for day in range(90)])
        alarms += len(find(series(counts.astype(float).tolist()), Bucket.DAY))
    assert alarms / 3600 < 0.01


def test_a_count_that_is_mostly_zero_does_not_make_every_other_day_strange() -> None:
    counts = [0.0] * 90
    for place in (3, 11, 20, 34, 41, 55, 60, 72, 85):
        counts[place] = 1.0
    assert find(series(counts), Bucket.DAY) == []
    counts[50] = 12.0
    assert places(find(series(counts), Bucket.DAY)) == [50]


def test_one_point_that_differs_among_equal_ones_stands_out() -> None:
    values = [7.0] * 40
    values[12] = 9.0
    assert places(find(series(values), Bucket.DAY)) == [12]


@pytest.mark.parametrize(("better", "good"), [(Direction.UP, False), (Direction.DOWN, True), (Direction.NONE, None)])
def test_a_fall_is_bad_where_more_is_better(better: Direction, good: bool | None) -> None:
    values = noise(1, 40)
    values[20] = 20.0
    (found,) = find(series(values), Bucket.DAY, better)
    assert found.good is good
    assert "is below the" in found.reason


def test_days_without_data_are_neither_strange_nor_in_the_way() -> None:
    values: list[float | None] = [None if place % 7 > 4 else value for place, value in enumerate(noise(2, 70))]
    values[30:33] = [None] * 3
    assert find(series(values), Bucket.DAY) == []
    values[44] = 200.0
    assert places(find(series(values), Bucket.DAY)) == [44]


def test_few_points_of_a_week_are_told_by_those_around_them() -> None:
    values: list[float | None] = [None] * 140
    values[::7] = noise(3, 20)
    values[70] = 300.0
    (found,) = find(series(values), Bucket.DAY)
    assert "the points around it" in found.reason


def test_a_series_of_weeks_has_a_season_of_a_year_once_it_is_two_years_long() -> None:
    year = [100 + 40 * math.sin(place / 52 * 2 * math.pi) for place in range(52)]
    values = [level + extra - 100 for level, extra in zip(year * 4, noise(4, 208), strict=True)]
    values[150] += 90
    found = find(series(values), Bucket.WEEK)
    assert 150 in places(found)
    assert all("this time of the year" in one.reason for one in found)
