"""A swarm of three nodes: a worker is drained, and one loses its power, while people go on working."""

import os
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ovia_stack import building
from tests.stack import filling, standins
from tests.stack.engine import Engine
from tests.stack.several import nodes
from tests.stack.several.nodes import Node
from tests.stack.stack import Stack, until
from tests.stack.test_4_under_load import under_load

SERVICES = ("api", "metrics", "rag", "console")


@pytest.fixture(scope="module")
def swarm(tmp_path_factory: pytest.TempPathFactory, reported: list[Stack]) -> Iterator[tuple[Stack, list[Node]]]:
    os.environ["PATH"] = f"/usr/bin:{os.environ['PATH']}"
    three = [Node(number) for number in (1, 2, 3)]
    _removed(three)
    nodes.bridge()
    try:
        for node in three:
            node.start()
        directory = tmp_path_factory.mktemp("nodes")
        joined(three, directory)
        stack = Stack(three[0].docker_host, directory)
        reported.append(stack)
        yield deployed(stack, three[0]), three
    finally:
        _removed(three)


def _removed(three: list[Node]) -> None:
    # What a run that was killed left, too. Deleting the images takes its time, so at once.
    with ThreadPoolExecutor() as at_once:
        list(at_once.map(Node.remove, three))
    nodes.remove_bridge()


def joined(three: list[Node], directory: Path) -> None:
    """Makes a swarm of the nodes, the first its manager, each with every image."""
    manager, *workers = three
    images = built(directory / "images.tar")
    with ThreadPoolExecutor() as at_once:
        list(at_once.map(lambda node: node.docker("load", "--input", str(images)), three))
    images.unlink()
    manager.docker("swarm", "init", "--advertise-addr", manager.ip)
    token = (manager.docker("swarm", "join-token", "--quiet", "worker") or "").strip()
    for worker in workers:
        worker.docker("swarm", "join", "--token", token, f"{manager.ip}:2377", "--advertise-addr", worker.ip)
    listed = (manager.docker("node", "ls", "--format", "{{.ID}} {{.ManagerStatus}}") or "").splitlines()
    for line in listed:
        identity, _, status = line.partition(" ")
        labels = ["--label-add", "ovia.logs=false"]
        if status:
            labels += [f"--label-add=ovia.{role}=true" for role in ("database", "edge", "monitoring")]
        manager.docker("node", "update", *labels, identity)


def deployed(stack: Stack, manager: Node) -> Stack:
    """The stack on all nodes, filled."""
    stack.address = manager.ip
    stack.overlays.append(Path(__file__).with_name("overlay.yml"))
    os.environ["DOCKER_HOST"] = manager.docker_host
    stack.timed("deploy on three nodes", stack.deploy)
    filling.fill(stack)
    filling.settle(stack)
    return stack


def built(archive: Path) -> Path:
    """Everything the stack runs, built on the tests' engine and saved: the nodes have no registry to take it from."""
    engine = Engine()
    engine.start()
    try:
        os.environ["DOCKER_HOST"] = engine.address
        standins.build()
        images = [building.build(image, {**standins.SETTINGS, "OVIA_VERSION": "this"}, quiet=True)
                 for image in building.IMAGES]  # fmt: skip
        others = [image for name, image in standins.SETTINGS.items() if name not in ("PYTHON_IMAGE", "CADDY_IMAGE")]
        save = ["docker", "save", "--output", str(archive), *images, *others, f"{standins.PREFIX}/demo"]
        subprocess.run(save, check=True)
    finally:
        engine.stop()
    return archive


def running(stack: Stack, service: str, on: Node | None = None) -> int:
    """Tasks of a service that run, by what the manager knows: all, or those on one node."""
    told = stack.docker("service", "ps", "--filter", "desired-state=running", "--format", "{{.Node}} {{.CurrentState}}",
                        f"ovia_{service}").splitlines()  # fmt: skip
    there = [line for line in told if " Running" in line]
    return len(there if on is None else [line for line in there if line.startswith(f"{on.name} ")])


def test_draining_a_worker_fails_no_request(swarm: tuple[Stack, list[Node]]) -> None:
    stack, (_, drained, other) = swarm

    def drain() -> None:
        stack.docker("node", "update", "--availability", "drain", drained.name)
        until(
            lambda: all(running(stack, one, drained) == 0 for one in SERVICES) and running(stack, "api", other) == 2,
            "everything is on the other worker",
            150,
        )
        stack.docker("node", "update", "--availability", "active", drained.name)

    traffic = under_load(stack, "drain of a worker", drain)
    assert traffic.failed == 0, traffic.told()


def test_a_worker_that_loses_its_power_fails_no_request(swarm: tuple[Stack, list[Node]]) -> None:
    stack, (_, first, second) = swarm
    # A worker that was away gets nothing back by itself.
    stack.ovia("spread")
    assert all(running(stack, one, first) == running(stack, one, second) == 1 for one in ("api", "metrics"))
    began = time.monotonic()

    def lose() -> None:
        second.power_off()
        until(lambda: running(stack, "api", first) == 2, "both replicas are on the worker that is left", 150)
        stack.told["replicas were back after"] = f"{time.monotonic() - began:.0f} s"

    traffic = under_load(stack, "a worker loses its power", lose)
    assert traffic.failed == 0, traffic.told()
