"""Whoever is set is told, in words that help; what follows from another fault is not told beside it."""

import itertools
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from ovia_stack import alerting
from ovia_stack.errors import StackError
from tests.api.conftest import free_port
from tests.stack.rules.programs import CHECKOUT, program, running, succeeds

TEMPLATE = CHECKOUT / "infra" / "alertmanager" / "ovia.tmpl"
EMAIL = {
    alerting.EMAIL_TO: "ops@ovia.example",
    alerting.EMAIL_FROM: 'Ovia "alerts" <ovia@ovia.example>',
    alerting.SMTP_HOST: "mail.ovia.example:587",
}
WAYS: dict[str, tuple[dict[str, str], set[str]]] = {
    "email": ({**EMAIL, alerting.SMTP_USER: "ovia"}, {alerting.SMTP_PASSWORD}),
    "slack": ({alerting.SLACK_CHANNEL: "#ops"}, {alerting.SLACK_URL}),
    "telegram": ({alerting.TELEGRAM_CHAT: "-1001234"}, {alerting.TELEGRAM_TOKEN}),
    "webhook": ({}, {alerting.WEBHOOK_URL}),
}
CHOICES = [chosen for n in range(len(WAYS) + 1) for chosen in itertools.combinations(WAYS, n)]


def rendered(*chosen: str, more: frozenset[str] = frozenset()) -> str:
    settings: dict[str, str] = {}
    given = set(more)
    for way in chosen:
        settings |= WAYS[way][0]
        given |= WAYS[way][1]
    # The template is where it will be only in the container.
    return alerting.render(settings, given).replace(alerting.TEMPLATE, str(TEMPLATE))


def told(text: str, receiver: str) -> set[str]:
    [found] = [one for one in yaml.safe_load(text)["receivers"] if one["name"] == receiver]
    return {key.removesuffix("_configs") for key in found if key != "name"}


def test_every_choice_of_ways_is_a_valid_configuration(tmp_path: Path) -> None:
    paths = []
    for chosen in CHOICES:
        for more in (frozenset[str](), frozenset({alerting.HEARTBEAT_URL})):
            paths.append(tmp_path / f"{'-'.join(chosen) or 'nothing'}{len(more)}.yml")
            paths[-1].write_text(rendered(*chosen, more=more))
    assert len(paths) == 32
    said = succeeds("amtool", "check-config", *paths)
    assert said.count("SUCCESS") == 64, said


@pytest.mark.parametrize("chosen", CHOICES, ids="-".join)
def test_what_is_critical_is_told_in_every_way_that_is_set(chosen: tuple[str, ...]) -> None:
    text = rendered(*chosen)
    assert told(text, "critical") == set(chosen)
    assert told(text, "warning") == (set(chosen) - {"telegram"} or set(chosen))
    assert told(text, "heartbeat") == set()


def test_the_heartbeat_has_an_address_of_its_own() -> None:
    assert told(rendered("webhook", more=frozenset({alerting.HEARTBEAT_URL})), "heartbeat") == {"webhook"}


@pytest.mark.parametrize("severity", ["critical", "warning", "heartbeat"])
def test_a_severity_reaches_its_receiver(tmp_path: Path, severity: str) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(rendered(*WAYS))
    said = succeeds("amtool", "config", "routes", "test", f"--config.file={path}", f"severity={severity}")
    assert said.splitlines()[0] == severity


def test_a_mail_server_that_asks_for_no_password_is_given_none() -> None:
    mail = yaml.safe_load(alerting.render({**EMAIL, alerting.SMTP_TLS: "no"}, set()))["global"]
    assert mail == {
        "resolve_timeout": "5m",
        "smtp_from": EMAIL[alerting.EMAIL_FROM],
        "smtp_smarthost": "mail.ovia.example:587",
        "smtp_require_tls": False,
    }


@pytest.mark.parametrize(
    ("settings", "given", "said"),
    [
        ({alerting.EMAIL_TO: "a@b.c"}, set(), f"{alerting.EMAIL_FROM} is needed"),
        ({alerting.EMAIL_TO: "a@b.c"}, set(), f"{alerting.SMTP_HOST} is needed"),
        ({alerting.SMTP_HOST: "mail:25"}, set(), f"{alerting.EMAIL_TO} is not"),
        ({**EMAIL, alerting.SMTP_USER: "me"}, set(), alerting.SMTP_PASSWORD),
        (EMAIL, {alerting.SMTP_PASSWORD}, alerting.SMTP_USER),
        ({**EMAIL, alerting.SMTP_HOST: "mail"}, set(), "host:port"),
        ({**EMAIL, alerting.SMTP_TLS: "maybe"}, set(), "yes or no"),
        ({alerting.SLACK_CHANNEL: "#ops"}, set(), alerting.SLACK_URL),
        ({alerting.TELEGRAM_CHAT: "1"}, set(), alerting.TELEGRAM_TOKEN),
        ({}, {alerting.TELEGRAM_TOKEN}, alerting.TELEGRAM_CHAT),
        ({alerting.TELEGRAM_CHAT: "ops"}, {alerting.TELEGRAM_TOKEN}, "number of a chat"),
    ],
)
def test_what_is_half_given_stops_the_deployment_by_name(settings: dict[str, str], given: set[str], said: str) -> None:
    with pytest.raises(StackError, match=said):
        alerting.render(settings, given)


