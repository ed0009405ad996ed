"""What is kept of earlier runs, and what Prometheus is told of it."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from ovia_backup.errors import Busy
from ovia_backup.metrics import BackupCollector
from ovia_backup.state import Run, State, StateFile


def told(states: StateFile, lag: float | None = None) -> list[str]:
    registry = CollectorRegistry()
    collector = BackupCollector(states)
    collector.archive_lag = lag
    registry.register(collector)
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


def test_nothing_is_told_of_what_never_happened(tmp_path: Path) -> None:
    assert told(StateFile(tmp_path)) == []


def test_runs_show_with_their_kind(tmp_path: Path) -> None:
    state = State(repository_bytes=4096)
    state.record("full", Run(100.0, 130.0, succeeded=True))
    state.record("incremental", Run(200.0, 205.0, succeeded=True))
    state.record("incremental", Run(300.0, 301.0, succeeded=False, message="no room"))
    state.record("verify", Run(400.0, 460.0, succeeded=False, message="damaged"))
    StateFile(tmp_path).write(state)
    assert set(told(StateFile(tmp_path), lag=7.5)) == {
        'ovia_backup_last_success_timestamp_seconds{kind="full"} 130.0',
        'ovia_backup_last_success_timestamp_seconds{kind="incremental"} 205.0',
        'ovia_backup_last_run_success{kind="full"} 1.0',
        'ovia_backup_last_run_success{kind="incremental"} 0.0',
        'ovia_backup_duration_seconds{kind="full"} 30.0',
        'ovia_backup_duration_seconds{kind="incremental"} 1.0',
        "ovia_backup_verify_success 0.0",
        "ovia_backup_verify_timestamp_seconds 460.0",
        "ovia_backup_verify_duration_seconds 60.0",
        "ovia_backup_repository_bytes 4096.0",
        "ovia_backup_archive_lag_seconds 7.5",
    }


def test_a_state_that_cannot_be_read_is_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_bytes(b"{half")
    assert StateFile(tmp_path).read().runs == {}


def test_two_jobs_never_run_at_once(tmp_path: Path) -> None:
    with StateFile(tmp_path).locked(), pytest.raises(Busy), StateFile(tmp_path).locked():
        raise AssertionError("both hold the lock")
    with StateFile(tmp_path).locked():
        pass
