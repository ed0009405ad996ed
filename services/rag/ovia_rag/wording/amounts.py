"""Numbers, moments and windows as answers write them.

Dates are ISO 8601 in both languages: nobody has to guess which number is the month.
"""

# ruff: noqa: RUF001 (Cyrillic letters are meant)
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ovia_shared.kpis import windows
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Rows, Time
from ovia_shared.models.ask import Language
from ovia_shared.models.kpi import Window

_UNITS = {
    "hours": {Language.ENGLISH: "h", Language.RUSSIAN: "ч"},
    "days": {Language.ENGLISH: "days", Language.RUSSIAN: "дн."},
    "minutes": {Language.ENGLISH: "min", Language.RUSSIAN: "мин"},
    "lines": {Language.ENGLISH: "lines", Language.RUSSIAN: "строк"},
    "score": {Language.ENGLISH: "of 100", Language.RUSSIAN: "из 100"},
    "per day": {Language.ENGLISH: "a day", Language.RUSSIAN: "в день"},
}
# What amounts say besides their number.
WORDS = " ".join(word for named in _UNITS.values() for word in named.values())


def number(value: float, language: Language) -> str:
    """Whole if it is; else with one decimal, two significant digits below 1, and none from 100 on."""
    size = abs(value)
    if value == int(value) or size >= 100:
        text = f"{value:.0f}"
    elif size >= 1:
        text = f"{value:.1f}".removesuffix(".0")
    else:
        text = f"{value:.2g}" if size >= 1e-4 else f"{value:.4f}"
    return text.replace(".", ",") if language is Language.RUSSIAN else text


def amount(value: float, unit: str, language: Language) -> str:
    """With its unit: `87.4 %`, `12.3 h`, `41`."""
    if unit == "share":
        return f"{number(100 * value, language)} %"
    named = _UNITS.get(unit)
    return number(value, language) if named is None else f"{number(value, language)} {named[language]}"


def difference(value: float, unit: str, language: Language) -> str:
    """With a sign; that of shares in points."""
    sign = "+" if value > 0 else ""
    if unit == "share":
        points = "points" if language is Language.ENGLISH else "п. п."
        return f"{sign}{number(100 * value, language)} {points}"
    return f"{sign}{amount(value, unit, language)}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """To the minute, in this zone."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def day(at: datetime, zone: ZoneInfo) -> str:
    """Its date there."""
    return f"{windows.day_of(at, zone):%Y-%m-%d}"


def when(kpi: str, window: Window, zone: ZoneInfo, language: Language) -> str:
    """The window in words; of what is counted as it stands at the end, that end."""
    source = CATALOGUE[kpi].source
    if isinstance(source, Rows) and source.time is Time.OPEN:
        return at_end(window, zone, language)
    return span(window, zone, language)


def span(window: Window, zone: ZoneInfo, language: Language) -> str:
    """From its first to its last day."""
    first, last = day(window.start, zone), day(window.end - timedelta(microseconds=1), zone)
    if first == last:
        return f"on {first}" if language is Language.ENGLISH else f"за {first}"
    return f"from {first} to {last}" if language is Language.ENGLISH else f"с {first} по {last}"


def at_end(window: Window, zone: ZoneInfo, language: Language) -> str:
    """As of its end."""
    end = windows.day_of(window.end, zone)
    if window.end == windows.midnight(end, zone):
        last = day(window.end - timedelta(microseconds=1), zone)
        return f"at the end of {last}" if language is Language.ENGLISH else f"на конец {last}"
    return f"as of {moment(window.end, zone)}" if language is Language.ENGLISH else f"на {moment(window.end, zone)}"


def days(value: float, language: Language) -> str:
    """So many days."""
    return amount(value, "days", language)
