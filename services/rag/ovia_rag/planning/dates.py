"""What is said of time in a few words: a day, a month, a quarter, the last two weeks, a sprint."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import takewhile

import msgspec

from ovia_rag.planning.calendar import Clock, Span, moved, must_be_day
from ovia_rag.planning.text import Word
from ovia_rag.planning.time_words import meanings, units, value
from ovia_shared.models.kpi import Window

# Words of English that are months only where nothing else would stand.
_DOUBTFUL = frozenset(["may", "march", "mar", "sep", "dec", "jan", "jun"])


class Sprints(msgspec.Struct, frozen=True):
    """Sprints by when they are: the open one, so many closed last, or the next. `onwards`: and all since."""

    which: int
    number: int = 1
    onwards: bool = False


class Said(msgspec.Struct, frozen=True):
    """What so many words say of time: a window, or sprints. `rolling`: it was said without an exact beginning."""

    length: int
    when: Window | Sprints
    rolling: bool = False


class Reader:
    """Reads what is said of time from a place in a question on."""

    def __init__(self, text: str, words: Sequence[Word], clock: Clock) -> None:
        self.text, self.words, self.clock = text, words, clock
        self._rules: tuple[Callable[[int], Said | None], ...] = (
            self._numeric, self._day_and_month, self._month, self._quarter, self._half, self._year, self._beginning,
            self._counted, self._to_date, self._ago, self._named_day, self._weekday, self._last_named,
        )  # fmt: skip

    def said(self, place: int) -> Said | None:
        """What begins there, if anything does. Raises `InvalidInput` for a day that there is not."""
        if place >= len(self.words):
            return None
        return next((found for rule in self._rules if (found := rule(place)) is not None), None)

    def means(self, place: int, meaning: str) -> bool:
        """Whether the word there is one of these."""
        return 0 <= place < len(self.words) and bool(self.words[place].forms & meanings()[meaning])

    def between(self, place: int) -> str:
        """What stands between a word and the next."""
        if place + 1 >= len(self.words):
            return " "
        return self.text[self.words[place].end : self.words[place + 1].start]

    def number(self, place: int) -> int | None:
        """The number there, in digits or words."""
        if place >= len(self.words):
            return None
        word = self.words[place]
        if word.text.isascii() and word.text.isdigit():
            return int(word.text) if len(word.text) <= 9 else None
        return value("numbers", word.forms)

    def unit(self, place: int) -> Span | None:
        """The unit of time there."""
        if place >= len(self.words):
            return None
        return next((one for form in sorted(self.words[place].forms) if (one := units().get(form)) is not None), None)

    def month_at(self, place: int) -> int | None:
        """The month there, unless the word is likely to be another one."""
        if place >= len(self.words):
            return None
        word = self.words[place]
        found = value("months", word.forms)
        alone = not self.means(place - 1, "in") and self._year_at(place + 1) is None
        if word.lower in _DOUBTFUL and alone and not (word.capital and place > 0):
            return None
        return found

    def day_number(self, place: int) -> tuple[int, int] | None:
        """A day of a month and how many words it takes: 5, 5th, 5-го."""
        if place >= len(self.words):
            return None
        text = self.words[place].lower
        digits = text[:-2] if text[-2:] in ("st", "nd", "rd", "th", "го", "ое") else text
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 2):
            return None
        ending = place + 1 < len(self.words) and self.words[place + 1].lower in ("го", "ое", "е")
        return int(digits), 2 if ending else 1

    def day(self, year: int, month: int, day: int) -> Window:
        """All of that day."""
        found = must_be_day(year, month, day)
        return self.clock.days(found, found + timedelta(days=1))

    def _numeric(self, place: int) -> Said | None:
        there = (word.text for word in self.words[place : place + 3])
        words = list(takewhile(lambda text: text.isascii() and text.isdigit(), there))
        if len(words) < 2:
            return None
        separators = {self.between(place), self.between(place + 1)} if len(words) == 3 else {self.between(place)}
        lengths = [len(word) for word in words]
        numbers = [int(word) for word in words] if max(lengths) <= 4 else [0]
        if separators == {"-"} and lengths == [4, 2, 2]:
            return Said(3, self.day(*numbers))
        if self.between(place) == "-" and lengths[:2] == [4, 2] and 1 <= numbers[1] <= 12:
            return Said(2, self.clock.around(must_be_day(numbers[0], numbers[1], 1), Span.MONTH))
        if len(words) == 3 and separators in ({"."}, {"/"}) and lengths[2] == 4 and max(lengths[:2]) <= 2:
            american = separators == {"/"} and numbers[1] > 12
            day, month = (numbers[1], numbers[0]) if american else (numbers[0], numbers[1])
            return Said(3, self.day(numbers[2], month, day))
        if self.between(place) == "." and lengths[:2] == [2, 2] and self.means(place - 1, "in"):
            if not (1 <= numbers[1] <= 12 and 1 <= numbers[0] <= 31):
                return None
            return Said(2, self.day(self.clock.recent_year(numbers[1], numbers[0]), numbers[1], numbers[0]))
        return None

    def _day_and_month(self, place: int) -> Said | None:
        if (found := self.day_number(place)) is not None:
            day, length = found
            length += self.means(place + length, "the") or 0
            month = self.month_at(place + length)
            length += 1
        elif (month := self.month_at(place)) is not None and (found := self.day_number(place + 1)) is not None:
            day, length = found[0], 1 + found[1]
        else:
            return None
        if month is None:
            return None
        year = self._year_at(place + length)
        length += self._year_length(place + length)
        return Said(length, self.day(year or self.clock.recent_year(month, day), month, day))

    def _month(self, place: int) -> Said | None:
        month = self.month_at(place)
        if month is None:
            return None
        skipped = self.means(place + 1, "the") or 0
        year = self._year_at(place + 1 + skipped)
        length = 1 + skipped + self._year_length(place + 1 + skipped) if year else 1
        return Said(length, self.clock.around(date(year or self.clock.recent_year(month), month, 1), Span.MONTH))

    def _quarter(self, place: int) -> Said | None:
        word = self.words[place].lower
        if len(word) == 2 and word[0] in "qк" and word[1] in "1234":
            quarter, length = int(word[1]), 1
        elif self.means(place + 1, "quarter_word") and (known := self._ordinal(place)) is not None:
            quarter, length = known, 2
        else:
            return None
        return self._part_of_year(place, length, quarter, 3)

    def _half(self, place: int) -> Said | None:
        word = self.words[place].lower
        if word in ("h1", "h2"):
            half, length = int(word[1]), 1
        elif self.means(place + 1, "half") and (known := self._ordinal(place)) is not None and known <= 2:
            half, length = known, 2
        else:
            return None
        return self._part_of_year(place, length, half, 6)

    def _part_of_year(self, place: int, length: int, which: int, months: int) -> Said:
        skipped = sum(self.means(place + length + number, "the") for number in (0, 1))
        year = self._year_at(place + length + skipped)
        length += skipped + self._year_length(place + length + skipped) if year else 0
        first = (which - 1) * months + 1
        start = date(year or self.clock.recent_year(first), first, 1)
        return Said(length, self.clock.days(start, moved(start, Span.MONTH, months)))

    def _year(self, place: int) -> Said | None:
        year = self._year_at(place)
        length = self._year_length(place)
        if year is None or not (length > 1 or self.means(place - 1, "in")):
            return None
        return Said(length, self.clock.around(date(year, 1, 1), Span.YEAR))

    def _beginning(self, place: int) -> Said | None:
        if not self.means(place, "beginning"):
            return None
        length = 1
        while self.means(place + length, "the") or self.means(place + length, "this"):
            length += 1
        span = self.unit(place + length)
        if span is None or span in (Span.HOUR, Span.SPRINT):
            return None
        whole = self.clock.around(self.clock.today, span)
        return Said(length + 1, Window(whole.start, self.clock.latest))

    def _counted(self, place: int) -> Said | None:
        at = place + sum(self.means(place + number, "the") for number in (0,))
        offset = next((by for name, by in (("last", -1), ("this", 0), ("next", 1)) if self.means(at, name)), None)
        if offset is None:
            return self._over(place)
        number = self.number(at + 1)
        unit_at = at + 1 if number is None else at + 2
        span = self.unit(unit_at)
        if span is None:
            return None
        length = unit_at + 1 - place
        if span is Span.SPRINT:
            return Said(length, Sprints(offset, min(number or 1, 20)))
        rolling = self.means(at, "rolling") or number is not None or span is Span.HOUR
        if offset < 0 and rolling:
            return Said(length, self.clock.back(1 if number is None else number, span), rolling=True)
        return Said(length, self.clock.around(self.clock.today, span, offset))

    def _to_date(self, place: int) -> Said | None:
        if not (self.means(place + 1, "to") and self.means(place + 2, "date")):
            return None
        span = self.unit(place)
        if span is None or span in (Span.HOUR, Span.SPRINT):
            return None
        return Said(3, Window(self.clock.around(self.clock.today, span).start, self.clock.latest))

    def _last_named(self, place: int) -> Said | None:
        """Last Monday, last November: the one before, if it is that now."""
        if not self.means(place, "last"):
            return None
        month = value("months", self._forms(place + 1))
        if month is not None:
            year = self.clock.recent_year(month) - (month == self.clock.today.month)
            return Said(2, self.clock.around(date(year, month, 1), Span.MONTH))
        named = value("weekdays", self._forms(place + 1))
        if named is None:
            return None
        back = (self.clock.today.weekday() - named) % 7 or 7
        return Said(2, self.clock.around(self.clock.today, Span.DAY, -back))

    def _forms(self, place: int) -> frozenset[str]:
        return self.words[place].forms if place < len(self.words) else frozenset()

    def _over(self, place: int) -> Said | None:
        if self.means(place, "half_year"):
            return Said(1, self.clock.back(6, Span.MONTH), rolling=True)
        if not self.means(place - 1, "over"):
            return None
        number = self.number(place)
        span = self.unit(place if number is None else place + 1)
        if span is None:
            return None
        length = 1 if number is None else 2
        if span is Span.SPRINT:
            return Said(length, Sprints(0))
        return Said(length, self.clock.back(1 if number is None else number, span), rolling=True)

    def _ago(self, place: int) -> Said | None:
        number = self.number(place)
        at = place + (number is not None or self.means(place, "the"))
        span = self.unit(at)
        if span is None or span in (Span.SPRINT, Span.HOUR) or not self.means(at + 1, "ago"):
            return None
        offset = 1 if number is None else number
        self.clock.back(max(offset, 1), span)
        return Said(at + 2 - place, self.clock.around(self.clock.today, span, -offset))

    def _named_day(self, place: int) -> Said | None:
        known = (("today", 0), ("yesterday", -1), ("before_yesterday", -2), ("tomorrow", 1))
        offset = next((by for name, by in known if self.means(place, name)), None)
        if offset is not None:
            return Said(1, self.clock.around(self.clock.today, Span.DAY, offset))
        if self.means(place, "ever"):
            return Said(1, self.clock.back(19, Span.YEAR))
        return None

    def _weekday(self, place: int) -> Said | None:
        word = self.words[place]
        named = value("weekdays", word.forms)
        # "среда" is an environment too; only in the accusative after a preposition it is a day.
        unlikely = word.cyrillic and named == 2 and word.lower[-1] != "у"
        if named is None or unlikely or not (self.means(place - 1, "in") or word.capital):
            return None
        back = (self.clock.today.weekday() - named) % 7 or 7
        return Said(1, self.clock.around(self.clock.today, Span.DAY, -back))

    def _ordinal(self, place: int) -> int | None:
        names = enumerate(("first", "second", "third", "fourth"), start=1)
        return next((number for number, name in names if self.means(place, name)), None)

    def _year_at(self, place: int) -> int | None:
        if place >= len(self.words):
            return None
        text = self.words[place].text
        year = int(text) if len(text) == 4 and text.isascii() and text.isdigit() else 0
        return year if 2000 <= year <= 2100 else None

    def _year_length(self, place: int) -> int:
        if self._year_at(place) is None:
            return 0
        named = self.means(place + 1, "year_word") and any(one.cyrillic for one in self.words[place + 1 : place + 2])
        return 2 if named else 1
