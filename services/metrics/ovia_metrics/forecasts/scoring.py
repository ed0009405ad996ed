"""What came of a forecast, once it can be told. Pure.

A percentile is kept if by its day as many items were done, and still are, as were asked for; or if by the day asked
for at least as many were done as it said. That something was not done is believed a day later: what was read may lag.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from ovia_shared.models.forecast import ForecastKind, Outcome, Outlook, Question

GRACE = timedelta(days=1)


class Done(NamedTuple):
    """An item was done from `at` on, until it was opened again; None: it never was."""

    at: datetime
    until: datetime | None


def score(
    question: Question,
    base: Outlook,
    done: Sequence[Done],
    ends: Callable[[date], datetime],
    known_until: datetime,
) -> Outcome | None:
    """The outcome, or None while it cannot be told. `done` is what was done since the forecast was made, `ends` tells
    when a day ends, `known_until` up to when what happened is known."""
    if question.kind is ForecastKind.HOW_MANY:
        assert question.by is not None
        end = ends(question.by)
        if known_until < end + GRACE:
            return None
        count = _done_at(done, end)
        if question.open_items is not None:
            count = min(count, question.open_items)
        return _outcome(count, [None if said is None else count >= _number(said) for said in _said(base)])
    return _score_when(question, base, done, ends, known_until)


def _score_when(
    question: Question,
    base: Outlook,
    done: Sequence[Done],
    ends: Callable[[date], datetime],
    known_until: datetime,
) -> Outcome | None:
    said = [one if isinstance(one, date) else None for one in _said(base)]
    named = [one for one in said if one is not None]
    if not named or question.items is None:
        return None
    last = max(named)
    # The number can only be reached on a day on which something was done.
    for day in _days(done, question.today, last, ends):
        if ends(day) <= known_until and _done_at(done, ends(day)) >= question.items:
            return _outcome(day, [None if one is None else day <= one for one in said])
    if known_until < ends(last) + GRACE:
        return None
    return _outcome(None, [None if one is None else False for one in said])


def _days(done: Sequence[Done], today: date, last: date, ends: Callable[[date], datetime]) -> list[date]:
    found, place = [], 0
    moments = sorted(one.at for one in done)
    for number in range((last - today).days + 1):
        day = today + timedelta(days=number)
        before = place
        while place < len(moments) and moments[place] < ends(day):
            place += 1
        if place > before:
            found.append(day)
    return found


def _done_at(done: Sequence[Done], end: datetime) -> int:
    return sum(1 for one in done if one.at < end and (one.until is None or one.until >= end))


def _said(base: Outlook) -> tuple[int | date | None, int | date | None, int | date | None]:
    return base.p50, base.p85, base.p95


def _number(said: int | date) -> int:
    assert isinstance(said, int)
    return said


def _outcome(actual: int | date | None, kept: list[bool | None]) -> Outcome:
    p50, p85, p95 = kept
    return Outcome(actual=actual, p50=p50, p85=p85, p95=p95)
