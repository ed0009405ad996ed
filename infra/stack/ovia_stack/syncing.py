"""Starting by hand what the scheduler starts by the clock."""

import time

from ovia_stack import docker
from ovia_stack.errors import StackError
from ovia_stack.services import SCHEDULED_STACK

LOOK_SECONDS = 0.5
ENDED = ("Complete", "Failed", "Rejected", "Shutdown", "Orphaned")


def start(service: str, replicas: int) -> None:
    """Starts a scheduled service as the scheduler does. Raises `StackError` while it is running."""
    name = f"{SCHEDULED_STACK}_{service}"
    if running(name):
        raise StackError(f"{service} is running already; it starts again by its schedule.")
    docker.run("service", "update", "--force", "--detach", "--replicas", str(replicas), name)


def running(name: str) -> bool:
    """Whether a task of the service is at work."""
    return any(not task["CurrentState"].startswith(ENDED) for task in docker.lines("service", "ps", name))


def wait(service: str, patience: float) -> str:
    """The state in which the newest task ended, such as `Complete 3 seconds ago`. Raises `StackError` if none does."""
    name = f"{SCHEDULED_STACK}_{service}"
    end = time.monotonic() + patience
    while time.monotonic() < end:
        tasks = docker.lines("service", "ps", "--no-trunc", name)
        if tasks and all(task["CurrentState"].startswith(ENDED) for task in tasks):
            failed = [task for task in tasks if task["CurrentState"].startswith(("Failed", "Rejected"))]
            if failed and failed[0] is tasks[0]:
                raise StackError(f"{service} failed: {failed[0]['Error']}; see `make logs SERVICE={service}`")
            return str(tasks[0]["CurrentState"])
        time.sleep(LOOK_SECONDS)
    raise StackError(f"{service} is still running after {patience:.0f} s; see `make logs SERVICE={service}`")
