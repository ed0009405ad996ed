"""Where a value is on an axis, and which values are written beside it. Pure."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

_STEPS = (1, 2, 2.5, 5, 10)


class Scale(msgspec.Struct, frozen=True):
    """Values from `low` to `high` on places from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a value, to a tenth."""
        width = self.high - self.low
        share = 0.5 if width == 0 else (value - self.low) / width
        return round(self.start + share * (self.end - self.start), 1)


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round values that cover a range, about so many."""
    if high <= low:
        high = low + 1
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(one * power for one in _STEPS if one * power >= rough * 0.999)
    first, last = math.floor(low / step), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def moments(begin: datetime, end: datetime, about: int = 6) -> list[datetime]:
    """Days to write below a time axis, the first of them at its beginning."""
    days = max((end - begin) / timedelta(days=1), 1)
    step = next((one for one in (1, 2, 7, 14, 30, 61, 91, 182) if days / one <= about), 365)
    found = [begin + timedelta(days=number * step) for number in range(int(days // step) + 1)]
    return [one for one in found if one <= end]


def range_of(values: Sequence[float], *, from_zero: bool = True) -> tuple[float, float]:
    """The least and the greatest value; with `from_zero` zero is among them."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    return (low, high) if high > low else (low, low + 1.0)
