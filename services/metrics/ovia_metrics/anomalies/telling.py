"""An anomaly as it is told: how far from what was expected, whether that is good, and why, in words."""

from datetime import datetime

import msgspec

from ovia_shared.kpis.kpi import Direction
from ovia_shared.kpis.windows import Bucket


class Anomaly(msgspec.Struct, frozen=True):
    """A point that stands out. `low` to `high` would have been usual; `score` is how many robust standard deviations
    the value is above (or, negative, below) what was expected. `good` is null where a KPI has no better direction."""

    start: datetime
    value: float
    expected: float
    low: float
    high: float
    score: float
    good: bool | None
    reason: str


_LIKE = {
    Bucket.DAY: "this day of the week",
    Bucket.WEEK: "this time of the year",
    Bucket.MONTH: "this month of the year",
}


def tell(
    start: datetime,
    value: float,
    *,
    expected: float,
    usual: tuple[float, float],
    score: float,
    bucket: Bucket | None,
    better: Direction,
) -> Anomaly:
    """The anomaly. `usual` is from where to where it would have been none; without `bucket` no season was known."""
    low, high = usual
    good = None if better is Direction.NONE else (score > 0) == (better is Direction.UP)
    known = f"the trend and {_LIKE[bucket]}" if bucket is not None else "the points around it"
    reason = (
        f"{_shown(value)} is {'above' if score > 0 else 'below'} the {_shown(expected)} to be expected from {known}; "
        f"{_shown(low)} to {_shown(high)} would have been usual."
    )
    return Anomaly(start, value, expected, low, high, score, good, reason)


def _shown(number: float) -> str:
    """Three significant digits; whole numbers below a million in full."""
    if abs(number) < 1e6 and number == round(number):
        return f"{number:.0f}"
    return f"{number:.0f}" if 1000 <= abs(number) < 1e6 else f"{number:.3g}"
