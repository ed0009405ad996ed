"""Chips become filters, and filters chips."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from litestar.datastructures import MultiDict

from ovia_console.ask import narrowing
from ovia_console.ask.answers import Filters
from ovia_console.ask.narrowing import Narrowing
from ovia_shared.errors import InvalidInput

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def test_days_are_those_of_the_readers_clock_and_the_last_one_is_included() -> None:
    told = Narrowing(since="2026-11-01", until="2026-11-10").asked(BERLIN, NOW)
    assert told == {"since": "2026-10-31T23:00:00+00:00", "until": "2026-11-10T23:00:00+00:00"}


def test_until_today_is_until_now() -> None:
    assert Narrowing(until="2026-11-27").asked(BERLIN, NOW) == {}


def test_a_day_yet_to_come_is_sent_so_that_it_is_refused() -> None:
    assert "until" in Narrowing(until="2026-12-24").asked(BERLIN, NOW)


@pytest.mark.parametrize("day", ["2026-02-30", "yesterday", "9999-12-31"])
def test_a_day_that_there_is_not_is_refused_with_its_field(day: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Narrowing(until=day).asked(BERLIN, NOW)
    assert refused.value.field == "filters.until"


def test_a_form_is_read_into_chips_and_written_back() -> None:
    form = MultiDict([("kinds", "document"), ("kinds", "kpi"), ("team", "7"), ("person", ""), ("since", "2026-11-01")])
    chosen = narrowing.chosen(form)
    assert chosen == Narrowing(kinds=["document", "kpi"], team="7", since="2026-11-01")
    assert chosen.address("a&b").startswith("/console/ask?question=a%26b&kinds=document&kinds=kpi&team=7")


def test_an_answers_filters_are_shown_as_the_chips_they_were() -> None:
    chosen = Narrowing(kinds=["document"], person="5", since="2026-11-01", until="2026-11-10")
    told = msgspec.convert(chosen.asked(BERLIN, NOW), Filters)
    assert narrowing.of(told, BERLIN) == chosen
