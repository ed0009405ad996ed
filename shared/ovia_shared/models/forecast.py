"""Forecasts: what is asked, from what they were made, what they said, and what came of it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from ovia_shared.models.kpi import EntityKey, Scope, ScopeKind, ScopeText

# Five years: whatever lies beyond is not told.
HORIZON_DAYS = 1820

_Items = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class ForecastKind(StrEnum):
    """When so many items will be done, or how many will be by a date."""

    WHEN = "when"
    HOW_MANY = "how_many"


class Confidence(StrEnum):
    """How much the history behind a forecast tells."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class WhatIf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to imagine otherwise; what is left out stays as it is.

    `items`: so many more, or fewer, to be done. `growth`: the scope grows by new items as in the history, times this.
    `wip_limit`: no more items in progress at once. `people`: so many do the work instead of `people_now`, who are
    counted from the history if not given; those who join take `ramp_up_days` to work as the others do. `pace`: each day
    so many times as much is done.
    """

    items: Annotated[int, msgspec.Meta(ge=-100_000, le=100_000)] | None = None
    growth: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None
    wip_limit: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    people: Annotated[float, msgspec.Meta(ge=0.1, le=100_000)] | None = None
    people_now: Annotated[float, msgspec.Meta(ge=0.1, le=100_000)] | None = None
    ramp_up_days: Annotated[int, msgspec.Meta(ge=0, le=730)] = 30
    pace: Annotated[float, msgspec.Meta(ge=0.01, le=100)] | None = None


class ScopeAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose work. `id` as in the parameter `scope_id` of KPIs."""

    kind: ScopeKind = ScopeKind.ORGANISATION
    id: ScopeText = ""


class NewForecast(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A question. `when` takes `items`, or asks for the open items of the scope without; `how_many` takes `by`, a day
    that still counts.

    `sampling_days`: from how many past days the pace is taken. The same history, question and `seed` give the same
    answer to the byte.
    """

    kind: ForecastKind
    scope: ScopeAsked = ScopeAsked()
    items: _Items | None = None
    by: date | None = None
    sampling_days: Annotated[int, msgspec.Meta(ge=28, le=730)] = 90
    runs: Annotated[int, msgspec.Meta(ge=1000, le=10_000)] = 10_000
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None
    what_if: WhatIf | None = None


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question with nothing left open. `open_items`: what was open in the scope was asked for, or is the most that
    can be done; `today` is the day it was asked, of which the share `today_left` was to come."""

    kind: ForecastKind
    scope: Scope
    items: int | None
    by: date | None
    open_items: int | None
    sampling_days: int
    runs: int
    seed: int
    what_if: WhatIf | None
    today: date
    today_left: float


class Cohort(msgspec.Struct, frozen=True, kw_only=True):
    """Items like those of a sprint or release that were open at an earlier moment, on the day `start`, and were watched
    for so many `days`: each one's number of the day it was done on, from 0, in order; the others were not done."""

    start: date
    items: int
    days: int
    done: list[int]


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What a forecast was made from: day by day from `start`, in the organisation's time zone, how many items were done
    and still are, how many were created, and how many were in progress as the day ended. `people` finished them.

    Of a sprint or release, these are the projects' that its items are in; besides, `cohorts` tell how long such items
    took, and `open_items` are those asked about."""

    start: date
    done: list[int]
    created: list[int]
    in_progress: list[int]
    people: int
    cohorts: list[Cohort] = []
    open_items: list[EntityKey] = []


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be expected. With a probability of 50, 85 and 95 % it will be done by that day, or at least so many
    will be; null: not within five years, or not
    within the time that earlier sprints or items like those of a release were watched.

    `items` is what was to be done, `per_day` the mean pace, `cycle_days` by Little's law how long an item is in
    progress at that pace. `notes` say what was assumed.
    """

    p50: int | date | None
    p85: int | date | None
    p95: int | date | None
    items: int | None
    per_day: float
    cycle_days: float | None
    notes: list[str]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: the day it was done (null: not by the last day named), or how many were. `p50` to `p95` say
    whether each was kept; null where it named no day."""

    actual: int | date | None
    p50: bool | None
    p85: bool | None
    p95: bool | None


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """A forecast as it was made. Without `base` there is none, and `refusal` says why.

    `due_at` is when the last day it names is over; `outcome` may be known before. `backtest`: it was made afterwards,
    from what had happened before `made_at`.
    """

    id: UUID
    made_at: datetime
    made_by: str
    backtest: bool
    engine_version: int
    question: Question
    history: History
    base: Outlook | None
    what_if: Outlook | None
    refusal: str | None
    confidence: Confidence
    confidence_reasons: list[str]
    due_at: datetime | None
    scored_at: datetime | None = None
    outcome: Outcome | None = None


class ForecastFilter(msgspec.Struct, frozen=True):
    """Which forecasts are wanted."""

    kind: ForecastKind | None = None
    scope_kind: ScopeKind | None = None
    scope_id: str | None = None
    backtest: bool | None = None
    scored: bool | None = None


class ForecastPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of forecasts ended."""

    made_at: datetime
    id: UUID


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """How often a percentile was kept: `kept` of `n`, where `expected` is promised; `low` to `high` is the 95 %
    interval of Wilson for the true share. Null without data."""

    expected: float
    n: int
    kept: int
    share: float | None
    low: float | None
    high: float | None


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """How forecasts of a kind, for scopes of a kind (null: of all), turned out."""

    kind: ForecastKind
    scope_kind: ScopeKind | None
    forecasts: int
    p50: Kept
    p85: Kept
    p95: Kept


class CalibrationCount(msgspec.Struct, frozen=True, kw_only=True):
    """Forecasts whose last day is over: how many, and how many of those that named a day, or a number, kept it."""

    kind: ForecastKind
    scope_kind: ScopeKind
    forecasts: int
    p50_n: int
    p50_kept: int
    p85_n: int
    p85_kept: int
    p95_n: int
    p95_kept: int


class Calibrations(msgspec.Struct, frozen=True):
    """All of them, and how many forecasts are waiting for their last day."""

    data: list[Calibration]
    waiting: int
