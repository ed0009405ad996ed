"""Every metric that a rule asks for is really told by the program it is meant of, as it runs.

The services' own are compared with the page that lists them, which a test compares with the services.
"""

import re
from pathlib import Path

import httpx
import pytest
from psycopg.conninfo import conninfo_to_dict

from ovia_stack import alerting
from tests.api.conftest import free_port
from tests.stack import metric_names
from tests.stack.rules.programs import CHECKOUT, program, running

PROMETHEUS = CHECKOUT / "infra" / "prometheus"
AS_PROMETHEUS_ASKS = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"}


def asked(*prefixes: str) -> set[metric_names.Names]:
    """What rules need of these programs; nothing asked of them would be a mistake in the test."""
    found = {names for names in metric_names.asked_by_rules() if any(name.startswith(prefixes) for name in names)}
    assert found
    return found


def told(text: str) -> set[str]:
    # As it stands there: the client library's parser gives every counter the name that OpenMetrics wants.
    return set(re.findall(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{| )", text, re.MULTILINE))


def missing(wanted: set[metric_names.Names], there: set[str]) -> list[list[str]]:
    return [sorted(names) for names in wanted if not names & there]


@pytest.fixture
def address() -> str:
    return f"127.0.0.1:{free_port()}"


def metrics(directory: Path, address: str, name: str, *options: str, **environment: str) -> set[str]:
    """What a program tells."""
    listening = f"--web.listen-address={address}"
    with running(directory, f"http://{address}/metrics", program(name), listening, *options, **environment):
        return told(httpx.get(f"http://{address}/metrics", headers=AS_PROMETHEUS_ASKS).text)


def test_the_machine_is_told_of(tmp_path: Path, address: str) -> None:
    assert missing(asked("node_"), metrics(tmp_path, address, "prometheus-node-exporter")) == []


def test_postgres_is_told_of(tmp_path: Path, address: str, cluster_dsn: str) -> None:
    known = conninfo_to_dict(cluster_dsn)
    words = " ".join(f"{name}='{value}'" for name, value in known.items() if value)
    there = metrics(tmp_path, address, "prometheus-postgres-exporter", DATA_SOURCE_NAME=f"{words} sslmode=disable")
    assert missing(asked("pg_"), there) == []


def test_alertmanager_tells_of_itself(tmp_path: Path, address: str) -> None:
    (tmp_path / "alertmanager.yml").write_text(alerting.render({}, set()))
    options = (
        f"--config.file={tmp_path / 'alertmanager.yml'}",
        f"--storage.path={tmp_path}",
        "--cluster.listen-address=",
    )
    assert missing(asked("alertmanager_"), metrics(tmp_path, address, "prometheus-alertmanager", *options)) == []


def test_prometheus_tells_of_itself(tmp_path: Path, address: str) -> None:
    (tmp_path / "prometheus.yml").write_text(f"rule_files: ['{PROMETHEUS / 'rules'}/*.yml']\n")
    options = (f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path}")
    assert missing(asked("prometheus_"), metrics(tmp_path, address, "prometheus", *options)) == []


def test_services_tell_of_themselves_and_of_their_sources() -> None:
    page = (CHECKOUT / "docs" / "monitoring.md").read_text()
    there = set(re.findall(r"^\| `(ovia_\w+)` \|", page, re.MULTILINE)) | {"ovia_http_request_seconds_bucket"}
    wanted = {names for names in asked("ovia_") if not any(name.startswith("ovia_backup_") for name in names)}
    assert missing(wanted, there) == []


def test_every_metric_a_rule_asks_for_is_of_a_program_somebody_looked_at() -> None:
    ours = ("ovia_", "ovia:")
    looked_at = ("node_", "pg_", "alertmanager_", "prometheus_", "probe_", "caddy_", "up")
    strangers = [sorted(names) for names in metric_names.asked_by_rules() if not all(
        name.startswith((*ours, *looked_at)) for name in names
    )]  # fmt: skip
    assert strangers == []
