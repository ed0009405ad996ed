"""Prometheus and Alertmanager as they are configured: an alert goes all the way, with the page that says what to do."""

import time
from pathlib import Path
from typing import Any

import httpx
import yaml

from ovia_stack import alerting
from tests.api.conftest import free_port
from tests.stack.rules.programs import CHECKOUT, program, running

PROMETHEUS = CHECKOUT / "infra" / "prometheus"
RUNBOOKS = "https://ovia.example/runbooks"


def configured(prometheus: str, alertmanager: str) -> dict[str, Any]:
    """The configuration as a swarm fills it in, but quick, and with those of this test in the place of DNS names."""
    text = (PROMETHEUS / "prometheus.yml").read_text()
    filled = text.replace('{{ env "OVIA_DOMAIN" }}', "ovia.example").replace('{{ env "OVIA_RUNBOOKS_URL" }}', RUNBOOKS)
    assert "{{" not in filled
    config: dict[str, Any] = yaml.safe_load(filled)
    config["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(PROMETHEUS / "rules" / "*.yml")]
    config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [alertmanager]}]}]
    config["scrape_configs"] = [
        {**job, "static_configs": [{"targets": [prometheus]}]}
        for job in config["scrape_configs"]
        if job["job_name"] == "prometheus"
    ]
    return config


def test_an_alert_arrives_with_its_runbook(tmp_path: Path) -> None:
    prometheus, alertmanager = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(configured(prometheus, alertmanager)))
    (tmp_path / "alertmanager.yml").write_text(alerting.render({}, set()))
    with (
        running(
            tmp_path, f"http://{alertmanager}/-/ready", program("prometheus-alertmanager"),
            f"--config.file={tmp_path / 'alertmanager.yml'}", f"--storage.path={tmp_path / 'alerts'}",
            f"--web.listen-address={alertmanager}", "--cluster.listen-address=",
        ),
        running(
            tmp_path, f"http://{prometheus}/-/ready", program("prometheus"),
            f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'metrics'}",
            f"--web.listen-address={prometheus}",
        ),
    ):  # fmt: skip
        deadline = time.monotonic() + 60
        while not (arrived := httpx.get(f"http://{alertmanager}/api/v2/alerts").json()):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        groups = httpx.get(f"http://{prometheus}/api/v1/rules").json()["data"]["groups"]
    [watchdog] = [one for one in arrived if one["labels"]["alertname"] == "OviaWatchdog"]
    assert watchdog["labels"] == {
        "alertname": "OviaWatchdog",
        "severity": "heartbeat",
        "installation": "ovia.example",
    }
    assert watchdog["annotations"]["runbook_url"] == f"{RUNBOOKS}/OviaWatchdog.md"
    assert [rule["lastError"] for group in groups for rule in group["rules"] if rule.get("lastError")] == []
