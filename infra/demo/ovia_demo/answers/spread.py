"""Percentiles and shares."""

from collections.abc import Iterable
from datetime import datetime


def at(ordered: list[float], share: float) -> float | None:
    """`percentile_cont`: between two values, in proportion."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def percentiles(values: Iterable[float], *shares: int) -> dict[str, float | None]:
    """By name, such as `p50`."""
    ordered = sorted(values)
    return {f"p{one}": at(ordered, one / 100) for one in shares}


def hours_between(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 3600


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
