"""Every alert says what is wrong and where to read on, fires when it should, and does not when it should not."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stack import metric_names
from tests.stack.rules.programs import CHECKOUT, succeeds

PROMETHEUS = CHECKOUT / "infra" / "prometheus"
RUNBOOKS = CHECKOUT / "docs" / "runbooks" / "alerts"
SEVERITIES = {"critical", "warning", "heartbeat"}
SECTIONS = ("What it means", "What it does", "How to look", "How to mend it", "How to prevent it")

Rule = dict[str, Any]
Cases = dict[str, set[bool]]


def alerts() -> list[Rule]:
    return [rule for rule in metric_names.rules() if "alert" in rule]


@cache
def cases(directory: Path) -> Cases:
    """By alert, whether there is a case in which it fires (True), and one in which it does not (False)."""
    found: Cases = {}
    for path in directory.glob("*.yml"):
        for test in yaml.safe_load(path.read_text())["tests"]:
            for case in test["alert_rule_test"]:
                found.setdefault(case["alertname"], set()).add(bool(case["exp_alerts"]))
    return found


def faults(rule: Rule, tested: Cases, runbooks: Path) -> Iterator[str]:
    """What an alert lacks."""
    name, notes = rule["alert"], rule.get("annotations", {})
    runbook = runbooks / f"{name}.md"
    tried = tested.get(name, set())
    checks = {
        "a severity": rule.get("labels", {}).get("severity") in SEVERITIES,
        "a summary": bool(notes.get("summary")),
        "a description": bool(notes.get("description")),
        "a runbook_url": notes.get("runbook_url") == f"{{{{ $externalLabels.runbooks }}}}/{name}.md",
        "a runbook": runbook.is_file(),
        "every section of its runbook": runbook.is_file()
        and all(f"\n## {section}\n" in runbook.read_text() for section in SECTIONS),
        "a case in which it fires": True in tried,
        "a case in which it does not fire": False in tried,
    }
    yield from (what for what, there in checks.items() if not there)


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_is_complete(rule: Rule) -> None:
    assert list(faults(rule, cases(PROMETHEUS / "tests"), RUNBOOKS)) == []


def test_an_alert_that_lacks_something_is_found(tmp_path: Path) -> None:
    bare = {"alert": "OviaBare", "expr": "up > 1", "labels": {"severity": "loud"}}
    assert len(list(faults(bare, {}, tmp_path))) == 8
    (tmp_path / "OviaBare.md").write_text("# OviaBare\n")
    assert list(faults(bare, {"OviaBare": {True}}, tmp_path)) == [
        "a severity", "a summary", "a description", "a runbook_url", "every section of its runbook",
        "a case in which it does not fire",
    ]  # fmt: skip


def test_every_alert_is_an_expression_beside_a_number() -> None:
    thresholds = {rule["alert"]: metric_names.threshold(rule["expr"]) for rule in alerts()}
    assert thresholds["OviaErrorRateHigh"] == pytest.approx(0.02)
    assert thresholds["OviaCertificateExpiring"] == 7 * 24 * 3600
    assert len(thresholds) == len(alerts()) > 40


def test_no_runbook_is_of_no_alert() -> None:
    assert {path.stem for path in RUNBOOKS.glob("Ovia*.md")} == {rule["alert"] for rule in alerts()}


def test_the_runbooks_are_listed_where_one_looks_for_them() -> None:
    listed = set(re.findall(r"\]\(runbooks/alerts/(\w+)\.md\)", (CHECKOUT / "docs" / "monitoring.md").read_text()))
    assert listed == {rule["alert"] for rule in alerts()}


def test_the_configuration_and_every_rule_are_valid() -> None:
    said = succeeds("promtool", "check", "config", "--lint-fatal", PROMETHEUS / "prometheus.yml")
    assert "5 rule files found" in said


@pytest.mark.parametrize("path", sorted((PROMETHEUS / "tests").glob("*.yml")), ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_not_when_they_should_not(path: Path) -> None:
    succeeds("promtool", "test", "rules", path)


def services() -> set[str]:
    """Services that Prometheus finds by the DNS of the swarm."""
    text = (PROMETHEUS / "prometheus.yml").read_text()
    return set(re.findall(r"tasks\.([a-z-]+)", text))


def test_a_service_without_any_replica_is_missed() -> None:
    [absent] = [rule for rule in alerts() if rule["alert"] == "OviaServiceAbsent"]
    assert set(re.findall(r'job="([a-z-]+)"', absent["expr"])) == services()


def test_every_service_of_the_stack_that_tells_metrics_is_asked() -> None:
    told = {
        "api", "metrics", "rag", "console", "backup", "caddy", "postgres-exporter", "node-exporter", "alertmanager",
        "blackbox-exporter", "loki", "alloy", "grafana",
    }  # fmt: skip
    assert services() == told
    jobs = {job["job_name"] for job in yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["scrape_configs"]}
    assert jobs == told | {"prometheus", "gateway-probe"}


def test_a_recorded_metric_that_is_asked_for_is_recorded() -> None:
    asked = {name for names in metric_names.asked_by_rules() for name in names if name.startswith("ovia:")}
    assert asked <= metric_names.recorded()
