"""Numbers and dates in English and Russian text, whatever way they are written."""

# ruff: noqa: RUF001 (Cyrillic letters are meant)
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

import msgspec

# A value told in so many digits that it is more than this share off is another number.
MOST_ROUNDED = Decimal("0.05")


class Day(msgspec.Struct, frozen=True):
    """A date, or as much of one as is said."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    quarter: int | None = None

    def agrees_with_one_of(self, stated: Sequence["Day"]) -> bool:
        """Whether one of these says all that this one does."""
        return any(self._is_in(one) for one in stated)

    def _is_in(self, other: "Day") -> bool:
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        if not all(mine is None or mine == theirs for mine, theirs in pairs):
            return False
        quarter = other.quarter or (None if other.month is None else (other.month + 2) // 3)
        return self.quarter is None or self.quarter == quarter


class Figure(msgspec.Struct, frozen=True):
    """A number as it is told: to which place it is exact, and whether as a share of a hundred."""

    value: Decimal
    exact_to: Decimal
    percent: bool = False

    def is_same(self, other: "Figure") -> bool:
        """Whether both tell the same number, the one perhaps in percent and the other as a share."""
        mine = {self.value, self.value / 100} if self.percent else {self.value}
        theirs = {other.value, other.value / 100} if other.percent else {other.value}
        return bool(mine & theirs)

    def tells(self, value: float) -> bool:
        """Whether this is how one would tell that value: rounded to the place it is told to, and no further off than
        one part in twenty; without its sign, which words tell."""
        try:
            known = abs(Decimal(repr(float(value))))
        except InvalidOperation:
            return False
        if not known.is_finite():
            return False
        return self._rounds(known) or (self.percent and self._rounds(known * 100))

    def _rounds(self, known: Decimal) -> bool:
        apart = abs(known - self.value)
        return apart <= self.exact_to / 2 and apart <= known * MOST_ROUNDED


class Figures(msgspec.Struct, frozen=True):
    """What was read of a text; `rest` is the text without it."""

    numbers: list[Figure]
    days: list[Day]
    rest: str


_MONTHS = (
    ("january", "jan", "январ"), ("february", "feb", "феврал"), ("march", "mar", "март"), ("april", "apr", "апрел"),
    ("may", "май", "мая", "мае"), ("june", "jun", "июн"), ("july", "jul", "июл"), ("august", "aug", "август"),
    ("september", "sept", "sep", "сентябр"), ("october", "oct", "октябр"), ("november", "nov", "ноябр"),
    ("december", "dec", "декабр"),
)  # fmt: skip
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names}
_RUSSIAN_END = "(?:[ьяюе]|ем|ём|[ау]|ом)?"
_MONTH = (
    r"(?P<month>"
    + "|".join(f"{name}{_RUSSIAN_END if name[0] > 'z' else ''}" for name in sorted(_MONTH_OF, key=len, reverse=True))
    + r")\b\.?"
)
_YEAR = r"(?P<year>(?:19|20|21)\d\d)"
_DAYS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![\d.]){_YEAR}-(?P<number>0?[1-9]|1[0-2])-(?P<day>0?[1-9]|[12]\d|3[01])(?!\d)",
        rf"(?<![\d.])(?P<day>0?[1-9]|[12]\d|3[01])[./](?P<number>0?[1-9]|1[0-2])[./]{_YEAR}(?!\d)",
        rf"(?<![\d.])(?P<number>0?[1-9]|1[0-2])/(?P<day>0?[1-9]|[12]\d|3[01])/{_YEAR}(?!\d)",
        rf"(?<![\d.,])(?P<day>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}(?:,?\s{_YEAR}(?!\d))?",
        rf"\b{_MONTH}\s(?P<day>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?(?![\d%])(?:,?\s{_YEAR}(?!\d))?",
        rf"\b{_MONTH},?\s{_YEAR}(?!\d)",
        rf"\bQ(?P<quarter>[1-4])(?:[\s/\-]*{_YEAR})?\b",
        rf"\b(?P<quarter>[1-4])(?:-?й|\sй)?\s?кв(?:артал\w*|\.)?(?:\s{_YEAR})?",
    )
]
# A month alone is a name in English, which is written large; "may" is not one, and neither is "march".
_MONTH_ALONE = re.compile(
    r"(?<![.!?]\s)(?<!^)\b(?P<month>January|February|March|April|May|June|July|August|September|October|November|"
    r"December)\b|\b(?P<russian>(?:январ|феврал|апрел|июн|июл|сентябр|октябр|ноябр|декабр)(?:ь|я|ю|е|ём|ем)"
    r"|(?:март|август)(?:а|у|е|ом)?|ма[йяе])\b"
)

_SPACES = " \u00a0\u202f\u2009"
_NUMBER = re.compile(
    rf"(?<![\w.,])(?<!\w[\-_/:#])(?P<text>\d{{1,3}}(?:[{_SPACES}]\d{{3}})+(?:[.,]\d+)?(?!\d)|\d{{1,3}}(?:['’]\d{{3}})+(?:\.\d+)?"
    r"|\d+(?:[.,]\d+)*)"
    rf"(?P<tail>[{_SPACES}]?(?:%|percent|per cent|points|pp|процент\w*|п\.\s?п\.)|[{_SPACES}]?(?:k|K|M|bn|тыс|млн|млрд|"
    r"thousand|million|billion|тысяч\w*|миллион\w*|миллиард\w*)(?![\w])|(?:st|nd|rd|th|x|[a-zа-яё]{1,3}|-[йяе]|-го|-му)"
    r"(?![\w\-]))?(?![\w]|[.\-_/:#]\w*\d)",
)
_SCALES = {
    "k": 3,
    "тыс": 3,
    "thou": 3,
    "m": 6,
    "mill": 6,
    "млн": 6,
    "милл": 6,
    "bn": 9,
    "bill": 9,
    "млрд": 9,
    "мили": 9,
}
_IN_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1000, "million": 1_000_000, "dozen": 12,
    "два": 2, "две": 2, "двух": 2, "двумя": 2, "три": 3, "трёх": 3, "трех": 3, "тремя": 3, "четыре": 4, "четырёх": 4,
    "четырех": 4, "пять": 5, "пяти": 5, "шесть": 6, "шести": 6, "семь": 7, "семи": 7, "восемь": 8, "восьми": 8,
    "девять": 9, "девяти": 9, "десять": 10, "десяти": 10, "двенадцать": 12, "двадцать": 20, "тридцать": 30, "сорок": 40,
    "пятьдесят": 50, "сто": 100, "тысяча": 1000, "миллион": 1_000_000,
}  # fmt: skip
_WORDED = re.compile(r"\b(?:" + "|".join(_IN_WORDS) + r")\b", re.IGNORECASE)
_CYRILLIC = re.compile("[А-Яа-яЁё]")


def read(text: str, *, every: bool = False) -> Figures:
    """The numbers and dates of a text. `every`: all that its writing may mean, for a text that others are held to."""
    rest, days = text, []
    for pattern in _DAYS:
        days += [_day(found) for found in pattern.finditer(text if every else rest)]
        rest = pattern.sub(" ", rest)
    days += [_day(found) for found in _MONTH_ALONE.finditer(rest)]
    rest = _MONTH_ALONE.sub(" ", rest)
    # The year of a date may be told by itself.
    dated = [Figure(Decimal(one.year), Decimal(1)) for one in days if one.year is not None]
    russian = _CYRILLIC.search(text) is not None
    numbers = [one for found in _NUMBER.finditer(rest) for one in _figures(found, russian=russian, every=every)]
    rest = _NUMBER.sub(" ", rest)
    numbers += [Figure(Decimal(_IN_WORDS[word.lower()]), Decimal(1)) for word in _WORDED.findall(rest)]
    if every:
        days += [Day(year=int(one.value)) for one in numbers if one.exact_to == 1 and 1900 <= one.value < 2200]
        numbers += dated
    return Figures(numbers, days, _WORDED.sub(" ", rest))


def _day(found: re.Match[str]) -> Day:
    parts = found.groupdict()
    named = (parts.get("month") or parts.get("russian") or "").lower()
    month = int(parts["number"]) if parts.get("number") else _month(named)
    year, day, quarter = (int(parts[name]) if parts.get(name) else None for name in ("year", "day", "quarter"))
    return Day(year, month, day, quarter)


def _month(named: str) -> int | None:
    return next((number for name, number in _MONTH_OF.items() if named.startswith(name)), None) if named else None


def _figures(found: re.Match[str], *, russian: bool, every: bool) -> list[Figure]:
    tail = (found["tail"] or "").strip(_SPACES)
    percent = tail.lower().startswith(("%", "percent", "per cent", "points", "pp", "процент", "п."))
    scale = 0 if percent else next((tens for name, tens in _SCALES.items() if _scales(tail, name)), 0)
    made = []
    for text in dict.fromkeys(_readings(found["text"], russian=russian, every=every)):
        places = len(text.partition(".")[2])
        made.append(Figure(Decimal(text).scaleb(scale), Decimal(1).scaleb(scale - places), percent))
    return made


def _scales(tail: str, name: str) -> bool:
    # "5 m" are minutes or metres, "5 M" are millions.
    return tail == "M" if name == "m" else tail.lower().startswith(name) and (len(name) > 1 or len(tail) == 1)


def _readings(text: str, *, russian: bool, every: bool) -> list[str]:
    """As plain decimals: what it means in its language, and all that it may mean if `every`."""
    text = re.sub(rf"[{_SPACES}'’]", "", text)
    marks = [one for one in text if one in ".,"]
    if not marks:
        return [text]
    last = marks[-1]
    decimal = text[: text.rindex(last)].replace(",", "").replace(".", "") + "." + text[text.rindex(last) + 1 :]
    whole = text.replace(",", "").replace(".", "")
    if len(set(marks)) > 1:
        return [decimal]
    grouped = re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", text) is not None
    if len(marks) > 1:
        # Versions and addresses have been taken for names; what is left is grouped, or nothing anybody writes.
        return [whole]
    if not grouped:
        return [decimal]
    if every:
        return [decimal, whole]
    return [whole] if last == "," and not russian else [decimal]
