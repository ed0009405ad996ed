"""A real Caddy with the swarm's configuration, before stand-ins of the services."""

import contextlib
import os
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from ovia_local.ports import free_ports
from ovia_local.programs import executable
from tests.gateway.stand_ins import Names, Replica, replica

CONFIGURATION = Path(__file__).resolve().parents[2] / "infra" / "caddy"
DOMAIN = "ovia.test"
STARTS_WITHIN_SECONDS = 60


@dataclass
class Gateway:
    """A running gateway and what it printed."""

    domain: str
    ports: Mapping[str, int]
    state: Path
    output: Path
    process: "subprocess.Popen[bytes]"

    def client_context(self) -> ssl.SSLContext:
        """Trusts the gateway's own authority, and no other."""
        return ssl.create_default_context(cafile=str(self.state / "pki/authorities/local/root.crt"))

    def client(self) -> httpx.Client:
        return httpx.Client(verify=self.client_context(), trust_env=False, timeout=30)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        with self.client() as client:
            return self.ask_with(client, method, path, **more)

    def ask_with(self, client: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Host": self.domain, **more.pop("headers", {})}
        request = client.build_request(
            method, f"https://127.0.0.1:{self.ports['https']}{path}", headers=headers, **more
        )
        request.extensions["sni_hostname"] = self.domain
        return client.send(request)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.ask("GET", path, headers=headers)

    def inside(self, path: str) -> httpx.Response:
        """Asked from the monitoring network."""
        return httpx.get(f"http://127.0.0.1:{self.ports['metrics']}{path}", trust_env=False)


@contextlib.contextmanager
def running(directory: Path, names: Names, service_port: int, grafana_port: int, **more: str) -> Iterator[Gateway]:
    """The swarm's gateway. What its environment needs beyond the defaults is in `more`."""
    ports = dict(zip(("http", "https", "metrics"), free_ports(3), strict=True))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "OVIA_DOMAIN": DOMAIN,
        "OVIA_GATEWAY_STATE": str(directory / "state"),
        "OVIA_GATEWAY_RUN": str(directory),
        "OVIA_HTTP_PORT": str(ports["http"]),
        "OVIA_HTTPS_PORT": str(ports["https"]),
        "OVIA_GATEWAY_METRICS_PORT": str(ports["metrics"]),
        "OVIA_SERVICE_PORT": str(service_port),
        "OVIA_GRAFANA_PORT": str(grafana_port),
        "OVIA_RESOLVERS": f"resolvers 127.0.0.1:{names.port}",
        # Nobody has to wait for what will not come.
        "OVIA_TRY_DURATION": "1500ms",
        **more,
    }
    output = directory / "output"
    with output.open("wb") as written:
        process = subprocess.Popen(
            [executable("caddy"), "run", "--config", str(CONFIGURATION / "Caddyfile.swarm"), "--adapter", "caddyfile"],
            env=environment,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    gateway = Gateway(environment["OVIA_DOMAIN"], ports, directory / "state", output, process)
    try:
        _await(gateway)
        yield gateway
    finally:
        process.terminate()
        process.wait(20)


def _await(gateway: Gateway) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while True:
        assert gateway.process.poll() is None, gateway.output.read_text()
        assert time.monotonic() < deadline, gateway.output.read_text()
        with contextlib.suppress(httpx.TransportError, FileNotFoundError, ssl.SSLError):
            if gateway.inside("/health").status_code == 200 and gateway.get("/auth/grafana").status_code == 404:
                return
        time.sleep(0.02)


@dataclass
class Swarm:
    """Two replicas of the api, one of metrics and console each, Grafana, no rag; and DNS that knows them."""

    names: Names
    replicas: dict[str, Replica]
    port: int
    grafana_port: int


@pytest.fixture(scope="module")
def swarm() -> Iterator[Swarm]:
    port, grafana_port = free_ports(2)
    addresses = {"api": "127.0.1.1", "api again": "127.0.1.2", "metrics": "127.0.2.1", "console": "127.0.3.1"}
    with contextlib.ExitStack() as stack:
        names = stack.enter_context(Names())
        replicas = {
            name: stack.enter_context(replica(name.partition(" ")[0], address, port))
            for name, address in addresses.items()
        }
        replicas["grafana"] = stack.enter_context(replica("grafana", "127.0.4.1", grafana_port))
        names.names = {
            "tasks.api": ["127.0.1.1", "127.0.1.2"],
            "tasks.metrics": ["127.0.2.1"],
            "tasks.console": ["127.0.3.1"],
            "tasks.grafana": ["127.0.4.1"],
        }
        yield Swarm(names, replicas, port, grafana_port)


@pytest.fixture(scope="module")
def gateway(swarm: Swarm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running(
        tmp_path_factory.mktemp("gateway"), swarm.names, swarm.port, swarm.grafana_port, OVIA_TLS="internal"
    ) as one:
        yield one
