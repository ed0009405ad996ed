"""One engine and one stack for all tests below, which run in the order of their files, each on what is there."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ovia_stack import building
from tests.stack import filling, standins
from tests.stack.engine import Engine
from tests.stack.stack import Stack

RESULTS = standins.CHECKOUT / "test-results" / "stack.json"
_stacks: list[Stack] = []


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    # The client that belongs to the engine, whatever else is installed.
    os.environ["PATH"] = f"/usr/bin:{os.environ['PATH']}"
    engine = Engine()
    engine.start()
    os.environ["DOCKER_HOST"] = engine.address
    try:
        yield engine
    finally:
        engine.stop()


@pytest.fixture(scope="session")
def reported() -> list[Stack]:
    """Stacks whose times and figures are shown at the end."""
    return _stacks


@pytest.fixture(scope="session")
def stack(engine: Engine, tmp_path_factory: pytest.TempPathFactory, reported: list[Stack]) -> Stack:
    """Images built, both stacks deployed, everything settled."""
    found = Stack(engine.address, tmp_path_factory.mktemp("stack"))
    reported.append(found)
    found.timed("stand-ins for public images", standins.build)
    found.timed(f"{len(building.IMAGES)} images", lambda: found.ovia("images"))
    found.timed("deploy until all is up", found.deploy)
    return found


@pytest.fixture(scope="session")
def synced(stack: Stack) -> Stack:
    """The stack with an organisation, its sources read and its teams told."""
    filling.fill(stack)
    return stack


@pytest.fixture(scope="session")
def steady(synced: Stack) -> Stack:
    """The stack with nothing to do but what it is asked."""
    filling.settle(synced)
    return synced


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for stack in _stacks:
        terminalreporter.section("the stack")
        for what, seconds in stack.times.items():
            terminalreporter.write_line(f"{seconds:8.1f} s  {what}")
        for what, told in stack.told.items():
            terminalreporter.write_line(f"{what}: {told}")
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps({"seconds": stack.times, "told": stack.told}, indent=2))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            # Starting a stack takes as long as it takes; a hanging one must end all the same.
            item.add_marker(pytest.mark.timeout(900))
