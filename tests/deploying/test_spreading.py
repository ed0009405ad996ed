"""Replicas that share a node while another is without are found, and moved by one more and one less."""

from typing import Any

import pytest
from rich.console import Console

from ovia_stack import docker, services, spreading
from ovia_stack.services import Service
from ovia_stack.spreading import Lopsided, Node

WORKERS = {"node.role == worker"}


class Swarm:
    """What the engine is asked, and what it says: nodes, services with the nodes of their tasks, constraints."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.nodes = {"m": "manager", "a": "worker", "b": "worker"}
        self.away: set[str] = set()
        self.places: dict[str, list[str]] = {}
        self.constraints: dict[str, set[str]] = {}
        self.scaled: list[str] = []
        monkeypatch.setattr(docker, "run", self._run)
        monkeypatch.setattr(docker, "inspect", self._inspect)
        monkeypatch.setattr(docker, "lines", self._lines)
        monkeypatch.setattr(services, "of", self._services)

    def _run(self, *words: str, **_: Any) -> str:
        if words[:2] == ("service", "scale"):
            self.scaled.append(words[-1])
            name, count = words[-1].removeprefix("ovia_").split("=")
            places = self.places[name]
            while len(places) < int(count):
                places.append(min("ab", key=places.count))
            while len(places) > int(count):
                places.remove(max("ab", key=places.count))
        return "\n".join(self.nodes)

    def _inspect(self, kind: str, names: list[str]) -> list[dict[str, Any]]:
        if kind == "service":
            held = [sorted(self.constraints.get(name.removeprefix("ovia_"), ())) for name in names]
            return [{"Spec": {"TaskTemplate": {"Placement": {"Constraints": each}}}} for each in held]
        return [
            {
                "Status": {"State": "down" if name in self.away else "ready"},
                "Spec": {"Availability": "active", "Role": self.nodes[name], "Labels": {}},
                "Description": {"Hostname": name},
            }
            for name in names
        ]

    def _lines(self, *words: str) -> list[dict[str, Any]]:
        found = self.places[words[-1].removeprefix("ovia_")]
        return [{"Node": place, "CurrentState": "Running 1 minute ago"} for place in found]

    def _services(self, _: str) -> list[Service]:
        return [
            Service(name, "image", len(places), len(places), job=False, done=False, updating=False, rolled_back=False,
                    update_began=None, trouble="")
            for name, places in self.places.items()
        ]  # fmt: skip


@pytest.fixture
def swarm(monkeypatch: pytest.MonkeyPatch) -> Swarm:
    return Swarm(monkeypatch)


def test_what_shares_a_node_is_found_where_another_could_take_it(swarm: Swarm) -> None:
    swarm.places = {"api": ["a", "a"], "metrics": ["a", "b"], "rag": ["b"], "backup": ["m", "m"]}
    swarm.constraints = {"api": WORKERS, "metrics": WORKERS, "backup": {"node.role == manager"}}
    assert spreading.lopsided() == [Lopsided("api", 2, "a", "b")]


def test_a_node_that_is_away_is_not_waited_for(swarm: Swarm) -> None:
    swarm.places = {"api": ["a", "a"]}
    swarm.constraints = {"api": WORKERS}
    swarm.away = {"b"}
    assert spreading.lopsided() == []


def test_what_is_not_understood_is_left_to_the_swarm(swarm: Swarm) -> None:
    swarm.places = {"api": ["a", "a"]}
    swarm.constraints = {"api": {"engine.labels.disk == fast"}}
    assert spreading.lopsided() == []


def test_a_replica_is_moved_by_one_more_and_one_less(swarm: Swarm) -> None:
    swarm.places = {"api": ["a", "a"], "metrics": ["a", "b"]}
    swarm.constraints = {"api": WORKERS, "metrics": WORKERS}
    spreading.spread(Console(quiet=True), patience=5)
    assert swarm.scaled == ["ovia_api=3", "ovia_api=2"]
    assert sorted(swarm.places["api"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("constraint", "allowed"),
    [
        ("node.role == worker", True), ("node.role==manager", False), ("node.role != manager", True),
        ("node.hostname == a", True), ("node.labels.ovia.edge == true", True), ("node.labels.zone != north", True),
        ("node.labels.zone == north", False), ("node.platform.os == linux", None),
    ],
)  # fmt: skip
def test_constraints_are_read_as_the_swarm_does(constraint: str, allowed: bool | None) -> None:
    assert Node("a", "worker", {"ovia.edge": "true"}).allows(constraint) is allowed
