"""Moments as callers give them, brought into what the database can hold."""

from datetime import UTC, datetime

from ovia_shared.errors import InvalidInput

_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(3000, 1, 1, tzinfo=UTC)


def read(text: str, field: str) -> datetime:
    """A moment given as RFC 3339, or a date, which is its first moment; in UTC. Raises `InvalidInput`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput("give a moment as 2026-01-31T12:00:00Z, or a date", field=field) from None
    return in_utc(moment, field)


def in_utc(moment: datetime, field: str) -> datetime:
    """The moment in UTC; one without an offset is taken to be in UTC. Raises `InvalidInput` outside 1900 to 3000."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    # Compared before it is converted: the first and the last hours of the calendar have no place in UTC.
    if not _EARLIEST <= aware < _LATEST:
        raise InvalidInput("give a moment between the years 1900 and 3000", field=field)
    return aware.astimezone(UTC)


def period(start: datetime, end: datetime | None, names: tuple[str, str]) -> tuple[datetime, datetime | None]:
    """A half-open time in UTC. Raises `InvalidInput` if it holds no moment."""
    begins = in_utc(start, names[0])
    ends = None if end is None else in_utc(end, names[1])
    if ends is not None and ends <= begins:
        raise InvalidInput(f"{names[1]} must be after {names[0]}", field=names[1])
    return begins, ends
