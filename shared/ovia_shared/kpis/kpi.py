"""A KPI as data: which facts, which of their numbers, and what is made of them."""

from enum import StrEnum
from typing import Literal

import msgspec

from ovia_shared.kpis.terms import One, Term


class Direction(StrEnum):
    """Which way is better; `none` where neither is."""

    UP = "up"
    DOWN = "down"
    NONE = "none"


class Time(StrEnum):
    """Which facts belong to a window.

    `within`: those that occurred in it. `still`: of these, those that had not ended at its end. `open`: intervals that
    had begun before its end and not ended at it, whenever they began.
    """

    WITHIN = "within"
    STILL = "still"
    OPEN = "open"


class Count(msgspec.Struct, frozen=True, tag="count"):
    """How many facts. With `by_class` also of each class: bug, feature, chore.

    Nothing counted is 0 if the scope has any fact of the kind `presence` before the end of the window, else null.
    """

    presence: str
    by_class: bool = False


class Spread(msgspec.Struct, frozen=True, tag="spread"):
    """Percentiles (`percentile_cont`) of the numbers; facts without one are no rows.

    `beyond` counts those greater than percentiles of another KPI over the days before the end of the window.
    """

    shares: tuple[int, ...]
    largest: bool = False
    beyond: "Beyond | None" = None


class Beyond(msgspec.Struct, frozen=True):
    """Held against the percentiles of this KPI's rows in the days before the end of the window."""

    kpi: str
    days: int
    shares: tuple[int, ...]


class Ratio(msgspec.Struct, frozen=True, tag="ratio"):
    """The sum of the numbers ÷ the sum of their weights. `n` is the latter, or with `n_rows` the number of rows."""

    weight: Term = One()
    n_rows: bool = False


class Rate(msgspec.Struct, frozen=True, tag="rate"):
    """Per day of 24 hours; also how many, and on how many days of the organisation's zone there was one."""

    presence: str


Aggregate = Count | Spread | Ratio | Rate


class Rows(msgspec.Struct, frozen=True, tag="rows", kw_only=True):
    """The facts behind a KPI: of one kind, in the window by `time`, for which every term of `where` is set.

    With `last_per` only the last fact is a row of those alike in project and these attributes.
    """

    kind: str
    time: Time = Time.WITHIN
    where: tuple[Term, ...] = ()
    number: Term = One()
    last_per: tuple[str, ...] = ()
    aggregate: Aggregate


Rule = Literal["delivery_health", "release_risk"]


class Composite(msgspec.Struct, frozen=True, tag="composite", kw_only=True):
    """Made of other KPIs by a rule of `composites`."""

    rule: Rule
    inputs: tuple[str, ...]


class Also(msgspec.Struct, frozen=True):
    """The value of another KPI that is told beside a KPI's own, under `name`."""

    name: str
    kpi: str
    value: str


class Assembly(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer is put together from results: what a receipt has to remember of an entry besides its statements.

    `inputs` in the order in which their rows are hashed. A rule whose arithmetic changes gets another name.
    """

    inputs: tuple[str, ...]
    main: str
    also: tuple[Also, ...] = ()
    parts: tuple[str, ...] = ()
    rule: Rule | None = None


class Kpi(msgspec.Struct, frozen=True, kw_only=True):
    """A KPI. `name` and `version` are stable; a change of what is counted is a new version.

    `main` is which of its values is *the* value. `parts` are KPIs that belong to it and are shown with it.
    `organisation_only`: no other scope has it. `by_person`: a scope of a few people tells of each of them.
    """

    name: str
    version: int = 1
    title: str
    question: str
    definition: str
    formula: str
    unit: Literal["count", "hours", "days", "minutes", "lines", "share", "per day", "score"]
    direction: Direction
    main: str
    source: Rows | Composite
    also: tuple[Also, ...] = ()
    parts: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    organisation_only: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """The KPIs it takes results of, itself first unless it is a composite."""
        own = self.source.inputs if isinstance(self.source, Composite) else (self.name,)
        return tuple(dict.fromkeys((*own, *(one.kpi for one in self.also), *self.parts)))

    @property
    def assembly(self) -> Assembly:
        """How its answers are put together."""
        rule = self.source.rule if isinstance(self.source, Composite) else None
        return Assembly(inputs=self.inputs, main=self.main, also=self.also, parts=self.parts, rule=rule)
