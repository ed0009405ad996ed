"""All that a question says of time, with what joins it: from … to, since, until."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from ovia_rag.planning.calendar import FIELD, MOST_YEARS, Clock, Span
from ovia_rag.planning.dates import Reader, Said, Sprints
from ovia_rag.planning.text import Word
from ovia_shared.errors import InvalidInput
from ovia_shared.kpis import windows
from ovia_shared.models.kpi import Window

DEFAULT_DAYS = 30
_DASHES = frozenset("-–—")
# Said before a time, and nothing by themselves.
_LEADING = ("in", "over")


class Time(msgspec.Struct, frozen=True):
    """What the words from `first` to before `last` say. `started`: its beginning was not said and is 30 days before."""

    first: int
    last: int
    when: Window | Sprints
    rolling: bool = False
    started: bool = True


def times(text: str, words: Sequence[Word], clock: Clock) -> list[Time]:
    """In the order of the question; they do not overlap. Raises `InvalidInput` for what the calendar does not have."""
    reader = Reader(text, words, clock)
    found: list[Time] = []
    place = 0
    while place < len(words):
        time = (
            _week_of(reader, place)
            or _range(reader, place)
            or _since(reader, place)
            or _before(reader, place)
            or _plain(reader, place)
        )
        if time is None:
            place += 1
        else:
            found.append(time)
            place = time.last
    return found


def checked(window: Window, clock: Clock) -> Window:
    """The window, cut to what has been. Raises `InvalidInput` if that is nothing, or more than 20 years."""
    end = min(window.end, clock.latest)
    if window.start >= window.end:
        raise InvalidInput("the time asked about ends before it begins", field=FIELD)
    if window.start >= end:
        raise InvalidInput("the time asked about is yet to come; numbers and lists are of what has been", field=FIELD)
    if end - window.start > timedelta(days=MOST_YEARS * 366):
        raise InvalidInput("a window is 20 years at most", field=FIELD)
    return Window(window.start, end)


def default(clock: Clock) -> Window:
    """The last 30 days, as everywhere else."""
    return windows.last_days(clock.latest, DEFAULT_DAYS, clock.zone)


def _range(reader: Reader, place: int) -> Time | None:
    opened = reader.means(place, "from") or reader.means(place, "between")
    at = place + 1 if opened else place
    if (short := _days_of_one_month(reader, at, opened=opened)) is not None:
        return Time(place, short[0], short[1])
    first = reader.said(at)
    if first is None or isinstance(first.when, Sprints):
        return None
    joint = at + first.length
    dashed = reader.between(joint - 1).strip() in _DASHES
    if not dashed and not (opened and reader.means(joint, "to")):
        return None
    second_at = joint if dashed else joint + 1
    second = reader.said(second_at)
    if second is None or isinstance(second.when, Sprints):
        return None
    return Time(place, second_at + second.length, _joined(reader, at, first, second.when, second))


def _joined(reader: Reader, first_at: int, first: Said, second: Window, said: Said) -> Window:
    start = first.when.start if isinstance(first.when, Window) else second.start
    spoken = reader.words[first_at : first_at + first.length + 1 + said.length]
    dated = any(len(word.text) == 4 and word.text.isdigit() for word in spoken)
    if start >= second.end and not said.rolling and not dated:
        # "from December to February": the first is of the year before.
        day = windows.day_of(start, reader.clock.zone)
        if day.month != 2 or day.day != 29:
            start = windows.midnight(day.replace(year=day.year - 1), reader.clock.zone)
    return Window(start, second.end)


def _days_of_one_month(reader: Reader, at: int, *, opened: bool) -> tuple[int, Window] | None:
    """1 to 15 October, October 1-15."""
    first = reader.day_number(at)
    after_month = reader.month_at(at - 1) if at else None
    month = reader.month_at(at) if first is None else None
    begin = at
    if first is None and month is not None:
        begin, first = at + 1, reader.day_number(at + 1)
    if first is None or after_month is not None:
        return None
    joint = begin + first[1]
    dashed = reader.between(joint - 1).strip() in _DASHES
    if not dashed and not ((opened or month) and reader.means(joint, "to")):
        return None
    second_at = joint if dashed else joint + 1
    second = reader.said(second_at) if month is None else None
    last = reader.day_number(second_at)
    if last is None or (month is None and (second is None or not isinstance(second.when, Window))):
        return None
    if second is not None and isinstance(second.when, Window):
        end_day = windows.day_of(second.when.start, reader.clock.zone)
        start = reader.day(end_day.year, end_day.month, first[0]).start
        return second_at + second.length, Window(start, second.when.end)
    assert month is not None
    year = reader.clock.recent_year(month, first[0])
    whole = Window(reader.day(year, month, first[0]).start, reader.day(year, month, last[0]).end)
    return second_at + last[1], whole


def _week_of(reader: Reader, place: int) -> Time | None:
    """The week of 2 November, неделя 2 ноября."""
    if not reader.means(place, "week_word"):
        return None
    at = place + 1
    while reader.means(at, "the"):
        at += 1
    said = reader.said(at)
    if said is None or isinstance(said.when, Sprints) or said.when.end - said.when.start > timedelta(hours=25):
        return None
    day = windows.day_of(said.when.start, reader.clock.zone)
    return Time(place, at + said.length, reader.clock.around(day, Span.WEEK))


def _since(reader: Reader, place: int) -> Time | None:
    after = reader.means(place, "after")
    if not (after or reader.means(place, "since") or reader.means(place, "from")):
        return None
    # "По сравнению с прошлым месяцем" is no beginning.
    said = None if reader.means(place - 1, "compared") else reader.said(place + 1)
    if said is None:
        return None
    last = place + 1 + said.length
    if isinstance(said.when, Sprints):
        return Time(place, last, msgspec.structs.replace(said.when, onwards=True))
    start = said.when.end if after else said.when.start
    return Time(place, last, Window(start, max(reader.clock.latest, start)), said.rolling)


def _before(reader: Reader, place: int) -> Time | None:
    if not reader.means(place, "before"):
        return None
    said = reader.said(place + 1)
    if said is None or isinstance(said.when, Sprints):
        return None
    end: datetime = said.when.start
    start = windows.last_days(end, DEFAULT_DAYS, reader.clock.zone).start
    return Time(place, place + 1 + said.length, Window(start, end), started=False)


def _plain(reader: Reader, place: int) -> Time | None:
    led = any(reader.means(place, one) for one in _LEADING)
    skipped = int(led)
    while led and reader.means(place + skipped, "the"):
        skipped += 1
    said = reader.said(place + skipped)
    if said is None and skipped:
        # The word may be the time itself: "of" and "for" lead many things.
        skipped, said = 0, reader.said(place)
    return None if said is None else Time(place + skipped, place + skipped + said.length, said.when, said.rolling)
