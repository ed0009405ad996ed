"""Starting by hand what the scheduler starts by the clock."""

import time

from ovia_stack import docker
from ovia_stack.errors import StackError
from ovia_stack.services import SCHEDULED_STACK

LOOK_SECONDS = 0.5
ENDED = ("Complete", "Failed", "Rejected", "Shutdown", "Orphaned")


def start(service: str, replicas: int) -> frozenset[str]:
    """Starts a scheduled service as the scheduler does, and returns the tasks there were before, for `wait`.

    Raises `StackError` while it is running.
    """
    name = f"{SCHEDULED_STACK}_{service}"
    before = docker.lines("service", "ps", name)
    if any(not task["CurrentState"].startswith(ENDED) for task in before):
        raise StackError(f"{service} is running already; it starts again by its schedule.")
    docker.run("service", "update", "--force", "--detach", "--replicas", str(replicas), name)
    return frozenset(task["ID"] for task in before)


def wait(service: str, replicas: int, before: frozenset[str], patience: float) -> str:
    """Waits for the end of each task that was started, and says how the last one ended.

    Raises `StackError` if one fails, or if they are not there and ended within `patience` seconds.
    """
    name = f"{SCHEDULED_STACK}_{service}"
    end = time.monotonic() + patience
    while time.monotonic() < end:
        # The swarm makes its tasks a moment after it was asked; until then only those of earlier runs are listed.
        tasks = [task for task in docker.lines("service", "ps", name) if task["ID"] not in before]
        if len(tasks) >= replicas and all(task["CurrentState"].startswith(ENDED) for task in tasks):
            if failed := [task for task in tasks if task["CurrentState"].startswith(("Failed", "Rejected"))]:
                raise StackError(f"{service} failed: {failed[0]['Error']}; see `make logs SERVICE={service}`")
            return str(tasks[0]["CurrentState"])
        time.sleep(LOOK_SECONDS)
    raise StackError(f"{service} is still running after {patience:.0f} s; see `make logs SERVICE={service}`")
