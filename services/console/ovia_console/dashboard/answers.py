"""What the metrics service tells, as far as these pages show it."""

from datetime import datetime
from uuid import UUID

import msgspec

from ovia_shared.models.data_quality import Quality
from ovia_shared.models.kpi import KpiRow, Part, Risk, Values, Window


class Change(msgspec.Struct, frozen=True):
    """The value less the one before. `better` is None where neither way is."""

    absolute: float
    relative: float | None
    better: bool | None


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """The same number in the window before."""

    window: Window
    value: float | None
    n: int
    receipt_id: UUID
    change: Change | None


class KpiAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A number. Its value is None where there is no data, which is not zero."""

    name: str
    version: int
    title: str
    unit: str
    direction: str
    value: float | None
    values: Values
    n: int
    level: str | None
    parts: list[Part]
    missing: list[str]
    window: Window
    as_of: datetime
    receipt_id: UUID
    quality: Quality
    previous: Earlier | None = None

    @property
    def composite(self) -> bool:
        """Whether it is made of other numbers, each with a weight."""
        return self.unit == "score"


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """Every number of a scope."""

    window: Window
    kpis: list[KpiAnswer]


class Anomaly(msgspec.Struct, frozen=True):
    """How a point stands out from those around it."""

    value: float
    expected: float
    low: float
    high: float
    good: bool | None


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One point of a trend. `label` is the sprint's name, or the day it begins."""

    window: Window
    label: str
    value: float | None
    n: int
    running: bool
    receipt_id: UUID
    anomaly: Anomaly | None = None


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """A number through time."""

    name: str
    unit: str
    bucket: str
    points: list[Point]


class Rows(msgspec.Struct, frozen=True):
    """A page of the rows behind a number."""

    data: list[KpiRow]
    next: str | None = None
    total: int | None = None


class Risks(msgspec.Struct, frozen=True):
    """A page of what endangers the next release."""

    data: list[Risk]
    next: str | None = None
    total: int | None = None
