"""A form becomes the question a forecast is asked with."""

from datetime import date
from typing import Any

import pytest

from ovia_console.flow.percentiles import percentile
from ovia_console.flow.questions import body, read
from ovia_console.pages.links import web_address
from ovia_console.scopes.scope import Scope

TODAY = date(2026, 11, 27)
TEAM = Scope("team", "7", TODAY, TODAY)


def asked(scope: Scope = TEAM, **form: str) -> dict[str, Any]:
    return body(read(form, TODAY), scope)


def test_an_empty_form_asks_when_what_is_open_is_done() -> None:
    assert asked() == {"kind": "when", "scope": {"kind": "team", "id": "7"}, "sampling_days": 90}


def test_sliders_that_were_moved_are_what_is_imagined() -> None:
    told = asked(items="40", pace="120", more_items="-5", growth="50", wip_limit="4", sampling_days="60")
    assert told["items"] == 40
    assert told["what_if"] == {"pace": 1.2, "items": -5, "growth": 0.5, "wip_limit": 4}


def test_how_many_takes_a_day_and_no_items() -> None:
    told = asked(kind="how_many", items="40", more_items="3", growth="10", pace="50")
    assert (told["by"], told["what_if"]) == ("2026-12-11", {"pace": 0.5})
    assert "items" not in told


def test_of_a_sprint_its_own_items_are_asked_for() -> None:
    told = asked(Scope("sprint", "c:7", TODAY, TODAY), items="40", more_items="3", growth="10")
    assert told == {
        "kind": "when", "scope": {"kind": "sprint", "id": "c:7"}, "sampling_days": 90, "what_if": {"items": 3},
    }  # fmt: skip


def test_what_is_no_number_is_left_for_the_service_to_refuse() -> None:
    assert asked(pace="fast")["what_if"] == {"pace": "fast"}


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, None), ([3.0], 0.95, 3.0), ([1.0, 2.0], 0.5, 1.5), ([4.0, 1.0, 2.0, 3.0], 0.85, 3.55)],
)
def test_percentiles_interpolate(values: list[float], share: float, expected: float | None) -> None:
    found = percentile(values, share)
    assert found is None if expected is None else found == pytest.approx(expected)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "", None, "//evil.test"])
def test_only_addresses_of_the_web_become_links(url: str | None) -> None:
    assert web_address(url) == ""
    assert web_address("https://jira.test/browse/GLD-1") == "https://jira.test/browse/GLD-1"
