"""Prometheus finds every replica by itself, and everything that rules and dashboards ask for is there."""

from typing import Any

import httpx

from tests.stack import dashboards, metric_names
from tests.stack.stack import Stack, until

# What runs where images can be had, and nowhere else.
NOT_HERE = {"grafana", "loki", "alloy"}
# What is told only after something that a young stack has not been through, and what that is.
NOT_YET = {
    "ovia_backup_verify_success": "the first restore drill",
    "ovia_backup_verify_timestamp_seconds": "the first restore drill",
    "ovia_backup_last_success_timestamp_seconds": "the first backup",
    "ovia_backup_last_run_success": "the first backup",
    "ovia:backup_age_seconds": "the first backup",
}


def ask(stack: Stack, path: str, **parameters: str) -> Any:
    answer = httpx.get(f"{stack.prometheus}/api/v1/{path}", params=parameters, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def up(stack: Stack) -> dict[str, list[str]]:
    """Which targets of which job are well."""
    found: dict[str, list[str]] = {}
    for target in ask(stack, "targets", state="active")["activeTargets"]:
        found.setdefault(target["labels"]["job"], []).append(target["health"] + target["lastError"])
    return found


def test_every_replica_of_every_service_is_found_and_answers(synced: Stack) -> None:
    def complete() -> bool:
        found = up(synced)
        return (
            found.get("api") == ["up"] * 2
            and found.get("metrics") == ["up"] * 2
            and all(set(health) == {"up"} for job, health in found.items() if job not in NOT_HERE)
        )

    until(complete, "all targets answer", 120)
    assert set(up(synced)) >= {
        "api", "metrics", "rag", "console", "backup", "caddy", "gateway-probe", "postgres-exporter", "node-exporter",
        "alertmanager", "prometheus", "blackbox-exporter",
    }  # fmt: skip


def test_scaling_is_followed_by_itself(synced: Stack) -> None:
    synced.docker("service", "scale", "--detach", "ovia_console=3")
    until(lambda: up(synced).get("console") == ["up"] * 3, "three replicas are watched", 90)
    synced.docker("service", "scale", "--detach", "ovia_console=1")
    until(lambda: up(synced).get("console") == ["up"], "one replica is watched", 90)


def test_everything_that_rules_and_dashboards_ask_for_is_told(synced: Stack) -> None:
    asked = metric_names.asked_by_rules() | metric_names.asked_by_dashboards(dashboards.DIRECTORY)

    def missing() -> list[str]:
        there = set(ask(synced, "label/__name__/values"))
        return sorted(" or ".join(sorted(names)) for names in asked if not names & there and not names & NOT_YET.keys())

    until(lambda: not missing(), f"missing: {missing()}", 90)


def test_every_query_of_every_dashboard_is_answered(synced: Stack) -> None:
    def missing() -> str:
        try:
            dashboards.check(synced.prometheus, must_have_data=True)
        except AssertionError as error:
            return str(error)
        return ""

    # Some figures come with the first snapshot, minutes after the first read.
    until(lambda: not missing(), f"answered: {missing()}", 240)


def test_rules_are_loaded_and_only_what_is_true_of_this_stack_fires(synced: Stack) -> None:
    groups = ask(synced, "rules")["groups"]
    alerts = {rule["name"]: rule for group in groups for rule in group["rules"] if rule["type"] == "alerting"}
    assert len(alerts) >= 13
    assert not [rule["lastError"] for group in groups for rule in group["rules"] if rule.get("lastError")]
    firing = {name for name, rule in alerts.items() if rule["state"] == "firing"}
    # Nobody watches here what cannot be run here.
    assert firing <= {"OviaWatchdog", "OviaTargetDown", "OviaServiceAbsent", "OviaBackupMissing"}
    assert "OviaWatchdog" in firing
