"""Taking a stack away for good."""

import time

from ovia_stack import docker
from ovia_stack.errors import StackError
from ovia_stack.services import NAMESPACE, SCHEDULED_STACK, STACK

PATIENCE_SECONDS = 180.0


def volumes() -> None:
    """Deletes the volumes of both stacks on this node once no container holds them any more. Raises `StackError`."""
    end = time.monotonic() + PATIENCE_SECONDS
    for stack in (SCHEDULED_STACK, STACK):
        while True:
            names = docker.run("volume", "ls", "--quiet", "--filter", f"label={NAMESPACE}={stack}").split()
            if not names:
                break
            try:
                docker.run("volume", "rm", *names)
            except StackError:
                if time.monotonic() > end:
                    raise
                time.sleep(1)