def test_no_secret_stands_in_the_configuration() -> None:
    text = rendered(*WAYS, more=frozenset({alerting.HEARTBEAT_URL}))
    for secret in {name for _, given in WAYS.values() for name in given} | {alerting.HEARTBEAT_URL}:
        assert {line.split(": ")[-1] for line in text.splitlines() if secret in line} == {f"/run/secrets/{secret}"}
    assert not {"smtp_auth_password", "api_url", "bot_token", "url"} & set(_keys(yaml.safe_load(text)))


def test_every_alert_that_is_inhibited_exists() -> None:
    known = {
        rule["alert"]
        for path in (CHECKOUT / "infra" / "prometheus" / "rules").glob("*.yml")
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    for cause, consequences, _ in alerting.CONSEQUENCES:
        assert cause in known
        for name in consequences.split("|"):
            assert name in known or any(one.startswith(name.removesuffix(".*")) for one in known), name


def _keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from _keys(value)
    elif isinstance(node, list):
        for one in node:
            yield from _keys(one)


def test_a_message_says_what_is_wrong_since_when_and_what_to_do(tmp_path: Path) -> None:
    alert = {
        "status": "firing",
        "labels": {"alertname": "OviaSyncLagHigh", "severity": "warning", "installation": "ovia.example"},
        "annotations": {
            "summary": "What Ovia knows of GitLab is old",
            "description": "The last complete reading began 7h ago.",
            "runbook_url": "https://ovia.example/OviaSyncLagHigh.md",
        },
        "startsAt": "2026-03-01T08:30:00Z",
        "endsAt": "2026-03-01T10:30:00Z",
    }
    data = {
        "status": "firing",
        "receiver": "warning",
        "alerts": [alert, {**alert, "status": "resolved"}],
        "groupLabels": {"alertname": "OviaSyncLagHigh"},
        "commonLabels": alert["labels"],
        "commonAnnotations": alert["annotations"],
    }
    path = tmp_path / "data.json"
    path.write_text(json.dumps(data))
    said = succeeds(
        "amtool", "template", "render", f"--template.glob={TEMPLATE}", f"--template.data={path}",
        '--template.text={{ template "ovia.message" . }}',
    )  # fmt: skip
    assert said.strip().splitlines() == [
        "WARNING ovia.example: What Ovia knows of GitLab is old",
        "",
        "What Ovia knows of GitLab is old",
        "The last complete reading began 7h ago.",
        "Since 2026-03-01 08:30 UTC. What to do: https://ovia.example/OviaSyncLagHigh.md",
        "",
        "Over since then:",
        "- What Ovia knows of GitLab is old (until 2026-03-01 10:30 UTC)",
    ]


@pytest.fixture(params=[(), tuple(WAYS)], ids=["nobody is set", "everybody is set"])
def alertmanager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[httpx.Client]:
    """Alertmanager itself, without any of the secrets' files."""
    path = tmp_path / "alertmanager.yml"
    path.write_text(rendered(*request.param))
    address = f"127.0.0.1:{free_port()}"
    with (
        running(
            tmp_path, f"http://{address}/-/ready", program("prometheus-alertmanager"), f"--config.file={path}",
            f"--storage.path={tmp_path}", f"--web.listen-address={address}", "--cluster.listen-address=",
        ),
        httpx.Client(base_url=f"http://{address}") as client,
    ):  # fmt: skip
        yield client


def test_it_starts_and_tells_only_the_cause(alertmanager: httpx.Client) -> None:
    now = datetime.now(UTC)
    alerts = [
        ("OviaPostgresDown", {"severity": "critical"}),
        ("OviaErrorRateHigh", {"severity": "critical", "service": "ovia-api"}),
        ("OviaBackupVerifyFailed", {"severity": "critical"}),
        ("OviaSyncKeepsFailing", {"severity": "warning", "organisation": "o", "connection": "one"}),
        ("OviaServiceAbsent", {"severity": "critical", "job": "rag"}),
        ("OviaTargetDown", {"severity": "warning", "job": "rag"}),
        ("OviaTargetDown", {"severity": "warning", "job": "api"}),
    ]
    alertmanager.post(
        "/api/v2/alerts",
        json=[
            {
                "labels": {"alertname": name, "installation": "ovia.example", **labels},
                "startsAt": now.isoformat(),
                "endsAt": (now + timedelta(hours=1)).isoformat(),
            }
            for name, labels in alerts
        ],
    ).raise_for_status()
    deadline = time.monotonic() + 30
    while True:
        states = {
            (one["labels"]["alertname"], one["labels"].get("job")): one["status"]["state"]
            for one in alertmanager.get("/api/v2/alerts").json()
        }
        if len(states) == len(alerts) and "unprocessed" not in states.values():
            break
        assert time.monotonic() < deadline, states
        time.sleep(0.05)
    assert states == {
        ("OviaPostgresDown", None): "active",
        ("OviaErrorRateHigh", None): "suppressed",
        ("OviaBackupVerifyFailed", None): "active",
        ("OviaSyncKeepsFailing", None): "suppressed",
        ("OviaServiceAbsent", "rag"): "active",
        ("OviaTargetDown", "rag"): "suppressed",
        ("OviaTargetDown", "api"): "active",
    }
