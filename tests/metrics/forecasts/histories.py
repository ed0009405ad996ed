"""Histories and questions to make forecasts of."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from ovia_shared.models.forecast import ForecastKind, History, Question
from ovia_shared.models.kpi import Scope, ScopeKind

# A Thursday.
TODAY = date(2026, 10, 1)
WHEN, HOW_MANY = ForecastKind.WHEN, ForecastKind.HOW_MANY


def history(done: list[int], *, created: list[int] | None = None, in_progress: int = 6, people: int = 4) -> History:
    """A history that ends the day before `TODAY`."""
    return History(
        start=TODAY - timedelta(days=len(done)), done=done, created=created or [1] * len(done),
        in_progress=[in_progress] * len(done), people=people,
    )  # fmt: skip


def question(**values: Any) -> Question:
    """When twenty items are done, unless told otherwise."""
    known: dict[str, Any] = {
        "kind": WHEN, "scope": Scope(ScopeKind.ORGANISATION), "items": 20, "by": None, "open_items": None,
        "sampling_days": 90, "runs": 1000, "seed": 7, "what_if": None, "today": TODAY, "today_left": 1.0,
    }  # fmt: skip
    return Question(**(known | values))


def how_many(days: int, **values: Any) -> Question:
    """How many are done within so many days, today being the first."""
    return question(kind=HOW_MANY, items=None, by=TODAY + timedelta(days=days - 1), **values)


# Something is done in each, on days of more than one name.
histories = st.lists(st.integers(0, 6), min_size=28, max_size=90).filter(lambda done: sum(done) >= 5).map(history)
seeds = st.integers(0, 2**31 - 1)
