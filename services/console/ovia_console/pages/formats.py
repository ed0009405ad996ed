"""Numbers, dates and durations as the reader writes them."""

from datetime import UTC, date, datetime
from typing import Any

from babel import dates, lists, numbers

from ovia_console.session.reader import Taste
from ovia_console.words.translations import translations

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


class Formats:
    """All ways one reader is shown a value. None is shown as a dash: missing is not zero."""

    NOTHING = "–"

    def __init__(self, taste: Taste) -> None:
        self._locale = taste.language
        self._zone = taste.zone
        self._words = translations(taste.language)

    def number(self, value: float | None, digits: int = 2) -> str:
        """A number with at most so many digits behind the point."""
        if value is None:
            return self.NOTHING
        pattern = "#,##0" + ("." + "#" * digits if digits else "")
        return numbers.format_decimal(value, format=pattern, locale=self._locale)

    def percent(self, share: float | None, digits: int = 1) -> str:
        """A share (1 is all of it) in percent."""
        if share is None:
            return self.NOTHING
        return (
            numbers.format_percent(share, format="#,##0." + "#" * digits + "%", locale=self._locale)
            if digits
            else (numbers.format_percent(share, format="#,##0%", locale=self._locale))
        )

    def signed(self, value: float | None, digits: int = 2) -> str:
        """A difference: with its sign, a true minus."""
        if value is None:
            return self.NOTHING
        return ("+" if value > 0 else "−" if value < 0 else "±") + self.number(abs(value), digits)

    def duration(self, seconds: float | None) -> str:
        """How long, in the two largest units, such as 3 d 4 h."""
        if seconds is None:
            return self.NOTHING
        gettext = self._words.gettext
        if abs(seconds) < _MINUTE:
            return gettext("%(n)s s") % {"n": self.number(seconds, 0)}
        sign, left = ("−" if seconds < 0 else ""), abs(seconds)
        days, left = divmod(left, _DAY)
        hours, left = divmod(left, _HOUR)
        minutes = left / _MINUTE
        parts = [
            (days, gettext("%(n)s d")), (hours, gettext("%(n)s h")), (minutes, gettext("%(n)s min")),
        ]  # fmt: skip
        first = next(place for place, (amount, _) in enumerate(parts) if amount >= 1)
        shown = [unit % {"n": self.number(int(amount), 0)} for amount, unit in parts[first : first + 2] if amount >= 1]
        return sign + " ".join(shown)

    def day(self, value: str | date | datetime | None, format: str = "d MMM y") -> str:  # noqa: A002 (Babel's word)
        """A day, such as 3 Nov 2026."""
        if value is None:
            return self.NOTHING
        moment = self._moment(value)
        return dates.format_date(moment, format=format, locale=self._locale)

    def moment(self, value: str | datetime | None) -> str:
        """A day and its time by the reader's clock."""
        if value is None:
            return self.NOTHING
        return dates.format_datetime(self._moment(value), format="d MMM y, HH:mm", locale=self._locale)

    def ago(self, value: str | datetime | None) -> str:
        """How long ago, in words."""
        if value is None:
            return self.NOTHING
        moment = self._moment(value)
        assert isinstance(moment, datetime)
        return dates.format_timedelta(
            moment - datetime.now(UTC), add_direction=True, locale=self._locale, threshold=1.2
        )

    def listed(self, values: list[Any]) -> str:
        """Words in a row, with an `and`."""
        return lists.format_list([str(value) for value in values], locale=self._locale)

    def _moment(self, value: str | date | datetime) -> date | datetime:
        if isinstance(value, str):
            value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
        if isinstance(value, datetime):
            return value.astimezone(self._zone)
        return value
