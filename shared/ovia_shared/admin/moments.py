"""Durations and expiry dates as an operator writes them: 90d, 12h, 2027-01-31."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import click

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=36525)


def duration(text: str) -> timedelta | None:
    """`0s`, `30m`, `12h`, `90d` or `6w` as a span of up to a hundred years; None if the text is none of these."""
    match = re.fullmatch(r"([0-9]{1,6})([smhdw])", text.strip(), flags=re.ASCII)
    if match is None:
        return None
    span = timedelta(**{_UNITS[match[2]]: int(match[1])})
    return span if span <= _LONGEST else None


def expiry(text: str, now: datetime) -> datetime | None:
    """A span from now on, or a date, whose whole day (UTC) still counts; None if the text is neither."""
    span = duration(text)
    if span is not None:
        return now + span
    try:
        day = date.fromisoformat(text.strip())
        return datetime.combine(day, time.min, UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None


class Duration(click.ParamType[timedelta]):
    """A span such as 30m."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        span = duration(str(value))
        if span is None:
            self.fail(f"{value!r} is no duration; write for example 0s, 30m, 12h or 7d", param, ctx)
        return span


class Expiry(click.ParamType[datetime]):
    """A span from now on, such as 90d, or a last day, such as 2027-01-31."""

    name = "expiry"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        moment = expiry(str(value), datetime.now(UTC))
        if moment is None:
            self.fail(f"{value!r} is no expiry; write for example 12h, 90d or 2027-01-31", param, ctx)
        return moment
