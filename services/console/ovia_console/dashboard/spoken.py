"""Numbers of every unit, as the reader says them."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from ovia_console.dashboard import words
from ovia_console.pages.formats import Formats
from ovia_console.pages.visit import Visit
from ovia_console.words.translations import translations
from ovia_shared.models.data_quality import Quality
from ovia_shared.models.kpi import Window
from ovia_shared.models.kpi_change import ChangeGroup

_SECONDS = {"minutes": 60, "hours": 3600, "days": 86_400}
# From here on an axis of hours is one of days.
_LONG_HOURS = 72
# Below the first a number can hardly be used, from the second on it can be trusted.
_DOUBTFUL, _GOOD = 0.7, 0.95


class Spoken:
    """All of it for one reader."""

    def __init__(self, visit: Visit) -> None:
        self.show = Formats(visit.reader.taste)
        self._words = translations(visit.reader.taste.language)

    def say(self, text: str) -> str:
        """A sentence of `words`."""
        return self._words.gettext(text)

    def title(self, name: str) -> str:
        """What a number is called."""
        return self.say(words.TITLES.get(name, name))

    def value_name(self, name: str) -> str:
        """What one of the values of a number is called."""
        return self.say(words.VALUES.get(name, name))

    def amount(self, value: float | None, unit: str) -> str:
        """A value with its unit."""
        if value is None:
            return self.show.NOTHING
        plain = self.plain(value, unit)
        return f"{plain} {self.unit(unit)}" if self.unit(unit) else plain

    def plain(self, value: float | None, unit: str) -> str:
        """A value; percent and durations have their unit in them."""
        if value is None:
            return self.show.NOTHING
        if unit == "share":
            return self.show.percent(value)
        if unit in _SECONDS:
            return self.show.duration(value * _SECONDS[unit])
        return self.show.number(value, _digits(unit))

    def unit(self, unit: str) -> str:
        """What stands behind such a value, or nothing."""
        return self.say(words.UNITS[unit]) if unit in words.UNITS else ""

    def value(self, name: str, value: float | None, unit: str) -> str:
        """One of the values of a number: a count among hours is no hours."""
        return self.amount(value, "count" if name in words.COUNTS else unit)

    def signed(self, value: float | None, unit: str) -> str:
        """A difference of two values, with its sign."""
        if value is None:
            return self.show.NOTHING
        if round(value, 9) == 0:
            return "±" + self.show.number(0)
        if unit == "share":
            points = self.show.signed(value * 100, 1)
            return self._words.gettext("%(n)s points") % {"n": points}
        sign = "+" if value > 0 else "−" if value < 0 else "±"
        if unit in _SECONDS:
            return sign + self.show.duration(abs(value) * _SECONDS[unit])
        return self.show.signed(value, _digits(unit))

    def axis(self, unit: str, values: Sequence[float]) -> tuple[float, Callable[[float], str]]:
        """What the values of a chart are divided by, and how those beside its axis are written."""
        gettext = self._words.gettext
        if unit == "share":
            return 1, lambda value: self.show.percent(value, 0 if max(values, default=1) > 0.1 else 1)
        if unit == "hours" and max(values, default=0) > _LONG_HOURS:
            return 24, lambda value: gettext("%(n)s d") % {"n": self.show.number(value)}
        short = {"hours": gettext("%(n)s h"), "days": gettext("%(n)s d"), "minutes": gettext("%(n)s min")}
        return 1, lambda value: short.get(unit, "%(n)s") % {"n": self.show.number(value)}

    def quality(self, quality: Quality) -> tuple[str, str]:
        """How far data can be trusted: the badge's kind, and in words."""
        gettext = self._words.gettext
        if quality.score is None:
            return "", gettext("no data")
        # Not fully good is never rounded to 100 %.
        percent = self.show.percent(int(quality.score * 100) / 100, 0)
        if quality.score >= _GOOD:
            return "good", gettext("data good, %(n)s") % {"n": percent}
        if quality.score >= _DOUBTFUL:
            return "warn", gettext("data with gaps, %(n)s") % {"n": percent}
        return "bad", gettext("data doubtful, %(n)s") % {"n": percent}

    def reason(self, code: str) -> str:
        """Why data cannot be trusted further."""
        return self.say(words.REASONS.get(code, words.REASON))

    def level(self, level: str) -> str:
        """How high a risk is."""
        return self.say(words.LEVELS.get(level, level))

    def cause(self, kind: str) -> str:
        """One of the five parts of a change."""
        return self.say(words.CAUSES.get(kind, kind))

    def group(self, group: ChangeGroup, composite: bool) -> str:
        """What a group of rows is called. Those of a composite are numbers, and so in the catalogues."""
        if composite:
            return self.say(group.name)
        return self.say(words.GROUPS[group.key]) if group.key in words.GROUPS else group.name

    def window(self, window: Window) -> str:
        """From which day to which. A window does not hold its end: midnight belongs to the day before."""
        last = window.end - timedelta(microseconds=1)
        return f"{self.day(window.start)} – {self.day(last)}"

    def day(self, moment: date) -> str:
        """A day."""
        return self.show.day(moment)

    def days(self, days: float) -> str:
        """How many whole days."""
        return self._words.gettext("%(n)s d") % {"n": self.show.number(int(days), 0)}

    def stands_out(self) -> str:
        """What the points of a trend that are unusual are called."""
        return self._words.gettext("Stands out")

    def rows(self, count: int) -> str:
        """How many rows."""
        text = self._words.ngettext("%(n)s row", "%(n)s rows", count)
        return text % {"n": self.show.number(count, 0)}


def _digits(unit: str) -> int:
    return {"score": 1, "per day": 2}.get(unit, 0)
