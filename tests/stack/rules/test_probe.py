"""What is told of the gateway by asking it, as people do: whether it answers, and how long its certificate holds."""

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.api.conftest import free_port
from tests.stack import metric_names
from tests.stack.rules.programs import CHECKOUT, program, running
from tests.stack.rules.test_emitted import asked, missing, told

CONFIG = CHECKOUT / "infra" / "blackbox" / "blackbox.yml"
CADDYFILE = """
{{
    admin off
    auto_https disable_redirects
    skip_install_trust
    storage file_system {state}
    persist_config off
    metrics
}}
http://127.0.0.1:{metrics} {{
    metrics
}}
https://localhost:{port} {{
    tls internal
    respond /ready 200
    respond 503
}}
"""


class Gateway:
    """Caddy with a certificate of its own authority, and the exporter that asks it."""

    def __init__(self, address: str, exporter: str, metrics: str) -> None:
        self.address = address
        self.exporter = exporter
        self.metrics = metrics

    def probe(self, path: str = "/ready", address: str | None = None) -> list[Sample]:
        """What the exporter tells."""
        answer = httpx.get(
            f"{self.exporter}/probe",
            params={"module": "gateway", "hostname": "localhost", "target": f"{address or self.address}{path}"},
            timeout=20,
        )
        return [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    directory = tmp_path_factory.mktemp("gateway")
    port, metrics, exporter = free_port(), free_port(), f"127.0.0.1:{free_port()}"
    caddyfile = directory / "Caddyfile"
    caddyfile.write_text(CADDYFILE.format(state=directory, port=port, metrics=metrics))
    caddy = Path(sys.executable).with_name("caddy")
    with (
        running(
            directory, f"https://localhost:{port}/ready", caddy, "run", "--config", caddyfile, "--adapter", "caddyfile"
        ),
        running(
            directory, f"http://{exporter}/-/healthy", program("prometheus-blackbox-exporter"),
            f"--config.file={CONFIG}", f"--web.listen-address={exporter}",
        ),
    ):  # fmt: skip
        yield Gateway(f"https://127.0.0.1:{port}", f"http://{exporter}", f"http://127.0.0.1:{metrics}")


def value(samples: list[Sample], name: str) -> float:
    [found] = [sample.value for sample in samples if sample.name == name]
    return found


def test_a_gateway_that_answers_is_told(gateway: Gateway) -> None:
    assert value(gateway.probe(), "probe_success") == 1


def test_the_end_of_the_certificate_is_told(gateway: Gateway) -> None:
    left = value(gateway.probe(), "probe_ssl_earliest_cert_expiry") - time.time()
    # Caddy's own certificates last twelve hours.
    assert 11 * 3600 < left <= 12 * 3600


def test_the_gateways_own_authority_is_recognised_by_the_rules(gateway: Gateway) -> None:
    [issuer] = {one.labels["issuer"] for one in gateway.probe() if one.name == "probe_ssl_last_chain_info"}
    rules = [rule for rule in metric_names.rules() if "CertificateExpiring" in rule.get("alert", "")]
    patterns = {re.findall(r'issuer=~"([^"]+)"', rule["expr"])[0] for rule in rules}
    assert len(rules) == 2
    assert all(re.fullmatch(pattern, issuer) for pattern in patterns), issuer


def test_a_service_that_is_not_ready_is_told(gateway: Gateway) -> None:
    told = gateway.probe("/people")
    assert value(told, "probe_success") == 0
    assert value(told, "probe_http_status_code") == 503


def test_a_gateway_that_is_not_there_is_told(gateway: Gateway) -> None:
    assert value(gateway.probe(address=f"https://127.0.0.1:{free_port()}"), "probe_success") == 0


def test_an_answer_without_tls_does_not_count(gateway: Gateway) -> None:
    assert value(gateway.probe(address=gateway.exporter, path="/-/healthy"), "probe_success") == 0


def test_what_rules_ask_of_both_is_told(gateway: Gateway) -> None:
    there = {sample.name for sample in gateway.probe()} | told(httpx.get(gateway.metrics).text)
    assert missing(asked("probe_", "caddy_"), there) == []
