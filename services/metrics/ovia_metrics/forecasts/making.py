"""A forecast from its history: whether there can be one, how far it can be trusted, and what it says. Pure."""

from datetime import date, timedelta

import msgspec
import numpy as np

from ovia_metrics.forecasts import what_if
from ovia_metrics.forecasts.simulating import simulate
from ovia_metrics.forecasts.what_if import Imagined
from ovia_shared.models.forecast import Confidence, ForecastKind, History, Outlook, Question

# Counted up with whatever changes what the same history and seed come to.
ENGINE_VERSION = 1
LEAST_DAYS = 28
LEAST_DONE = 5
_FEW_DAYS = 60
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
    spread = simulate(history, question, imagined.items, imagined.pace)
    pace = float(np.mean(history.done)) * imagined.factor
    return Outlook(
        p50=spread.p50,
        p85=spread.p85,
        p95=spread.p95,
        items=imagined.items,
        per_day=round(pace * question.focus, 4),
        cycle_days=round(imagined.in_progress / pace, 2) if pace and imagined.in_progress else None,
        notes=imagined.notes,
    )


def _refusal(history: History, question: Question) -> str | None:
    if question.open_items == 0:
        return "Nothing is open in this scope, so there is nothing to forecast."
    days, done = len(history.done), sum(history.done)
    if days < LEAST_DAYS:
        return f"The history of this scope has {days} whole days in the window; {LEAST_DAYS} are needed."
    if done < LEAST_DONE:
        return f"In {days} days {done} items were done; with fewer than {LEAST_DONE} there is no pace to go by."
    return None


def _doubts(history: History, question: Question, last_day: date | None) -> list[str]:
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
