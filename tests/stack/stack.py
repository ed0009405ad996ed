"""The stack as its operator and its users reach it: the command line, the engine, the gateway."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ovia_local.ports import free_ports
from tests.stack import standins
from tests.stack.load import Client

OVERLAY = Path(__file__).with_name("overlay.yml")
PATIENCE_SECONDS = 300
# No command of the engine takes as long; one that hangs fails its test.
COMMAND_SECONDS = 300


class Stack:
    """A deployment on the tests' engine. `times` is what took how long, in seconds."""

    def __init__(self, docker_host: str, directory: Path) -> None:
        self.http_port, self.https_port, prometheus_port = free_ports(3)
        self.prometheus = f"http://127.0.0.1:{prometheus_port}"
        self._environment = {
            **os.environ,
            **standins.SETTINGS,
            "DOCKER_HOST": docker_host,
            "OVIA_STACK_SECRETS": str(directory / "secrets"),
            "OVIA_DOMAIN": "localhost",
            "OVIA_HTTP_PORT": str(self.http_port),
            "OVIA_HTTPS_PORT": str(self.https_port),
            "OVIA_VERSION": "this",
            "OVIA_TEST_PROMETHEUS_PORT": str(prometheus_port),
            # Packaged in no registry that can be reached here.
            "OVIA_GRAFANA_REPLICAS": "0",
            "OVIA_LOKI_REPLICAS": "0",
            "OVIA_SCHEDULER_REPLICAS": "0",
            "OVIA_POSTGRES_SHARED_BUFFERS": "256MB",
            # Every request of the load has one address and one token.
            "OVIA_REQUESTS_PER_MINUTE": "1000000",
            "OVIA_ANONYMOUS_REQUESTS_PER_MINUTE": "1000000",
        }
        self.times: dict[str, float] = {}
        self.told: dict[str, str] = {}
        self.token = ""
        # Where the gateway is reached, and what lies over the stack for it.
        self.address = "127.0.0.1"
        self.overlays = [OVERLAY]
        self.secrets = directory / "secrets"

    def ovia(self, *arguments: str, succeeds: bool = True, given: str | None = None, **settings: str) -> str:
        """`ovia-stack ARGUMENTS`; what it printed. Fails the test with that if the command does."""
        program = str(Path(sys.executable).with_name("ovia-stack"))
        done = subprocess.run(
            [program, *arguments], env={**self._environment, **settings}, cwd=standins.CHECKOUT,
            input=given, stdin=None if given is not None else subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode == 0) is succeeds, f"ovia-stack {arguments}: {done.stdout[-3000:]}{done.stderr[-5000:]}"
        return done.stdout + done.stderr

    def docker(self, *arguments: str, errors_too: bool = False) -> str:
        """`docker ARGUMENTS` on the stack's engine; what it printed on standard output, and on the other if wanted."""
        done = subprocess.run(
            ["docker", *arguments],
            env=self._environment, capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS,
        )  # fmt: skip
        assert done.returncode == 0, f"docker {arguments}: {done.stderr[-3000:]}"
        return done.stdout + (done.stderr if errors_too else "")

    def tasks(self, service: str, stack: str = "ovia") -> list[dict[str, Any]]:
        """Every container of a service that runs, as the engine describes it."""
        label = f"label=com.docker.swarm.service.name={stack}_{service}"
        names = self.docker("ps", "--quiet", "--no-trunc", "--filter", label).split()
        found: list[dict[str, Any]] = json.loads(self.docker("inspect", *names)) if names else []
        return found

    def execute(self, service: str, *command: str) -> str:
        """Runs a command in the first container of a service."""
        return self.docker("exec", self.tasks(service)[0]["Id"], *command)

    def timed(self, what: str, work: Callable[[], Any]) -> Any:
        """Does something and keeps how long it took."""
        began = time.monotonic()
        try:
            return work()
        finally:
            self.times[what] = time.monotonic() - began

    def deploy(self, version: str = "this") -> str:
        patience = str(PATIENCE_SECONDS)
        overlays = [word for path in self.overlays for word in ("--overlay", str(path))]
        return self.ovia("deploy", *overlays, "--patience", patience, OVIA_VERSION=version)

    @property
    def client(self) -> Client:
        authority = self.execute("caddy", "cat", "/data/caddy/pki/authorities/local/root.crt")
        return Client(self.https_port, authority, self.token, self.address)


def until(done: Callable[[], bool], what: str, patience: float = 120.0) -> None:
    """Looks until something is so. Fails the test with `what` if it does not come about."""
    end = time.monotonic() + patience
    while not done():
        assert time.monotonic() < end, f"not within {patience:.0f} s: {what}"
        time.sleep(0.25)
