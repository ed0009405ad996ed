"""Values from outside become texts that Postgres can hold and moments that a calendar knows."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_ingest.sources import accounts
from ovia_ingest.sources.mentions import mentions, work_item_keys
from ovia_ingest.sources.values import LONGEST_TEXT, clean, line, long_text, moment

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)


@given(ANY_TEXT)
def test_whatever_comes_in_comes_out_as_utf8_without_nul(value: str) -> None:
    notes: list[str] = []
    for cleaned in (clean(value), line(value) or "", long_text(value, "text", notes) or ""):
        assert "\0" not in cleaned
        cleaned.encode()


def test_good_text_is_left_alone() -> None:
    assert line("  Ünïcode \n and   emoji 🛩 ") == "Ünïcode and emoji 🛩"
    assert line("") is None
    assert line("\0") is None
    assert line(None) is None


def test_a_text_of_ten_megabytes_is_cut_and_says_so() -> None:
    notes: list[str] = []
    found = long_text("x" * 10_000_000, "description", notes)
    assert found is not None
    assert len(found) == LONGEST_TEXT
    assert notes == ["description cut from 10,000,000 to 200,000 characters"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-02T03:04:05.678+0000", datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)),
        ("2026-01-02T03:04:05.678Z", datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)),
        ("2026-01-02T06:04:05+03:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        (1767323045678, datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)),
        (1767323045, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("", None),
        (None, None),
        (-5, None),
        (float("nan"), None),
        (10**30, None),
        (True, None),
    ],
)
def test_moments_are_read_in_every_spelling_and_impossible_ones_are_none(
    value: str | float | None, expected: datetime | None
) -> None:
    assert moment(value) == expected


@given(st.one_of(ANY_TEXT, st.integers(), st.floats()))
def test_no_value_makes_moment_fail(value: str | float) -> None:
    found = moment(value)
    assert found is None or found.tzinfo is not None


def test_keys_are_found_in_titles_branches_and_texts() -> None:
    assert work_item_keys("GLD-12: fix (SKY-3), see GLD-12 and ops-4") == ["GLD-12", "SKY-3"]
    assert work_item_keys("feature/gld-12-wing", any_case=True) == ["GLD-12"]
    assert work_item_keys("UTF-8, SHA-256, X-1, A_B2-7, AGLD-12x, GLD-0, 3GLD-4") == ["A_B2-7"]
    assert work_item_keys(None) == []


def test_a_mention_says_where_it_was_found() -> None:
    found = mentions("merge_request", "7", [("branch", "gld-1-x"), ("title", "GLD-1"), ("description", "gld-2")])
    assert [(one.target, one.found_in) for one in found] == [("GLD-1", "branch"), ("GLD-1", "title")]


def test_accounts_of_machines_are_recognised_by_what_the_source_says_and_by_their_names() -> None:
    token_user = accounts.account("gitlab", "9", username="project_7_bot_0a1b", display_name="deploy")
    assert token_user.service_account
    assert token_user.machine_reason == "the user of an access token"
    assert accounts.account("gitlab", "9", username="renovate-bot").service_account
    assert accounts.account("jira", "9", display_name="Sync", machine_reason="an app, says Jira").service_account
    person = accounts.account("gitlab", "9", username="talbot", display_name="Ann Talbot", email="ann@fernweh.example")
    assert not person.service_account
    assert person.machine_reason is None


def test_what_is_no_mail_address_is_left_out() -> None:
    assert accounts.account("jira", "1", email="no address").email is None
    assert accounts.account("jira", "1", email="a" * 400 + "@fernweh.example").email is None


def test_an_id_of_one_server_is_told_from_that_of_another() -> None:
    assert accounts.on_host(42, "https://gitlab.fernweh.example/git") == "42@gitlab.fernweh.example"
