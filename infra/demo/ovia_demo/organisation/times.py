"""Moments that look like people's: in office hours, on weekdays, of whole milliseconds."""

from datetime import UTC, datetime, timedelta
from random import Random

UNTIL = datetime(2026, 11, 20, tzinfo=UTC)
DAYS_PER_MONTH = 30.4


def beginning(until: datetime, months: int) -> datetime:
    """The Monday, at midnight, that lies about so many months before the end."""
    day = until - timedelta(days=round(months * DAYS_PER_MONTH))
    return (day - timedelta(days=day.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)


def hours(amount: float) -> timedelta:
    return timedelta(milliseconds=round(amount * 3_600_000))


def whole(moment: datetime) -> datetime:
    """Cut to the millisecond, which is the finest that the sources show."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def later(rng: Random, at: datetime, least: float, most: float) -> datetime:
    """From `least` to `most` hours after."""
    return whole(at) + timedelta(milliseconds=int(rng.uniform(least, most) * 3_600_000))


def long_tailed(rng: Random, median: float, spread: float) -> float:
    """Hours of which half are below the median and a few are far above."""
    return rng.lognormvariate(0.0, spread) * median


def office(rng: Random, at: datetime) -> datetime:
    """The moment itself if people work then, else one in the morning of the next working day."""
    at = whole(at)
    if at.weekday() < 5 and 6 <= at.hour < 18:
        return at
    day = at if at.hour < 6 and at.weekday() < 5 else at + timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    morning = day.replace(hour=6, minute=0, second=0, microsecond=0)
    return morning + timedelta(milliseconds=rng.randrange(3 * 3_600_000))
