"""Starting a scheduled service by hand, and waiting for what was started and not for what was there."""

import pytest

from ovia_stack import docker, syncing
from ovia_stack.errors import StackError

OLD = {"ID": "old", "CurrentState": "Complete 1 hour ago", "Error": ""}


def task(name: str, state: str, error: str = "") -> dict[str, str]:
    return {"ID": name, "CurrentState": f"{state} 1 second ago", "Error": error}


@pytest.fixture
def listings(monkeypatch: pytest.MonkeyPatch) -> list[list[dict[str, str]]]:
    """What the swarm lists, look after look; the last listing stays."""
    told: list[list[dict[str, str]]] = []
    monkeypatch.setattr(docker, "lines", lambda *_: told.pop(0) if len(told) > 1 else told[0])
    monkeypatch.setattr(docker, "run", lambda *_, **__: "")
    monkeypatch.setattr(syncing, "LOOK_SECONDS", 0)
    return told


def test_a_run_before_is_not_taken_for_the_one_that_was_started(listings: list[list[dict[str, str]]]) -> None:
    listings += [[OLD], [OLD], [task("new", "Running"), OLD], [task("new", "Complete"), OLD]]
    before = syncing.start("ingest", 1)
    assert syncing.wait("ingest", 1, before, patience=5) == "Complete 1 second ago"
    assert len(listings) == 1


def test_one_of_several_that_fails_is_told(listings: list[list[dict[str, str]]]) -> None:
    listings += [[OLD], [task("a", "Complete"), task("b", "Failed", "non-zero exit (1)"), OLD]]
    before = syncing.start("ingest", 2)
    with pytest.raises(StackError, match=r"non-zero exit \(1\)"):
        syncing.wait("ingest", 2, before, patience=5)


def test_what_runs_is_not_started_again(listings: list[list[dict[str, str]]]) -> None:
    listings += [[task("a", "Running")]]
    with pytest.raises(StackError, match="running already"):
        syncing.start("ingest", 1)


def test_waiting_has_an_end(listings: list[list[dict[str, str]]]) -> None:
    listings += [[task("a", "Running")]]
    with pytest.raises(StackError, match="still running"):
        syncing.wait("ingest", 1, frozenset(), patience=0.01)
