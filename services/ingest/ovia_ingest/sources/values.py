"""From what sources send to values that fit: texts that Postgres can hold, and moments that a calendar knows."""

from datetime import UTC, datetime

LONGEST_LINE = 1000
LONGEST_TEXT = 200_000
_LATEST = 253402300799
# Beyond this a number counts milliseconds: as seconds it would be the year 5138.
_MILLISECONDS_FROM = 100_000_000_000


def line(value: str | None, limit: int = LONGEST_LINE) -> str | None:
    """A short text on one line, or None if there is nothing in it."""
    if value is None:
        return None
    # Nearly every text is in order already.
    if 0 < len(value) <= limit and value.isprintable() and "  " not in value and value[0] != " " != value[-1]:
        return value
    return " ".join(clean(value[: 2 * limit]).split())[:limit] or None


def long_text(value: str | None, what: str, notes: list[str]) -> str | None:
    """A text of any length, cut where it is absurd; `notes` then says so. None if it is empty."""
    if not value:
        return None
    if len(value) > LONGEST_TEXT:
        notes.append(f"{what} cut from {len(value):,} to {LONGEST_TEXT:,} characters")
        value = value[:LONGEST_TEXT]
    return clean(value).strip() or None


def clean(value: str) -> str:
    """The text without NUL characters, and without halves of characters: no UTF-8 can hold those."""
    if "\0" in value:
        value = value.replace("\0", "")
    if value.isascii():
        return value
    return value.encode("utf-8", "replace").decode()


def moment(value: str | int | float | None) -> datetime | None:
    """An ISO 8601 date-time, or seconds or milliseconds since 1970, in UTC; None for what no calendar holds.

    A time without a zone is taken as UTC.
    """
    if value is None or value == "" or isinstance(value, bool):
        return None
    if isinstance(value, str):
        return _read(value)
    seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
    if not 0 <= seconds <= _LATEST:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _read(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
