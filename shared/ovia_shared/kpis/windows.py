"""Windows in an organisation's time zone.

Days, weeks and months are those of its calendar, so a day in which clocks change has 23 or 25 hours.
"""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from ovia_shared.models.kpi import Window

# A series of more points than this is not asked for by accident.
MOST_BUCKETS = 1100


class Bucket(StrEnum):
    """What a series is cut into. Weeks begin on Monday (ISO 8601)."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    SPRINT = "sprint"


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day, in UTC, also where clocks skip midnight or pass it twice."""
    local = datetime.combine(day, time(), zone)
    # A skipped time is read with the offset before it, which puts it in the day before.
    moment = local.astimezone(UTC)
    while moment.astimezone(zone).date() < day:
        moment += timedelta(minutes=15)
    return moment


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The date of a moment there."""
    return moment.astimezone(zone).date()


def first_day(day: date, bucket: Bucket) -> date:
    """The first day of the day, week or month that a day is in."""
    match bucket:
        case Bucket.WEEK:
            return day - timedelta(days=day.weekday())
        case Bucket.MONTH:
            return day.replace(day=1)
        case _:
            return day


def next_day(day: date, bucket: Bucket) -> date:
    """The first day of what follows the bucket that begins on `day`."""
    match bucket:
        case Bucket.WEEK:
            return day + timedelta(days=7)
        case Bucket.MONTH:
            return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        case _:
            return day + timedelta(days=1)


def buckets(window: Window, bucket: Bucket, zone: ZoneInfo) -> list[Window]:
    """Whole days, weeks or months that touch the window, in order; each ends where the next begins."""
    day = first_day(day_of(window.start, zone), bucket)
    found = []
    while (start := midnight(day, zone)) < window.end:
        day = next_day(day, bucket)
        # Samoa had no 30 December 2011.
        if (end := midnight(day, zone)) > start:
            found.append(Window(start, end))
    return found


def last_days(end: datetime, days: int, zone: ZoneInfo) -> Window:
    """From the midnight that many days before the date of `end`, to `end`."""
    return Window(midnight(day_of(end, zone) - timedelta(days=days), zone), end)


def previous(window: Window, zone: ZoneInfo) -> Window:
    """The window right before, as long by the calendar: the month before a month, and as many days before days."""
    start, end = day_of(window.start, zone), day_of(window.end, zone)
    whole = window.start == midnight(start, zone) and window.end == midnight(end, zone)
    if whole and start.day == 1 and end.day == 1:
        months = (end.year - start.year) * 12 + end.month - start.month
        total = start.year * 12 + start.month - 1 - months
        return Window(midnight(date(total // 12, total % 12 + 1, 1), zone), window.start)
    if whole:
        return Window(midnight(start - (end - start), zone), window.start)
    return Window(window.start - (window.end - window.start), window.start)
