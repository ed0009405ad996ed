"""Percentiles and months."""

from collections.abc import Iterable
from datetime import datetime

import msgspec


class Spread(msgspec.Struct, kw_only=True):
    """How many values there are, and where half, 85 % and 90 % of them lie."""

    n: int
    p50: float | None
    p85: float | None
    p90: float | None


def spread(values: Iterable[float]) -> Spread:
    ordered = sorted(values)
    return Spread(n=len(ordered), p50=at(ordered, 0.5), p85=at(ordered, 0.85), p90=at(ordered, 0.9))


def at(ordered: list[float], share: float) -> float | None:
    """`percentile_cont`: between two values, in proportion."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return round(ordered[below] + (ordered[above] - ordered[below]) * (place - below), 6)


def hours_between(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 3600


def month(moment: datetime) -> str:
    return f"{moment:%Y-%m}"


def share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
