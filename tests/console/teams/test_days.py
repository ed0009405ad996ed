"""Times in a team as people are shown and asked for them: whole days, the last one included."""

from datetime import date

from ovia_console.forms.reading import day_behind, first_day, last_day
from ovia_console.teams.memberships import _times

BEFORE = {"valid_from": "2026-03-01T09:30:00Z", "valid_to": "2026-09-01T00:00:00Z"}


def test_the_last_day_of_a_half_open_time_is_the_one_before_it_ends() -> None:
    assert last_day("2026-09-01T00:00:00Z") == "2026-08-31"
    assert last_day("2026-09-01T10:00:00Z") == "2026-09-01"
    assert last_day(None) == ""
    assert day_behind(date(2026, 8, 31)).isoformat() == "2026-09-01T00:00:00+00:00"


def test_the_first_day_is_that_of_the_moment_in_utc() -> None:
    assert first_day("2026-03-01T23:30:00-05:00") == "2026-03-02"


def test_a_day_that_was_left_as_it_is_keeps_its_hour() -> None:
    assert _times(BEFORE, date(2026, 3, 1), date(2026, 8, 31)) == BEFORE


def test_a_day_that_was_changed_begins_at_midnight_and_ends_with_the_day() -> None:
    assert _times(BEFORE, date(2026, 3, 2), date(2026, 9, 30)) == {
        "valid_from": "2026-03-02T00:00:00+00:00",
        "valid_to": "2026-10-01T00:00:00+00:00",
    }
    assert _times(BEFORE, date(2026, 3, 1), None)["valid_to"] is None
