"""Whose numbers and of when, between addresses and services."""

from datetime import UTC, date, datetime

import pytest

from ovia_console.dashboard.asking import Asked, window_of
from ovia_console.dashboard.receipts import last_day
from ovia_console.scopes.scope import Scope
from ovia_shared.errors import InvalidInput
from ovia_shared.models.kpi import Window

TEAM = Scope("team", "7", date(2026, 10, 1), date(2026, 11, 1))
WINDOW = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))


def test_without_dates_the_services_are_asked_for_none() -> None:
    assert Asked(TEAM, dated=False).parameters() == {"scope_kind": "team", "scope_id": "7"}
    assert Asked(TEAM, dated=False).kept() == {"scope": "team:7"}


def test_dates_somebody_chose_are_asked_for_and_stay_in_addresses() -> None:
    asked = Asked(TEAM, dated=True)
    assert asked.parameters()["from_"] == "2026-10-01"
    assert asked.kept() == {"scope": "team:7", "from": "2026-10-01", "to": "2026-10-31"}


def test_a_window_of_moments_goes_before_days() -> None:
    asked = Asked(TEAM, dated=True).parameters(WINDOW)
    assert (asked["from_"], asked["to"]) == ("2026-10-01T00:00:00+00:00", "2026-11-01T00:00:00+00:00")


def test_moments_in_addresses_are_read_or_refused() -> None:
    assert window_of(WINDOW.start.isoformat(), WINDOW.end.isoformat()) == WINDOW
    assert window_of("", "") is None
    for bad in ("yesterday", "2026-10-01T00:00:00"):
        with pytest.raises(InvalidInput):
            window_of(bad, WINDOW.end.isoformat())


def test_thelast_day_of_a_window_is_before_its_end() -> None:
    assert last_day(WINDOW.end) == "2026-10-31"
    assert last_day(datetime(2026, 11, 1, 0, 1, tzinfo=UTC)) == "2026-11-01"
