"""What a changed scope, a limit on work in progress, or other people would make of the pace. Pure.

The models are as simple as can be checked by hand, and each says what it assumed.

- Scope: so many more or fewer items; or new ones appear as in the history, times `growth`, and must be done too.
- Limit on work in progress: by Little's law (Little, 1961) items in progress = pace x time in progress. As long as a
  limit leaves everybody an item to work on, the pace stays and the time falls with the items in progress; below, some
  are idle and the pace falls in proportion. Assumed: one works on one item at a time.
- People: the pace is in proportion to them; those who join come to it by and by. That is the best case: who joins must
  be taught by those who are there, and more people have more to agree on (Brooks, "The Mythical Man-Month", 1975).
- Pace: so many times as much is done each day, without a word about what makes it so.
"""

from typing import NamedTuple

import numpy as np

from ovia_metrics.forecasts.chance import Floats
from ovia_metrics.forecasts.given_items import known_days, share_done
from ovia_metrics.forecasts.simulating import Pace
from ovia_shared.errors import InvalidInput
from ovia_shared.models.forecast import ForecastKind, History, Question, WhatIf
from ovia_shared.models.kpi import ScopeKind

# Each of them is drawn by itself.
MOST_GIVEN_ITEMS = 1000
OF_GIVEN_ITEMS = (ScopeKind.SPRINT, ScopeKind.RELEASE)


class Imagined(NamedTuple):
    """What is simulated: `items` to do (or at most), at which pace; `factor` and `in_progress` once people have settled
    in, and what was assumed."""

    items: int | None
    pace: Pace
    factor: float
    in_progress: float
    notes: list[str]


def as_it_was(history: History, question: Question) -> Imagined:
    """Nothing changes."""
    items = question.items if question.kind is ForecastKind.WHEN else question.open_items
    in_progress = float(np.mean(history.in_progress)) if history.in_progress else 0.0
    if question.scope.kind in OF_GIVEN_ITEMS:
        known = sum(one.items for one in history.cohorts)
        notes = [
            f"{items} items, which go as {known} earlier ones did in {len(history.cohorts)} sprints or moments of the "
            f"past: {share_done(history.cohorts, 14):.0%} of those were done within 14 days, "
            f"{share_done(history.cohorts, known_days(history.cohorts)):.0%} within all the time they were watched.",
            "per_day and cycle_days are those of the projects these items are in.",
        ]
        return Imagined(items, Pace(), 1.0, in_progress, notes)
    notes = [
        f"The pace is that of {len(history.done)} days from {history.start}; nobody joins or leaves, "
        "and nothing becomes more urgent."
    ]
    if question.kind is ForecastKind.WHEN:
        notes.append(f"{question.items} items, and no more are added.")
    return Imagined(items, Pace(), 1.0, in_progress, notes)


def check(asked: WhatIf, kind: ForecastKind, scope: ScopeKind) -> None:
    """Raises `InvalidInput` for what changes nothing about the question."""
    if asked.items is asked.growth is asked.wip_limit is asked.people is asked.pace is None:
        raise InvalidInput("say what to imagine: items, growth, wip_limit, people or pace", field="what_if")
    if kind is ForecastKind.HOW_MANY and asked.growth is not None:
        raise InvalidInput("how fast the scope grows does not change how many items are done", field="what_if.growth")
    if scope in OF_GIVEN_ITEMS and asked.growth is not None:
        raise InvalidInput("say how many items a sprint or release gains: what_if.items", field="what_if.growth")
    if kind is ForecastKind.HOW_MANY and asked.items is not None and scope not in OF_GIVEN_ITEMS:
        raise InvalidInput("how many are done does not depend on how many there are", field="what_if.items")


def imagine(history: History, question: Question, asked: WhatIf) -> Imagined:
    """As asked. Raises `InvalidInput` where the history does not tell what it takes."""
    base = as_it_was(history, question)
    items, notes = base.items, list(base.notes)
    if asked.items is not None and items is not None:
        items = max(0, items + asked.items)
        if question.scope.kind in OF_GIVEN_ITEMS and items > MOST_GIVEN_ITEMS:
            raise InvalidInput(f"no more than {MOST_GIVEN_ITEMS:,} items of a sprint or release", field="what_if.items")
        notes.append(f"{abs(asked.items)} items {'more' if asked.items >= 0 else 'fewer'}: {items}.")
    growth = asked.growth or 0.0
    if growth:
        created = float(np.mean(history.created)) * growth
        notes.append(f"New items appear as in the history times {growth:g}, {created:.2f} a day, and are done too.")
    people = 1.0
    if asked.people is not None:
        people = _people(history, asked, notes)
    pace = 1.0 if asked.pace is None else asked.pace
    if asked.pace is not None:
        notes.append(f"The pace times {pace:g} from the first day on, whatever makes it so.")
    limit = 1.0
    # By Little's law: each item is in progress as long as before.
    in_progress = base.in_progress * people * pace
    if asked.wip_limit is not None:
        limit = _limit(asked.wip_limit, in_progress, asked.people or history.people, notes)
        in_progress = min(in_progress, asked.wip_limit)
    ramp = asked.ramp_up_days

    def factor(days: Floats) -> Floats:
        settled = np.ones_like(days) if people <= 1 or ramp == 0 else np.minimum(1.0, (days + 0.5) / ramp)
        return pace * limit * (1 + (people - 1) * settled)

    return Imagined(items, Pace(factor, growth), people * limit * pace, in_progress, notes)


def _people(history: History, asked: WhatIf, notes: list[str]) -> float:
    now = asked.people_now or history.people
    if not now or asked.people is None:
        raise InvalidInput("the history names nobody who did the work; say people_now", field="what_if.people_now")
    factor = asked.people / now
    notes.append(f"{asked.people:g} people instead of {now:g}: the pace times {factor:.2f}.")
    if factor > 1:
        notes.append(
            f"Who joins works as the others do after {asked.ramp_up_days} days. That is the best case: teaching them "
            "and agreeing among more people slows everybody down at first (Brooks's law)."
        )
    return factor


def _limit(limit: int, in_progress: float, people: float, notes: list[str]) -> float:
    if in_progress <= limit:
        notes.append(f"A limit of {limit} changes nothing: {in_progress:.1f} items are in progress on average.")
        return 1.0
    busy = min(in_progress, people) if people else in_progress
    if busy <= limit:
        notes.append(f"A limit of {limit} leaves everybody an item: the pace stays, each is in progress for less long.")
        return 1.0
    notes.append(f"A limit of {limit} leaves work for {limit / busy:.0%} of those who work: the pace falls with it.")
    return limit / busy
