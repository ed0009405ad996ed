"""Replicas of a service on different nodes, so that the loss of one costs none of its requests.

A swarm puts a new task where there are fewest, but never moves one that runs: an update that starts new before old, or
a node that was away, can leave all replicas of a service on one node.
"""

import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from ovia_stack import docker, services
from ovia_stack.errors import StackError

LOOK_SECONDS = 1.0
_CONSTRAINT = re.compile(r"node\.(role|hostname|labels\.([\w.-]+))\s*(==|!=)\s*(\S+)")


@dataclass(frozen=True)
class Node:
    """One node that takes tasks."""

    name: str
    role: str
    labels: Mapping[str, str]

    def allows(self, constraint: str) -> bool | None:
        """Whether a task with this constraint may run here; None for a constraint that is not understood."""
        found = _CONSTRAINT.fullmatch(constraint.strip())
        if found is None:
            return None
        what, label, relation, wanted = found.groups()
        value = {"role": self.role, "hostname": self.name}.get(what, self.labels.get(label or "", ""))
        return (value == wanted) is (relation == "==")


@dataclass(frozen=True)
class Lopsided:
    """A service of which some node has at least two replicas more than another that could have one."""

    name: str
    wanted: int
    most: str
    fewest: str


def lopsided() -> list[Lopsided]:
    """Services of the main stack whose replicas are not spread over the nodes that may run them."""
    listed = docker.run("node", "ls", "--format", "{{.ID}}").split()
    nodes = [made for one in docker.inspect("node", listed) if (made := _node(one)) is not None]
    if len(nodes) < 2:
        return []
    several = [one for one in services.of(services.STACK) if not one.job and one.wanted > 1 and one.settled]
    details = docker.inspect("service", [f"{services.STACK}_{one.name}" for one in several])
    found = []
    for one, detail in zip(several, details, strict=True):
        places = [node.name for node in nodes if _may_run(node, detail)]
        counts = Counter(dict.fromkeys(places, 0))
        counts.update(place for place in _places(one.name) if place in counts)
        ordered = counts.most_common()
        if len(ordered) > 1 and ordered[0][1] - ordered[-1][1] > 1:
            found.append(Lopsided(one.name, one.wanted, ordered[0][0], ordered[-1][0]))
    return found


def spread(console: Console, patience: float) -> None:
    """Spreads what is lopsided: one replica more, which comes to the emptiest node, then one less, from the fullest.

    No request is lost: the new one is healthy before the old one ends. Raises `StackError` after `patience` seconds.
    """
    for one in lopsided():
        for count in (one.wanted + 1, one.wanted):
            docker.run("service", "scale", "--detach", f"{services.STACK}_{one.name}={count}")
            _settled(one.name, count, patience)
        console.print(f"[green]✓[/green] A replica of {one.name} moved from {one.most} to {one.fewest}.")


def _settled(name: str, count: int, patience: float) -> None:
    end = time.monotonic() + patience
    while not any(one.name == name and one.running == one.wanted == count for one in services.of(services.STACK)):
        if time.monotonic() > end:
            raise StackError(f"{name} has not {count} replicas after {patience:.0f} s")
        time.sleep(LOOK_SECONDS)


def _node(detail: dict[str, Any]) -> Node | None:
    if detail["Status"]["State"] != "ready" or detail["Spec"]["Availability"] != "active":
        return None
    return Node(detail["Description"]["Hostname"], detail["Spec"]["Role"], detail["Spec"].get("Labels") or {})


def _may_run(node: Node, detail: dict[str, Any]) -> bool:
    # What is not understood is left to the swarm.
    constraints = detail["Spec"]["TaskTemplate"].get("Placement", {}).get("Constraints") or []
    return all(node.allows(one) for one in constraints)


def _places(name: str) -> list[str]:
    """The node of each task that runs."""
    tasks = docker.lines("service", "ps", "--filter", "desired-state=running", f"{services.STACK}_{name}")
    return [task["Node"] for task in tasks if task["CurrentState"].startswith("Running")]
