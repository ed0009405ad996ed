"""A forecast from its history: whether there can be one, how far it can be trusted, and what it says. Pure."""

from datetime import date, timedelta

import msgspec
import numpy as np

from ovia_metrics.forecasts import what_if
from ovia_metrics.forecasts.given_items import known_days, simulate_given
from ovia_metrics.forecasts.simulating import days_asked, simulate
from ovia_metrics.forecasts.what_if import MOST_GIVEN_ITEMS, OF_GIVEN_ITEMS, Imagined
from ovia_shared.models.forecast import Confidence, ForecastKind, History, Outlook, Question

# Counted up with whatever changes what the same history and seed come to.
ENGINE_VERSION = 1
LEAST_DAYS = 28
LEAST_DONE = 5
LEAST_COHORTS = 3
LEAST_COHORT_ITEMS = 20
_FEW_DAYS = 60
_FEW_COHORTS = 6
_FEW_DAYS_WITH_WORK = 15


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A forecast, or why there is none. `last_day` is the last day it names: when it is over, it can be judged."""

    base: Outlook | None
    what_if: Outlook | None
    refusal: str | None
    confidence: Confidence
    confidence_reasons: list[str]
    last_day: date | None


def make(history: History, question: Question, doubts: list[str]) -> Made:
    """What the history says about the question. `doubts` are reasons against it that are known beforehand.

    Raises `InvalidInput` for a what-if that the history cannot answer.
    """
    refusal = _refusal(history, question)
    if refusal is not None:
        return Made(
            base=None, what_if=None, refusal=refusal, confidence=Confidence.LOW, confidence_reasons=[refusal],
            last_day=None,
        )  # fmt: skip
    base = _outlook(history, question, what_if.as_it_was(history, question))
    other = None
    if question.what_if is not None:
        other = _outlook(history, question, what_if.imagine(history, question, question.what_if))
    last_day = question.by
    if question.kind is ForecastKind.WHEN:
        last_day = max((one for one in (base.p50, base.p85, base.p95) if isinstance(one, date)), default=None)
    reasons = [*doubts, *_doubts(history, question, last_day)]
    confidence = (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)[min(len(reasons), 2)]
    return Made(
        base=base, what_if=other, refusal=None, confidence=confidence, confidence_reasons=reasons, last_day=last_day
    )


def _outlook(history: History, question: Question, imagined: Imagined) -> Outlook:
    if question.scope.kind in OF_GIVEN_ITEMS:
        assert imagined.items is not None
        spread = simulate_given(history, question, imagined.items, imagined.pace)
    else:
        spread = simulate(history, question, imagined.items, imagined.pace)
    pace = float(np.mean(history.done)) * imagined.factor if history.done else 0.0
    return Outlook(
        p50=spread.p50,
        p85=spread.p85,
        p95=spread.p95,
        items=imagined.items,
        per_day=round(pace, 4),
        cycle_days=round(imagined.in_progress / pace, 2) if pace and imagined.in_progress else None,
        notes=imagined.notes,
    )


def _refusal(history: History, question: Question) -> str | None:
    if question.open_items == 0:
        return "Nothing is open in this scope, so there is nothing to forecast."
    if question.scope.kind in OF_GIVEN_ITEMS:
        return _refusal_of_given(history, question)
    days, done = len(history.done), sum(history.done)
    if days < LEAST_DAYS:
        return f"The history of this scope has {days} whole days in the window; {LEAST_DAYS} are needed."
    if done < LEAST_DONE:
        return f"In {days} days {done} items were done; with fewer than {LEAST_DONE} there is no pace to go by."
    return None


def _refusal_of_given(history: History, question: Question) -> str | None:
    cohorts, items = len(history.cohorts), sum(one.items for one in history.cohorts)
    if (question.open_items or 0) > MOST_GIVEN_ITEMS:
        return f"{question.open_items} items are open; one by one, no more than {MOST_GIVEN_ITEMS:,} can be forecast."
    if cohorts < LEAST_COHORTS or items < LEAST_COHORT_ITEMS:
        return (
            f"There are {cohorts} earlier sprints, or moments of a release, to compare with, with {items} open items; "
            f"{LEAST_COHORTS} with {LEAST_COHORT_ITEMS} are needed."
        )
    known = known_days(history.cohorts)
    if question.by is not None and days_asked(question) > known:
        return f"Items like these were watched for {known} days at most; ask for a day that is nearer."
    return None


def _doubts(history: History, question: Question, last_day: date | None) -> list[str]:
    if question.scope.kind in OF_GIVEN_ITEMS:
        few = len(history.cohorts) < _FEW_COHORTS
        return [f"Only {len(history.cohorts)} earlier sprints or moments are compared with."] if few else []
    days = len(history.done)
    with_work = sum(1 for one in history.done if one)
    half = days // 2
    before, after = sum(history.done[:half]), sum(history.done[days - half :])
    found = []
    if days < _FEW_DAYS:
        found.append(f"The history has only {days} days.")
    if with_work < _FEW_DAYS_WITH_WORK:
        found.append(f"Something was done on only {with_work} days.")
    # Beyond three standard deviations of two equal Poisson counts, and by more than half: hardly by chance.
    if abs(before - after) > 3 * np.sqrt(before + after) and max(before, after) > 1.5 * min(before, after):
        found.append(
            f"The pace changed: {before} items were done in the first half of the history, {after} in the second."
        )
    if last_day is None or last_day - question.today > timedelta(days=days):
        found.append("The answer lies further ahead than the history reaches back.")
    return found
