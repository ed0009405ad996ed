"""Many futures made of past days. Pure: a history, a question and a seed in, an outlook out.

Each day to come is as one of the days with the same name was in the history, drawn at random: a Saturday as some
Saturday. Days are drawn, not durations of items, because what gets done in a day already holds how many worked, on how
much at once, and what held them up (Vacanti, "When Will It Be Done?", 2020).
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from ovia_metrics.forecasts.chance import Chance, Floats, Ints
from ovia_shared.models.forecast import HORIZON_DAYS, ForecastKind, History, Question

SHARES = (50, 85, 95)
_CHUNK = 28
_DAYS, _DONE, _CREATED, COHORT, ITEM = range(5)


class Pace(NamedTuple):
    """How days to come differ from those in the history: `factor` is applied to what is done on a day, told by its
    number from 0, `growth` to what is created."""

    factor: Callable[[Floats], Floats] = np.ones_like
    growth: float = 0.0


class Spread(NamedTuple):
    """Of all futures, what 50, 85 and 95 in a hundred keep."""

    p50: int | date | None
    p85: int | date | None
    p95: int | date | None


def simulate(history: History, question: Question, items: int | None, pace: Pace) -> Spread:
    """When `items` are done, or how many by the day asked for."""
    if question.kind is ForecastKind.WHEN:
        assert items is not None
        return dates(days_until(history, question, items, pace), question.today)
    return counts(done_by(history, question, pace))


def days_until(history: History, question: Question, items: int, pace: Pace) -> Ints:
    """For each run, after how many days they are done: 0 is today, `HORIZON_DAYS` is not before then."""
    reached = np.full(question.runs, HORIZON_DAYS, dtype=np.int64)
    if items <= 0:
        return np.zeros_like(reached)
    left = np.full(question.runs, items, dtype=np.int64)
    draw = _Draw(history, question, pace)
    for first in range(0, HORIZON_DAYS, _CHUNK):
        # Items that appear on the day on which the last of the others is done keep it from being the last.
        after = left[:, None] - np.cumsum(draw.next_days(first, _CHUNK), axis=1)
        there = (after <= 0).any(axis=1) & (reached == HORIZON_DAYS)
        reached[there] = first + np.argmax(after[there] <= 0, axis=1)
        left = after[:, -1]
        if (reached < HORIZON_DAYS).all():
            break
    return reached


def done_by(history: History, question: Question, pace: Pace) -> Ints:
    """For each run, how many are done by the end of the day asked for."""
    days = days_asked(question)
    draw = _Draw(history, question, pace)
    total = np.zeros(question.runs, dtype=np.int64)
    for first in range(0, days, _CHUNK):
        total += draw.next_days(first, _CHUNK)[:, : days - first].sum(axis=1)
    return total


def days_asked(question: Question) -> int:
    """How many days there are until the day asked for is over, today being one."""
    assert question.by is not None
    return (question.by - question.today).days + 1


class _Draw:
    """Draws days in order, as many at a time for every run whether it needs them or not: so that a day of a run is the
    same whatever is asked."""

    def __init__(self, history: History, question: Question, pace: Pace) -> None:
        self._done = np.array(history.done, dtype=np.float64)
        self._created = np.array(history.created, dtype=np.float64)
        self._question = question
        self._pace = pace
        names = np.array([(history.start + timedelta(days=place)).weekday() for place in range(len(history.done))])
        self._alike = [np.flatnonzero(names == name) for name in range(7)]
        self._chances = [Chance(question.seed, purpose) for purpose in (_DAYS, _DONE, _CREATED)]

    def next_days(self, first: int, count: int) -> Ints:
        """Runs by days: what each day takes off what is to be done. `first` is the day's number."""
        asked = self._question
        drawn = self._chances[_DAYS].uniform(asked.runs, count)
        places = np.empty(drawn.shape, dtype=np.int64)
        for column in range(count):
            alike = self._alike[(asked.today + timedelta(days=first + column)).weekday()]
            places[:, column] = alike[(drawn[:, column] * len(alike)).astype(np.int64)]
        share = np.ones(count)
        if first == 0:
            share[0] = asked.today_left
        days = np.arange(first, first + count, dtype=np.float64)
        done = self._chances[_DONE].whole(self._done[places] * (share * self._pace.factor(days)))
        if not self._pace.growth:
            return done
        return done - self._chances[_CREATED].whole(self._created[places] * (share * self._pace.growth))


def dates(days: Ints, today: date) -> Spread:
    """Days as `days_until` tells them, as dates."""
    ordered = np.sort(days)
    found = [int(ordered[-(-len(ordered) * share // 100) - 1]) for share in SHARES]
    return Spread(*(None if one >= HORIZON_DAYS else today + timedelta(days=one) for one in found))


def counts(totals: Ints) -> Spread:
    """At least so many, in that share of runs: counted from the largest down."""
    ordered = np.sort(totals)[::-1]
    return Spread(*(int(ordered[-(-len(ordered) * share // 100) - 1]) for share in SHARES))
