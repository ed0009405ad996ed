"""Days, weeks, months, quarters and years of an organisation's calendar, as windows."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from ovia_shared.errors import InvalidInput
from ovia_shared.kpis import windows
from ovia_shared.models.kpi import Window

FIRST_YEAR, LAST_YEAR = 1970, 2100
# What anybody asks of the past is not longer; the routes of KPIs refuse it too.
MOST_YEARS = 20
FIELD = "question"


class Span(StrEnum):
    """What time is counted in."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    SPRINT = "sprint"


_MONTHS = {Span.MONTH: 1, Span.QUARTER: 3, Span.YEAR: 12}
_MOST = {Span.HOUR: 24 * 366 * MOST_YEARS, Span.DAY: 366 * MOST_YEARS, Span.WEEK: 53 * MOST_YEARS}


class Clock(msgspec.Struct, frozen=True):
    """A moment, and the zone whose calendar counts. What is said of time without a year is of the past."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The date there."""
        return windows.day_of(self.now, self.zone)

    @property
    def latest(self) -> datetime:
        """Where windows end at the latest: the last whole minute."""
        return self.now.replace(second=0, microsecond=0)

    def days(self, start: date, end: date) -> Window:
        """From the first moment of a day to that of another, which does not belong to it."""
        return Window(windows.midnight(start, self.zone), windows.midnight(end, self.zone))

    def around(self, day: date, span: Span, offset: int = 0) -> Window:
        """The day, week (from Monday), month, quarter or year that a day is in, or so many further on."""
        start = begin(day, span)
        return self.days(moved(start, span, offset), moved(start, span, offset + 1))

    def back(self, number: int, span: Span) -> Window:
        """So much time up to now, from the midnight it began with."""
        if number < 1 or number > _MOST.get(span, 12 * MOST_YEARS // _MONTHS.get(span, 1)):
            raise InvalidInput(f"a window is 20 years at most, and not nothing: {number} {span}s", field=FIELD)
        if span is Span.HOUR:
            return Window(self.latest - timedelta(hours=number), self.latest)
        return Window(windows.midnight(moved(self.today, span, -number), self.zone), self.latest)

    def recent_year(self, month: int, day: int = 1) -> int:
        """The year of the last such month, or day, that has begun."""
        year = self.today.year
        return year if (month, day) <= (self.today.month, self.today.day) else year - 1


def begin(day: date, span: Span) -> date:
    """The first day of what a day is in."""
    match span:
        case Span.WEEK:
            return day - timedelta(days=day.weekday())
        case Span.MONTH:
            return day.replace(day=1)
        case Span.QUARTER:
            return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        case Span.YEAR:
            return date(day.year, 1, 1)
        case _:
            return day


def moved(day: date, span: Span, number: int) -> date:
    """So many days, weeks, months, quarters or years later. A day that a month does not have is its last."""
    if span not in _MONTHS:
        return day + timedelta(days=number * (7 if span is Span.WEEK else 1))
    total = day.year * 12 + day.month - 1 + number * _MONTHS[span]
    first = date(total // 12, total % 12 + 1, 1)
    following = date((total + 1) // 12, (total + 1) % 12 + 1, 1)
    return first + timedelta(days=min(day.day, (following - first).days) - 1)


def must_be_day(year: int, month: int, day: int) -> date:
    """A day of the calendar. Raises `InvalidInput` for one that there is not, or that is far away."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise InvalidInput(f"years are told from {FIRST_YEAR} to {LAST_YEAR}, not {year}", field=FIELD)
    try:
        return date(year, month, day)
    except ValueError:
        raise InvalidInput(f"there is no day {year}-{month:02}-{day:02}", field=FIELD) from None
