"""When given items are done, those of a sprint or a release: by how long such items took before. Pure.

The pace of a team does not tell it: part of it goes elsewhere, and the last of given items takes far longer than as
many others. Each future is like one of the earlier cohorts, drawn at random: from day to day an open item is done as
often as that cohort's open items were (Kaplan and Meier, 1958; a hazard by day). Where a cohort is small or was not
watched for long, all cohorts together speak: they count as `_SHRINK` items in each.
"""

import numpy as np

from ovia_metrics.forecasts.chance import Chance, Floats
from ovia_metrics.forecasts.simulating import COHORT, ITEM, Pace, Spread, counts, dates, days_asked
from ovia_shared.models.forecast import HORIZON_DAYS, Cohort, ForecastKind, History, Question

_SHRINK = 2


def simulate_given(history: History, question: Question, items: int, pace: Pace) -> Spread:
    """When all of `items` are done, or how many of them by the day asked for."""
    open_after = _open_after(history.cohorts, pace)
    drawn = Chance(question.seed, COHORT).uniform(question.runs, 1)[:, 0]
    cohort = (drawn * len(open_after)).astype(np.int64)
    chance = Chance(question.seed, ITEM)
    if question.kind is ForecastKind.HOW_MANY:
        still = open_after[:, days_asked(question) - 1][cohort]
        total = np.zeros(question.runs, dtype=np.int64)
        for _ in range(items):
            total += chance.uniform(question.runs, 1)[:, 0] >= still
        return counts(total)
    # One number for each item, in order, so that another item leaves the others as they were: the lowest is last.
    last = np.ones(question.runs)
    for _ in range(items):
        last = np.minimum(last, chance.uniform(question.runs, 1)[:, 0])
    days = np.zeros(question.runs, dtype=np.int64)
    if items:
        for number, still in enumerate(open_after):
            own = cohort == number
            reached = np.searchsorted(-still, -last[own])
            days[own] = np.where(reached < len(still), reached, HORIZON_DAYS)
    return dates(days, question.today)


def known_days(cohorts: list[Cohort]) -> int:
    """For how many days any item was watched."""
    return max((one.days for one in cohorts), default=0)


def share_done(cohorts: list[Cohort], days: int) -> float:
    """Which share of items was done within so many days, as far as that is known."""
    return 1 - float(np.prod(1 - _together(*_tables(cohorts))[:days]))


def _open_after(cohorts: list[Cohort], pace: Pace) -> Floats:
    """For each cohort, the share of items that are open as each day ends."""
    done, open_ = _tables(cohorts)
    together = _together(done, open_)
    daily = (done + _SHRINK * together) / (open_ + _SHRINK)
    factor = pace.factor(np.arange(daily.shape[1], dtype=np.float64))
    return np.asarray(np.cumprod((1 - daily) ** factor, axis=1), dtype=np.float64)


def _tables(cohorts: list[Cohort]) -> tuple[Floats, Floats]:
    """By cohort and day: how many items were done, and how many were open and watched as it began."""
    days = known_days(cohorts)
    done, open_ = np.zeros((len(cohorts), days)), np.zeros((len(cohorts), days))
    for row, one in enumerate(cohorts):
        done[row] = np.bincount(one.done, minlength=days)[:days] if one.done else 0
        open_[row, : one.days] = one.items - np.concatenate(([0], np.cumsum(done[row])[:-1]))[: one.days]
    return done, open_


def _together(done: Floats, open_: Floats) -> Floats:
    total = open_.sum(axis=0)
    return np.asarray(np.where(total > 0, done.sum(axis=0) / np.maximum(total, 1), 0.0), dtype=np.float64)
