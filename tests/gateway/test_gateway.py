"""The gateway of a swarm as its callers find it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.gateway.conftest import DOMAIN, Gateway, Swarm, running
from tests.gateway.stand_ins import GOOD_TOKEN


def test_plain_http_is_sent_to_https(gateway: Gateway) -> None:
    answer = httpx.get(
        f"http://127.0.0.1:{gateway.ports['http']}/sync?limit=5", headers={"Host": DOMAIN}, trust_env=False
    )
    assert answer.status_code == 308
    # Without the port this test had to choose: another than 80 is taken for what a router maps to it.
    assert answer.headers["location"] == f"https://{DOMAIN}/sync?limit=5"


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/team/people?limit=5", "api"),
        ("/ready", "api"),
        ("/nothing/here", "api"),
        ("/team/kpi/lead-time", "metrics"),
        ("/team/flow/cumulative", "metrics"),
        ("/receipts/7", "metrics"),
        ("/console/people", "console"),
    ],
)
def test_each_path_reaches_the_service_that_owns_it(gateway: Gateway, path: str, owner: str) -> None:
    answer = gateway.get(path).raise_for_status().json()
    assert (answer["service"], answer["path"]) == (owner, path)


def test_every_answer_carries_the_security_headers(gateway: Gateway) -> None:
    for path in ("/sync", "/metrics", "/ask", "/", "/grafana/"):
        headers = gateway.get(path).headers
        assert headers["strict-transport-security"] == "max-age=31536000", path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-request-id"]
        assert "server" not in headers or "Caddy" not in headers["server"]


def test_answers_are_compressed(gateway: Gateway) -> None:
    answer = gateway.ask("POST", "/sync", content=b"x" * 5000, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json()["body"] == "x" * 5000


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/METRICS", "//metrics", "/%6detrics", "/auth/grafana"])
def test_what_is_for_the_machinery_is_not_there_for_callers(gateway: Gateway, path: str) -> None:
    answer = gateway.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_prometheus_is_told_about_the_gateway_on_a_port_of_its_own(gateway: Gateway) -> None:
    gateway.get("/sync")
    told = gateway.inside("/metrics")
    assert "caddy_http_request_duration_seconds_count" in told.text
    assert gateway.inside("/team/people").status_code == 404


def test_bodies_are_limited(gateway: Gateway) -> None:
    body = b"x" * (1024 * 1024 + 1)
    refused = gateway.ask("POST", "/sync", content=body)
    assert (refused.status_code, refused.headers["content-type"]) == (413, "application/problem+json")
    assert gateway.ask("POST", "/webhooks/gitlab", content=body).status_code == 200


def test_what_a_trusted_proxy_says_of_its_client_is_passed_on(gateway: Gateway) -> None:
    # 127.0.0.1 is one unless others are named.
    seen = gateway.get("/sync", **{"X-Forwarded-For": "203.0.113.9"}).json()["headers"]
    assert (seen["x-forwarded-for"], seen["x-forwarded-proto"]) == ("203.0.113.9", "https")


def test_a_callers_trace_goes_on_behind_the_gateway(gateway: Gateway) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert gateway.get("/sync", traceparent=trace).json()["headers"]["traceparent"] == trace


def test_neither_tokens_nor_what_people_search_for_are_logged(gateway: Gateway) -> None:
    secret = "keep-this-out-of-the-log"
    headers = dict.fromkeys(("Authorization", "Cookie", "X-Gitlab-Token", "X-Api-Key", "Referer"), secret)
    gateway.get(f"/marked?token={secret}", **headers, **{"X-Request-Id": "log.1"})
    gateway.get(f"/marked/{GOOD_TOKEN}", **headers, **{"X-Request-Id": "log.2"})
    # Nobody answers: the gateway's own complaint is logged as well.
    gateway.get(f"/ask?{GOOD_TOKEN}=1", **headers, **{"X-Request-Id": "log.3"})
    deadline = time.monotonic() + 60
    while '"log.3"' not in gateway.output.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    written = gateway.output.read_text()
    assert secret not in written
    assert GOOD_TOKEN not in written
    lines = [json.loads(line) for line in written.splitlines()]
    access = [line for line in lines if line.get("logger", "").startswith("http.log.access")]
    logged = {line["request_id"]: line for line in access if "request_id" in line}
    assert logged["log.1"]["request"]["uri"] == "/marked?***"
    assert logged["log.2"]["request"]["uri"] == "/marked/***"
    assert (logged["log.1"]["status"], logged["log.3"]["status"]) == (200, 503)
    assert "python-httpx" in logged["log.1"]["user_agent"]


def test_without_a_token_grafana_asks_for_one(gateway: Gateway, swarm: Swarm) -> None:
    grafana = swarm.replicas["grafana"]
    before = len(grafana.asked)
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"X-Webauth-User": "admin", "X-Webauth-Role": "Admin"}):
        answer = gateway.get("/grafana/d/ovia-overview", **headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Basic realm="Ovia"'
    assert len(grafana.asked) == before


def test_grafana_is_told_who_comes_by_the_gateway_alone(gateway: Gateway) -> None:
    answer = gateway.get(
        "/grafana/d/ovia-overview?orgId=1",
        **{
            "Authorization": f"Bearer {GOOD_TOKEN}",
            "X-Webauth-User": "admin",
            "X-WEBAUTH-ROLE": "Admin",
            "X-Webauth-Groups": "everything",
            "X_Webauth_User": "admin",
            "Cookie": "grafana_session=kept; ovia_session=secret",
        },
    ).raise_for_status()
    told = answer.json()
    assert (told["service"], told["path"]) == ("grafana", "/grafana/d/ovia-overview?orgId=1")
    headers = told["headers"]
    assert (headers["x-webauth-user"], headers["x-webauth-role"]) == ("reporting.1234", "Editor")
    assert "x-webauth-groups" not in headers
    assert "x_webauth_user" not in headers
    assert "authorization" not in headers
    assert "grafana_session=kept" in headers["cookie"]
    assert "ovia_session" not in headers["cookie"]


def test_told_to_end_it_lets_requests_under_way_finish(swarm: Swarm, tmp_path: Path) -> None:
    metrics = swarm.replicas["metrics"]
    with (
        running(tmp_path, swarm.names, swarm.port, swarm.grafana_port, OVIA_TLS="internal") as ending,
        ThreadPoolExecutor() as pool,
    ):
        waiting = pool.submit(ending.get, "/receipts/slow")
        while "/receipts/slow" not in [one["path"] for one in metrics.asked]:
            time.sleep(0.01)
        ending.process.terminate()
        while "servers shutting down" not in ending.output.read_text():
            time.sleep(0.01)
        metrics.go_on.set()
        assert waiting.result(60).status_code == 200
        assert ending.process.wait(60) == 0


def test_localhost_gets_a_certificate_of_its_own_and_no_promise_to_stay(swarm: Swarm, tmp_path: Path) -> None:
    elsewhere = {"OVIA_DOMAIN": "localhost", "OVIA_TRUSTED_PROXIES": "10.0.0.0/8 10.1.0.0/16"}
    with running(tmp_path, swarm.names, swarm.port, swarm.grafana_port, **elsewhere) as local:
        answer = local.get("/sync", **{"X-Forwarded-For": "203.0.113.9"})
    assert answer.status_code == 200
    assert "strict-transport-security" not in answer.headers
    # Nobody trusts this client about where it comes from.
    assert answer.json()["headers"]["x-forwarded-for"] == "127.0.0.1"
