"""The docker command line, which alone knows contexts, credentials and the stack format."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from ovia_stack.errors import StackError


def run(
    *arguments: str, environment: Mapping[str, str] | None = None, given: str | None = None, quiet: bool = True
) -> str:
    """Runs `docker …` and returns what it printed.

    `environment` is added to this process's own, `given` is its standard input; unless `quiet`, what it prints goes to
    the terminal instead. Raises `StackError` with docker's own words if it fails.
    """
    try:
        done = subprocess.run(
            ["docker", *arguments],
            env={**os.environ, **(environment or {})},
            input=given,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.PIPE if quiet else None,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise StackError("docker is not installed; Ovia's stack needs Docker 20.10 or newer in swarm mode.") from None
    if done.returncode != 0:
        said = (done.stderr or "").strip() or "see above"
        raise StackError(f"docker {' '.join(arguments[:3])} failed: {said}")
    return done.stdout or ""


def lines(*arguments: str) -> list[dict[str, Any]]:
    """What a listing says with `--format '{{json .}}'`, a dictionary for each line."""
    return [json.loads(line) for line in run(*arguments, "--format", "{{json .}}").splitlines() if line]


def inspect(kind: str, names: Sequence[str]) -> list[dict[str, Any]]:
    """`docker KIND inspect NAMES`; empty for no names."""
    found: list[dict[str, Any]] = json.loads(run(kind, "inspect", *names)) if names else []
    return found


def exists(kind: str, name: str) -> bool:
    """Whether there is such an image, service, …"""
    try:
        run(kind, "inspect", name)
    except StackError:
        return False
    return True


def require_manager() -> None:
    """Raises `StackError` unless this engine is a manager of a swarm."""
    state, manager = run("info", "--format", "{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}").split()
    if state != "active":
        raise StackError("this engine is in no swarm yet: run `docker swarm init`, then try again.")
    if manager != "true":
        raise StackError("this engine is a worker of its swarm; run this on a manager, or choose one with DOCKER_HOST.")
