"""What is said of time, in English and Russian, on Friday 27 November 2026 in Berlin."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ovia_rag.planning.calendar import Clock, Span
from ovia_rag.planning.dates import Sprints
from ovia_rag.planning.text import words_of
from ovia_rag.planning.times import Time, checked, times
from ovia_shared.errors import InvalidInput
from ovia_shared.models.kpi import Window
from tests.rag.planning.organisation import CLOCK, ZONE


def _told(moment: datetime) -> str:
    if moment == CLOCK.latest:
        return "now"
    local = moment.astimezone(ZONE)
    assert (local.hour, local.minute) == (0, 0)
    return f"{local:%Y-%m-%d}"


def _times(text: str) -> list[Time]:
    return times(text, words_of(text), CLOCK)


@pytest.mark.parametrize(
    ("said", "start", "end"),
    [
        ("today", "2026-11-27", "2026-11-28"), ("вчера", "2026-11-26", "2026-11-27"),
        ("позавчера", "2026-11-25", "2026-11-26"), ("on Monday", "2026-11-23", "2026-11-24"),
        ("in last Friday", "2026-11-20", "2026-11-21"), ("в среду", "2026-11-25", "2026-11-26"),
        ("с понедельника", "2026-11-23", "now"), ("since last Monday", "2026-11-23", "now"),
        ("last week", "2026-11-16", "2026-11-23"), ("на прошлой неделе", "2026-11-16", "2026-11-23"),
        ("this week", "2026-11-23", "2026-11-30"), ("last month", "2026-10-01", "2026-11-01"),
        ("в прошлом месяце", "2026-10-01", "2026-11-01"), ("in the last quarter", "2026-07-01", "2026-10-01"),
        ("this quarter", "2026-10-01", "2027-01-01"), ("в этом году", "2026-01-01", "2027-01-01"),
        ("past week", "2026-11-20", "now"), ("last 2 weeks", "2026-11-13", "now"),
        ("over the past three months", "2026-08-27", "now"), ("за неделю", "2026-11-20", "now"),
        ("за последние 2 недели", "2026-11-13", "now"), ("за квартал", "2026-08-27", "now"),
        ("за полгода", "2026-05-27", "now"), ("за последние тридцать дней", "2026-10-28", "now"),
        ("2 weeks ago", "2026-11-09", "2026-11-16"), ("неделю назад", "2026-11-16", "2026-11-23"),
        ("год назад", "2025-01-01", "2026-01-01"), ("October", "2026-10-01", "2026-11-01"),
        ("in October 2025", "2025-10-01", "2025-11-01"), ("в декабре", "2025-12-01", "2026-01-01"),
        ("in last November", "2025-11-01", "2025-12-01"), ("Q3 2026", "2026-07-01", "2026-10-01"),
        ("third quarter of 2025", "2025-07-01", "2025-10-01"), ("в 3 квартале 2026", "2026-07-01", "2026-10-01"),
        ("III квартал", "2026-07-01", "2026-10-01"), ("in Q1", "2026-01-01", "2026-04-01"),
        ("H1 2026", "2026-01-01", "2026-07-01"), ("в первом полугодии", "2026-01-01", "2026-07-01"),
        ("in 2025", "2025-01-01", "2026-01-01"), ("за 2025 год", "2025-01-01", "2026-01-01"),
        ("2026-10-01", "2026-10-01", "2026-10-02"), ("2026-10", "2026-10-01", "2026-11-01"),
        ("01.10.2026", "2026-10-01", "2026-10-02"), ("10/15/2026", "2026-10-15", "2026-10-16"),
        ("15/10/2026", "2026-10-15", "2026-10-16"), ("с 01.10", "2026-10-01", "now"),
        ("October 5th, 2026", "2026-10-05", "2026-10-06"), ("5th of October", "2026-10-05", "2026-10-06"),
        ("5 октября 2025 года", "2025-10-05", "2025-10-06"), ("15-го октября", "2026-10-15", "2026-10-16"),
        ("from 2026-10-01 to 2026-10-31", "2026-10-01", "2026-11-01"),
        ("between 1 and 15 October", "2026-10-01", "2026-10-16"), ("1-15 October 2026", "2026-10-01", "2026-10-16"),
        ("October 1–15", "2026-10-01", "2026-10-16"), ("с 1 по 15 октября", "2026-10-01", "2026-10-16"),
        ("с 1 по 15 октября 2025 года", "2025-10-01", "2025-10-16"),
        ("from December to February", "2025-12-01", "2026-03-01"), ("с сентября по ноябрь", "2026-09-01", "2026-12-01"),
        ("since 1 October", "2026-10-01", "now"), ("after 5 November", "2026-11-06", "now"),
        ("с начала года", "2026-01-01", "now"), ("year to date", "2026-01-01", "now"),
        ("until 1 October", "2026-09-01", "2026-10-01"), ("до 1 октября", "2026-09-01", "2026-10-01"),
        ("the week of 2 November", "2026-11-02", "2026-11-09"), ("неделя 5 ноября", "2026-11-02", "2026-11-09"),
        ("29 February 2024", "2024-02-29", "2024-03-01"),
    ],
)  # fmt: skip
def test_what_is_said_of_time_is_a_window(said: str, start: str, end: str) -> None:
    for question in (said, f"wip {said}", f"wip {said}, please"):
        (time,) = _times(question)
        assert isinstance(time.when, Window)
        assert (_told(time.when.start), _told(time.when.end)) == (start, end)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("last sprint", Sprints(-1)), ("в прошлом спринте", Sprints(-1)), ("the last 3 sprints", Sprints(-1, 3)),
        ("за последние три спринта", Sprints(-1, 3)), ("this sprint", Sprints(0)), ("текущий спринт", Sprints(0)),
        ("since the last sprint", Sprints(-1, onwards=True)), ("next sprint", Sprints(1)),
    ],
)  # fmt: skip
def test_sprints_are_said_by_when_they_are(said: str, meant: Sprints) -> None:
    (time,) = _times(said)
    assert time.when == meant


@pytest.mark.parametrize(
    "text",
    [
        "it may fail", "a long march to production", "в среде разработки", "the last one", "sprint 12", "10 questions",
        "for 2 reasons", "version 1.10", "second thoughts", "a day job", "по сравнению с командой", "the first of them",
    ],
)  # fmt: skip
def test_words_that_may_be_times_elsewhere_are_none_here(text: str) -> None:
    assert _times(text) == []


def test_two_times_are_two() -> None:
    assert len(_times("cycle time this month vs last month")) == 2
    assert len(_times("время цикла в октябре по сравнению с сентябрём")) == 2


@pytest.mark.parametrize(
    "text", ["31 February", "February 30", "2026-02-29", "32.01.2026", "0 октября", "1900-01-01", "last 30 years"]
)
def test_days_that_there_are_not_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        _times(text)


def test_days_are_those_of_the_zone_also_where_clocks_change() -> None:
    for zone in ("America/Sao_Paulo", "Pacific/Apia", "Asia/Beirut", "Europe/Moscow"):
        clock = Clock(datetime(2026, 3, 30, 1, 30, tzinfo=UTC), ZoneInfo(zone))
        (time,) = times("yesterday", words_of("yesterday"), clock)
        assert isinstance(time.when, Window)
        assert time.when.start < time.when.end <= clock.latest
        assert time.when.end.astimezone(clock.zone).date() == clock.today


def test_what_is_yet_to_come_is_cut_or_refused() -> None:
    whole = CLOCK.around(CLOCK.today, Span.MONTH)
    assert checked(whole, CLOCK) == Window(whole.start, CLOCK.latest)
    with pytest.raises(InvalidInput, match="yet to come"):
        checked(Window(CLOCK.latest, whole.end), CLOCK)
