"""Durations and expiry dates as they are written on the command line."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_shared.admin.moments import duration, expiry

NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0s", timedelta(0)),
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        (" 90d ", timedelta(days=90)),
        ("6w", timedelta(weeks=6)),
    ],
)
def test_a_span_is_a_number_and_a_unit(text: str, span: timedelta) -> None:
    assert duration(text) == span
    assert expiry(text, NOW) == NOW + span


@pytest.mark.parametrize("text", ["", "d", "90", "-1d", "1.5h", "90 d", "1y", "1d2h", "999999w", "٣d", "1D"])
def test_anything_else_is_no_span(text: str) -> None:
    assert duration(text) is None


def test_the_whole_of_the_last_day_counts() -> None:
    assert expiry("2027-01-31", NOW) == datetime(2027, 2, 1, tzinfo=UTC)


@given(st.text(max_size=12))
def test_no_text_is_a_fault(text: str) -> None:
    duration(text)
    expiry(text, NOW)
