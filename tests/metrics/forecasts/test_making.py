"""Forecasts as they are made: what must hold whatever the history, and what they say where it can be worked out."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovia_metrics.forecasts.making import LEAST_DAYS, LEAST_DONE, make
from ovia_metrics.forecasts.what_if import check
from ovia_shared.errors import InvalidInput
from ovia_shared.models.forecast import Confidence, Outlook, WhatIf
from ovia_shared.models.kpi import ScopeKind
from tests.metrics.forecasts.histories import HOW_MANY, TODAY, WHEN, histories, history, how_many, question, seeds

# 84 days before a Thursday is a Thursday too: two items on every weekday, none at the week-end.
STEADY = history([2, 2, 0, 0, 2, 2, 2] * 12)
FAR = date.max


def base(given_history: Any, asked: Any) -> Outlook:
    made = make(given_history, asked, [])
    assert made.base is not None, made.refusal
    return made.base


def other(given_history: Any, asked: Any, **changes: Any) -> Outlook:
    made = make(given_history, msgspec.structs.replace(asked, what_if=WhatIf(**changes)), [])
    assert made.what_if is not None
    return made.what_if


def days(told: Outlook) -> list[date]:
    return [one if isinstance(one, date) else FAR for one in (told.p50, told.p85, told.p95)]


def numbers(told: Outlook) -> list[int]:
    return [one for one in (told.p50, told.p85, told.p95) if isinstance(one, int)]


@given(histories, seeds, st.integers(1, 200), st.floats(0.01, 1))
@settings(max_examples=40)
def test_more_certainty_takes_longer(past: Any, seed: int, items: int, left: float) -> None:
    told = days(base(past, question(seed=seed, items=items, today_left=left)))
    assert told == sorted(told)
    assert told[0] >= TODAY


@given(histories, seeds, st.integers(1, 120), st.floats(0.01, 1))
@settings(max_examples=40)
def test_more_certainty_promises_less(past: Any, seed: int, within: int, left: float) -> None:
    told = numbers(base(past, how_many(within, seed=seed, today_left=left)))
    assert len(told) == 3
    assert told == sorted(told, reverse=True)


@given(histories, seeds, st.integers(1, 100), st.integers(0, 100))
@settings(max_examples=40)
def test_more_items_are_never_done_sooner(past: Any, seed: int, items: int, more: int) -> None:
    asked = question(seed=seed, items=items)
    for sooner, later in zip(days(base(past, asked)), days(other(past, asked, items=more)), strict=True):
        assert sooner <= later


@given(histories, seeds, st.integers(1, 60), st.integers(0, 60))
@settings(max_examples=30)
def test_a_later_day_never_means_fewer_items(past: Any, seed: int, within: int, more: int) -> None:
    few, many = (numbers(base(past, how_many(one, seed=seed))) for one in (within, within + more))
    assert all(one <= two for one, two in zip(few, many, strict=True))


@given(histories, seeds, st.integers(1, 100), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=30)
def test_a_scope_that_grows_faster_is_never_done_sooner(
    past: Any, seed: int, items: int, growth: float, more: float
) -> None:
    asked = question(seed=seed, items=items)
    slow, fast = (days(other(past, asked, growth=one)) for one in (growth, growth + more))
    assert all(one <= two for one, two in zip(slow, fast, strict=True))


@given(histories, seeds, st.floats(0.5, 10), st.floats(0, 10), st.integers(0, 90))
@settings(max_examples=30)
def test_by_the_model_more_people_are_never_slower(past: Any, seed: int, people: float, more: float, ramp: int) -> None:
    asked = question(seed=seed)
    few, many = (
        days(other(past, asked, people=one, people_now=4.0, ramp_up_days=ramp)) for one in (people, people + more)
    )
    assert all(one >= two for one, two in zip(few, many, strict=True))


@given(histories, seeds, st.booleans())
@settings(max_examples=20)
def test_the_same_history_question_and_seed_give_the_same_bytes(past: Any, seed: int, dates: bool) -> None:
    asked = question(seed=seed) if dates else how_many(20, seed=seed)
    asked = msgspec.structs.replace(asked, what_if=WhatIf(people=5, ramp_up_days=9, wip_limit=2))
    first, second = (msgspec.json.encode(make(past, asked, [])) for _ in range(2))
    assert first == second


def test_what_a_seed_comes_to_stays_what_it_is() -> None:
    # Numbers known from the first version. Should they change, stored forecasts no longer replay: count the version up.
    told = base(history([0, 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9] * 4), question(seed=42, items=100, today_left=0.5))
    assert [(one - TODAY).days for one in days(told)] == [24, 26, 26]
    told = base(history([0, 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9] * 4), how_many(10, seed=42))
    assert numbers(told) == [39, 35, 32]


def test_other_seeds_come_to_nearly_the_same() -> None:
    past = history([1, 3, 0, 2, 2, 0, 0] * 12)
    told = [days(base(past, question(seed=seed, items=40, runs=10_000)))[1] for seed in range(6)]
    assert max(told) - min(told) <= timedelta(days=1)


def test_a_steady_pace_leaves_nothing_to_chance() -> None:
    # Today is a Thursday: two on each weekday, none at the week-end, so ten are done on Wednesday.
    told = base(STEADY, question(items=10))
    assert days(told) == [date(2026, 10, 7)] * 3
    assert numbers(base(STEADY, how_many(7))) == [10, 10, 10]
    assert told.per_day == pytest.approx(10 / 7, abs=1e-4)


def test_week_ends_come_as_they_came() -> None:
    told = base(STEADY, question(items=5))
    # Thursday, Friday, and then only Monday.
    assert days(told) == [date(2026, 10, 5)] * 3


def test_of_today_only_what_is_left_counts() -> None:
    told = numbers(base(STEADY, how_many(1, today_left=0.5)))
    assert told == [1, 1, 1]


def test_what_never_ends_is_not_told() -> None:
    told = other(STEADY, question(items=50), growth=3.0)
    assert (told.p50, told.p85, told.p95) == (None, None, None)


def test_a_limit_that_leaves_everybody_an_item_shortens_the_time_and_not_the_pace() -> None:
    past = history(STEADY.done, in_progress=10, people=4)
    told, limited = base(past, question()), other(past, question(), wip_limit=5)
    assert days(limited) == days(told)
    assert told.cycle_days == pytest.approx(10 / (10 / 7), abs=0.01)
    assert limited.cycle_days == pytest.approx(5 / (10 / 7), abs=0.01)


def test_a_limit_below_the_number_of_people_slows_the_work_in_proportion() -> None:
    past = history(STEADY.done, in_progress=10, people=4)
    limited = other(past, question(items=40), wip_limit=2)
    assert limited.per_day == pytest.approx(5 / 7, abs=1e-4)
    assert days(limited)[0] > days(base(past, question(items=40)))[0]
    assert any("leaves work for 50%" in note for note in limited.notes)


def test_a_limit_above_what_is_in_progress_changes_nothing() -> None:
    told = other(STEADY, question(), wip_limit=50)
    assert days(told) == days(base(STEADY, question()))
    assert any("changes nothing" in note for note in told.notes)


def test_people_who_join_come_to_the_pace_by_and_by() -> None:
    asked = question(items=60)
    at_once = days(other(STEADY, asked, people=8, ramp_up_days=0))[0]
    later = days(other(STEADY, asked, people=8, ramp_up_days=60))[0]
    assert at_once < later < days(base(STEADY, asked))[0]
    told = other(STEADY, asked, people=8)
    assert any("Brooks" in note for note in told.notes)


def test_another_pace_holds_from_the_first_day_on() -> None:
    told = other(STEADY, question(items=20), pace=0.5)
    assert told.per_day == pytest.approx(5 / 7, abs=1e-4)
    assert told.cycle_days == base(STEADY, question()).cycle_days
    assert days(other(STEADY, question(items=60), pace=2))[0] < days(base(STEADY, question(items=60)))[0]


def test_who_leaves_is_missing_at_once() -> None:
    told = other(STEADY, question(items=20), people=2, ramp_up_days=300)
    assert told.per_day == pytest.approx(5 / 7, abs=1e-4)
    assert not any("Brooks" in note for note in told.notes)


def test_a_history_that_names_nobody_needs_to_be_told_how_many_there_are() -> None:
    past = history(STEADY.done, people=0)
    with pytest.raises(InvalidInput, match="people_now"):
        other(past, question(), people=3)
    assert other(past, question(), people=3, people_now=3).per_day == pytest.approx(10 / 7, abs=1e-4)


@pytest.mark.parametrize(
    ("done", "says"),
    [([], "0 whole days"), ([3] * (LEAST_DAYS - 1), "27 whole days"), ([0] * 90, "0 items were done"),
     ([1] * (LEAST_DONE - 1) + [0] * 80, "4 items were done")],
)  # fmt: skip
def test_too_little_history_gives_no_forecast_and_a_reason(done: list[int], says: str) -> None:
    for asked in (question(), how_many(14), question(what_if=WhatIf(items=3))):
        made = make(history(done), asked, [])
        assert (made.base, made.what_if, made.last_day) == (None, None, None)
        assert made.refusal is not None
        assert says in made.refusal
        assert made.confidence is Confidence.LOW


def test_nothing_open_leaves_nothing_to_forecast() -> None:
    made = make(STEADY, question(items=0, open_items=0), [])
    assert made.refusal == "Nothing is open in this scope, so there is nothing to forecast."


def test_confidence_falls_with_every_reason_against_it() -> None:
    assert make(STEADY, question(items=10), []).confidence is Confidence.HIGH
    short = history([1] * 40)
    assert make(short, question(items=10), []).confidence is Confidence.MEDIUM
    assert make(short, question(items=10), ["The data is old."]).confidence is Confidence.LOW
    faster = make(history([1] * 45 + [4] * 45), question(items=10), [])
    assert "The pace changed: 45 items were done in the first half of the history, 180 in the second." in (
        faster.confidence_reasons
    )
    far = make(history([1, 0, 0, 0, 0, 0, 0] * 12), question(items=60), [])
    assert far.confidence is Confidence.LOW
    assert any("further ahead" in one for one in far.confidence_reasons)


@pytest.mark.parametrize(
    ("asked", "kind", "scope", "field"),
    [(WhatIf(), WHEN, ScopeKind.TEAM, "what_if"), (WhatIf(people_now=3), WHEN, ScopeKind.TEAM, "what_if"),
     (WhatIf(growth=1), HOW_MANY, ScopeKind.TEAM, "what_if.growth"),
     (WhatIf(growth=1), WHEN, ScopeKind.RELEASE, "what_if.growth"),
     (WhatIf(items=1), HOW_MANY, ScopeKind.PRODUCT, "what_if.items")],
)  # fmt: skip
def test_a_what_if_that_changes_nothing_is_refused(asked: WhatIf, kind: Any, scope: ScopeKind, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(asked, kind, scope)
    assert refused.value.field == field


def test_a_what_if_that_changes_something_is_not() -> None:
    check(WhatIf(items=1), HOW_MANY, ScopeKind.SPRINT)
    check(WhatIf(growth=0), WHEN, ScopeKind.ORGANISATION)
