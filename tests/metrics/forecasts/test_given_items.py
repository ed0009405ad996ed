"""Items of a sprint or release: forecast by how long such items took before."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovia_metrics.forecasts.given_items import share_done
from ovia_metrics.forecasts.making import make
from ovia_shared.errors import InvalidInput
from ovia_shared.models.forecast import Cohort, Confidence, History, Outlook, Question, WhatIf
from ovia_shared.models.kpi import Scope, ScopeKind
from tests.metrics.forecasts.histories import TODAY, history, how_many, question, seeds
from tests.metrics.forecasts.test_making import base, days, numbers, other

SPRINT = Scope(ScopeKind.SPRINT, "x")


def cohort(done: list[int], *, items: int = 10, watched: int = 40) -> Cohort:
    within = sorted(one for one in done if one < watched)
    return Cohort(start=TODAY - timedelta(days=watched), items=items, days=watched, done=within)


def past(*cohorts: Cohort, people: int = 4, in_progress: int = 6) -> History:
    return msgspec.structs.replace(
        history([1] * 90, people=people, in_progress=in_progress), cohorts=list(cohorts or ALIKE)
    )


def all_of(items: int, **values: Any) -> Question:
    return question(scope=SPRINT, items=items, open_items=items, **values)


def within(number: int, items: int, **values: Any) -> Question:
    return how_many(number, scope=SPRINT, open_items=items, **values)


# Six sprints: of each ten items one more is done every third day, and one never.
ALIKE = [cohort([2, 5, 8, 11, 14, 17, 20, 23, 26])] * 6
pasts = st.lists(
    st.lists(st.integers(0, 39), min_size=5, max_size=10).map(cohort), min_size=3, max_size=12
).map(lambda cohorts: past(*cohorts))  # fmt: skip


@given(pasts, seeds, st.integers(1, 30), st.integers(0, 30))
@settings(max_examples=40)
def test_more_certainty_takes_longer_and_so_do_more_items(known: Any, seed: int, items: int, more: int) -> None:
    asked = all_of(items, seed=seed)
    few, many = days(base(known, asked)), days(other(known, asked, items=more))
    assert few == sorted(few)
    assert all(one <= two for one, two in zip(few, many, strict=True))


@given(pasts, seeds, st.integers(1, 20), st.integers(1, 39), st.integers(0, 20))
@settings(max_examples=40)
def test_more_certainty_promises_less_and_a_later_day_more(
    known: Any, seed: int, items: int, number: int, more: int
) -> None:
    few = numbers(base(known, within(number, items, seed=seed)))
    many = numbers(base(known, within(min(39, number + more), items, seed=seed)))
    assert few == sorted(few, reverse=True)
    assert all(one <= two <= items for one, two in zip(few, many, strict=True))


@given(pasts, seeds)
@settings(max_examples=15)
def test_the_same_history_question_and_seed_give_the_same_bytes(known: Any, seed: int) -> None:
    asked = all_of(9, seed=seed, what_if=WhatIf(items=2, people=6))
    assert msgspec.json.encode(make(known, asked, [])) == msgspec.json.encode(make(known, asked, []))


def test_what_a_seed_comes_to_stays_what_it_is() -> None:
    # As for other scopes: should these change, count the version of the engine up.
    assert numbers(base(past(), within(14, 10, seed=42))) == [4, 2, 2]


def test_items_that_were_always_done_on_one_day_will_be() -> None:
    known = past(*[cohort([3] * 10)] * 6)
    assert days(base(known, all_of(12))) == [TODAY + timedelta(days=3)] * 3
    assert numbers(base(known, within(3, 12))) == [0, 0, 0]
    assert numbers(base(known, within(4, 12))) == [12, 12, 12]


def test_where_some_were_never_done_there_is_no_day_by_which_all_are() -> None:
    told = base(past(), all_of(10))
    assert (told.p85, told.p95) == (None, None)
    assert any("90% within all the time they were watched" in note for note in told.notes)
    assert numbers(base(past(), within(40, 10)))[0] == 9


def test_the_last_of_many_items_takes_longer_than_their_number_says() -> None:
    known = past(*[cohort([*range(10)])] * 6)
    few, many = days(base(known, all_of(1)))[0], days(base(known, all_of(10)))[0]
    assert few - TODAY <= timedelta(days=5)
    assert many - TODAY >= timedelta(days=8)


def test_cohorts_that_went_differently_make_the_answer_less_certain() -> None:
    even = past(*[cohort([1, 1, 1, 1, 1, 30, 30, 30, 30, 30])] * 6)
    uneven = past(*[cohort([1] * 10), cohort([30] * 10)] * 3)
    narrow, wide = (numbers(base(one, within(5, 10, runs=10_000))) for one in (even, uneven))
    assert wide[0] - wide[2] > narrow[0] - narrow[2]


def test_what_was_watched_for_a_shorter_time_is_not_taken_for_undone() -> None:
    # Half is done on the first day and the rest on the twentieth, which the younger sprints have not reached.
    full = [0] * 5 + [20] * 5
    known = [*[cohort(full)] * 3, *[cohort(full, watched=9)] * 3]
    assert share_done(known, 9) == pytest.approx(0.5)
    assert share_done(known, 40) == pytest.approx(1.0)
    assert days(base(past(*known), all_of(8)))[2] == TODAY + timedelta(days=20)


def test_more_people_and_limits_change_how_soon_items_are_done() -> None:
    told = base(past(), within(10, 10, runs=10_000))
    faster = other(past(), within(10, 10, runs=10_000), people=8, ramp_up_days=0)
    slower = other(past(), within(10, 10, runs=10_000), wip_limit=1)
    assert numbers(slower)[0] < numbers(told)[0] < numbers(faster)[0]


@pytest.mark.parametrize(
    ("cohorts", "asked", "says"),
    [
        (ALIKE[:2], all_of(5), "There are 2 earlier sprints"),
        ([cohort([1], items=3)] * 4, all_of(5), "with 12 open items; 3 with 20 are needed"),
        (ALIKE, all_of(1001), "no more than 1,000"),
        (ALIKE, within(41, 5), "watched for 40 days at most"),
        (ALIKE, all_of(0), "Nothing is open"),
    ],
)
def test_what_cannot_be_compared_gives_no_forecast_and_a_reason(cohorts: Any, asked: Question, says: str) -> None:
    made = make(past(*cohorts), asked, [])
    assert (made.base, made.last_day) == (None, None)
    assert made.refusal is not None
    assert says in made.refusal


def test_few_earlier_sprints_lower_the_confidence() -> None:
    assert make(past(), all_of(5), []).confidence is Confidence.HIGH
    assert make(past(*ALIKE[:4]), all_of(5), []).confidence is Confidence.MEDIUM


def test_no_more_items_can_be_imagined_than_can_be_drawn() -> None:
    with pytest.raises(InvalidInput) as refused:
        other(past(), all_of(5), items=100_000)
    assert refused.value.field == "what_if.items"


def test_fewer_items_than_none_are_none() -> None:
    told: Outlook = other(past(), all_of(5), items=-9)
    assert (told.items, told.p95) == (0, TODAY)
    assert isinstance(told.p95, date)
