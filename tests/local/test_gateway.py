import asyncio
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from ovia_local.ports import LOOPBACK, free_ports
from ovia_local.programs import SERVICES, gateway
from ovia_local.readiness import wait_until_ready
from ovia_local.state import State


class Echo(BaseHTTPRequestHandler):
    """A service that says which one it is and what it was asked."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        assert isinstance(self.server, Service)
        said = {"service": self.server.name, "path": self.path, "request_id": self.headers["X-Request-Id"]}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


class Service(ThreadingHTTPServer):
    """One of the small services, which knows its name."""

    def __init__(self, name: str, port: int) -> None:
        super().__init__((LOOPBACK, port), Echo)
        self.name = name


@dataclass
class Gateway:
    """A real Caddy before four small services, of which `rag` is not there."""

    address: str
    access_log: Path

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(self.address + path, headers=headers, trust_env=False)

    def owner(self, path: str) -> str:
        return str(self.get(path).raise_for_status().json()["service"])


@pytest.fixture(scope="module")
def caddy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    state = State(tmp_path_factory.mktemp("state"))
    state.create()
    port, *service_ports = free_ports(1 + len(SERVICES))
    ports = dict(zip(SERVICES, service_ports, strict=True))
    servers = []
    for name in set(SERVICES) - {"rag"}:
        server = Service(name, ports[name])
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        servers.append(server)
    program = gateway(state, port, ports)
    with program.log.open("wb") as log:
        process = subprocess.Popen(program.command, env=dict(program.environment), stdout=log, stderr=log)
    try:
        asyncio.run(wait_until_ready({"gateway": f"http://{LOOPBACK}:{port}/ready"}, seconds=20))
        yield Gateway(f"http://{LOOPBACK}:{port}", state.log("access"))
    finally:
        process.terminate()
        process.wait(20)
        for server in servers:
            server.shutdown()
            server.server_close()


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/team/people?limit=5", "api"),
        ("/team/identity-mappings", "api"),
        ("/sync", "api"),
        ("/openapi.json", "api"),
        ("/docs", "api"),
        ("/health", "api"),
        ("/nothing/here", "api"),
        ("/team/kpi", "metrics"),
        ("/team/kpi/lead-time", "metrics"),
        ("/team/kpis", "metrics"),
        ("/receipts/7", "metrics"),
        ("/forecasts", "metrics"),
        ("/data-quality", "metrics"),
        ("/team/settings", "metrics"),
        ("/team/settings/workflow/history", "metrics"),
        ("/console/", "console"),
        ("/console/people", "console"),
    ],
)
def test_each_path_reaches_the_service_that_owns_it(caddy: Gateway, path: str, owner: str) -> None:
    answer = caddy.get(path).json()
    assert (answer["service"], answer["path"]) == (owner, path)


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/METRICS", "//metrics", "/%6detrics", "/metrics?x=1"])
def test_the_services_own_metrics_are_never_reachable(caddy: Gateway, path: str) -> None:
    response = caddy.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == 404


def test_the_front_door_leads_to_the_console(caddy: Gateway) -> None:
    response = caddy.get("/")
    assert (response.status_code, response.headers["location"]) == (302, "/console/")


def test_a_request_id_is_passed_on_and_given_back(caddy: Gateway) -> None:
    response = caddy.get("/sync", **{"X-Request-Id": "from-the-caller.1"})
    assert response.json()["request_id"] == response.headers["x-request-id"] == "from-the-caller.1"


@pytest.mark.parametrize("hostile", ['"},{"', "a" * 129, "two words", ""])
def test_an_unusable_request_id_is_replaced(caddy: Gateway, hostile: str) -> None:
    for path in ("/sync", "/ask"):
        response = caddy.get(path, **{"X-Request-Id": hostile})
        assert response.json()["request_id"] == response.headers["x-request-id"]
        assert response.headers["x-request-id"] not in ("", hostile)


def test_a_service_that_is_away_is_a_problem_that_says_when_to_return(caddy: Gateway) -> None:
    response = caddy.get("/ask")
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "5"
    problem = response.json()
    assert (problem["status"], problem["title"]) == (503, "Service Unavailable")
    assert problem["request_id"] == response.headers["x-request-id"]


def test_a_body_of_more_than_a_mebibyte_is_refused_except_for_webhooks(caddy: Gateway) -> None:
    body = b"x" * (1024 * 1024 + 1)
    refused = httpx.post(caddy.address + "/sync", content=body, trust_env=False)
    assert (refused.status_code, refused.json()["status"]) == (413, 413)
    assert httpx.post(caddy.address + "/webhooks/gitlab", content=body, trust_env=False).status_code == 200


def test_every_answer_carries_the_security_headers(caddy: Gateway) -> None:
    for path in ("/sync", "/metrics", "/ask", "/"):
        headers = caddy.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "server" not in headers or "Caddy" not in headers["server"]


def test_what_authenticates_a_caller_is_not_logged(caddy: Gateway) -> None:
    secret = "keep-this-out-of-the-log"
    names = ("Authorization", "Cookie", "Proxy-Authorization", "X-Gitlab-Token")
    caddy.get(f"/sync/marked?token={secret}", **dict.fromkeys(names, secret))
    deadline = time.monotonic() + 60
    while "/sync/marked" not in caddy.access_log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    written = caddy.access_log.read_text()
    assert "/sync/marked?***" in written
    assert '"request_id"' in written
    assert secret not in written
    assert caddy.access_log.stat().st_mode & 0o077 == 0
