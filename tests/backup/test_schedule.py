"""Which job is due, by a clock that is told."""

import datetime as dt

import pytest

from ovia_backup.schedule import RETRY_SECONDS, due
from ovia_backup.state import Run, State

CRONS = {"full": "30 1 * * 0", "incremental": "30 1 * * 1-6", "dump": "0 3 * * 6", "verify": "0 4 * * *"}


def at(text: str) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()


def after_a_full(text: str, **others: Run) -> State:
    """A service that was first started at that time, and then made its first backup."""
    ended = Run(at(text), at(text) + 60, succeeded=True)
    return State(since=at(text), runs={"full": ended, **others}, successes={"full": ended.ended})


def test_a_database_without_a_backup_gets_a_full_one_at_once() -> None:
    assert due(CRONS, State(since=at("2026-11-25 12:00")), at("2026-11-25 12:00")) == "full"


def test_a_repository_that_holds_a_full_backup_waits_for_its_hour() -> None:
    state = State(since=at("2026-11-25 12:00"), successes={"full": at("2026-11-22 01:40")})
    assert due(CRONS, state, at("2026-11-25 12:01")) is None


def test_each_job_is_due_at_its_hour_and_not_before() -> None:
    state = after_a_full("2026-11-25 12:00")  # a Wednesday
    assert due(CRONS, state, at("2026-11-26 01:29:59")) is None
    assert due(CRONS, state, at("2026-11-26 01:30")) == "incremental"
    state.record("incremental", Run(at("2026-11-26 01:30"), at("2026-11-26 01:32"), succeeded=True))
    assert due(CRONS, state, at("2026-11-26 03:59")) is None
    assert due(CRONS, state, at("2026-11-26 04:00")) == "verify"


def test_a_job_missed_while_the_service_was_away_runs_late_and_once() -> None:
    state = after_a_full("2026-11-22 12:00")
    back = at("2026-11-25 12:00")
    assert due(CRONS, state, back) == "incremental"
    state.record("incremental", Run(back, back + 60, succeeded=True))
    state.record("verify", Run(back + 60, back + 90, succeeded=True))
    assert due(CRONS, state, back + 120) is None


def test_a_full_backup_goes_before_what_builds_on_it() -> None:
    state = after_a_full("2026-11-20 12:00")
    assert due(CRONS, state, at("2026-11-23 12:00")) == "full"


def test_a_failed_backup_is_tried_again_after_a_while() -> None:
    failed = Run(at("2026-11-26 01:30"), at("2026-11-26 01:31"), succeeded=False)
    state = after_a_full("2026-11-25 12:00", incremental=failed)
    assert due(CRONS, state, failed.ended + RETRY_SECONDS - 1) is None
    assert due(CRONS, state, failed.ended + RETRY_SECONDS) == "incremental"


def test_a_drill_that_found_damage_is_not_repeated_before_its_hour() -> None:
    failed = Run(at("2026-11-26 04:00"), at("2026-11-26 04:05"), succeeded=False)
    done = Run(at("2026-11-26 01:30"), at("2026-11-26 01:31"), succeeded=True)
    state = after_a_full("2026-11-25 12:00", incremental=done, verify=failed)
    assert due(CRONS, state, at("2026-11-26 23:00")) is None
    state.record("incremental", Run(at("2026-11-27 01:30"), at("2026-11-27 01:31"), succeeded=True))
    assert due(CRONS, state, at("2026-11-27 04:00")) == "verify"


@pytest.mark.parametrize("kind", ["full", "incremental", "dump"])
def test_a_failure_does_not_count_as_success(kind: str) -> None:
    state = State()
    state.record(kind, Run(1.0, 2.0, succeeded=True))
    state.record(kind, Run(3.0, 4.0, succeeded=False, message="no room"))
    assert state.successes[kind] == 2.0
