"""Alertmanager's configuration: who is told what, made of what is set. Secrets stay in files that it reads itself.

A way of telling is used where everything it needs is given, and left out where nothing is; so a deployment without any
starts, and tells nobody. One that is half given stops the deployment with the name of what is missing.
"""

import json
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from ovia_stack.errors import StackError

SECRETS = "/run/secrets"
TEMPLATE = "/etc/alertmanager/ovia.tmpl"

EMAIL_TO, EMAIL_FROM = "OVIA_ALERT_EMAIL_TO", "OVIA_ALERT_EMAIL_FROM"
SMTP_HOST, SMTP_USER, SMTP_TLS = "OVIA_ALERT_SMTP_HOST", "OVIA_ALERT_SMTP_USER", "OVIA_ALERT_SMTP_TLS"
SLACK_CHANNEL, TELEGRAM_CHAT = "OVIA_ALERT_SLACK_CHANNEL", "OVIA_ALERT_TELEGRAM_CHAT"
SMTP_PASSWORD, SLACK_URL = "alertmanager_smtp_password", "alertmanager_slack_url"
TELEGRAM_TOKEN, WEBHOOK_URL = "alertmanager_telegram_token", "alertmanager_webhook_url"
HEARTBEAT_URL = "alertmanager_heartbeat_url"

# What follows from the fault on the left is not told beside it: (cause, consequences, labels both have in common).
CONSEQUENCES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "OviaPostgresDown",
        "OviaErrorRateHigh|OviaLatencyHigh|OviaAskLatencyHigh|OviaGatewayErrorsHigh|OviaGatewayUnreachable"
        "|OviaDatabasePool.*|OviaDerivation.*|OviaSync.*|OviaWalArchive.*|OviaBackupFailed",
        (),
    ),
    ("OviaServiceAbsent", "OviaTargetDown", ("job",)),
    ("OviaGatewayUnreachable", "OviaGatewayErrorsHigh|OviaErrorRateHigh", ()),
    ("OviaDatabasePoolTimeouts", "OviaDatabasePoolExhausted|OviaLatencyHigh|OviaAskLatencyHigh", ("service",)),
    ("OviaErrorRateHigh", "OviaLatencyHigh|OviaAskLatencyHigh", ("service",)),
    ("OviaSyncKeepsFailing", "OviaSyncFailureRateHigh|OviaSyncLagHigh", ("organisation", "connection")),
    ("OviaSyncQueueOld", "OviaSyncLagHigh|OviaWebhookHintsWaiting", ("organisation", "connection")),
    ("OviaDerivationFailing", "OviaDerivationLagHigh", ("organisation", "family")),
    ("OviaAskIndexFailing", "OviaAskIndexBehind", ("organisation",)),
    ("OviaDiskNearlyFull", "OviaDiskFillingSoon", ("instance", "mountpoint")),
    ("OviaBackupOld", "OviaBackupFailed|OviaFullBackupOld", ()),
    ("OviaWalArchiveFailing", "OviaWalArchiveLagHigh", ()),
)  # fmt: skip


class _Way(NamedTuple):
    """A way of telling: its name, the part of a receiver that uses it, and whether it is for what can wait."""

    name: str
    lines: tuple[str, ...]
    patient: bool = True


def render(settings: Mapping[str, str], given: AbstractSet[str]) -> str:
    """The configuration as YAML. `given` are the secrets that somebody provided.

    What is critical is told in every way. What can wait is not told by Telegram, which rings, unless that is the only
    way there is. Raises `StackError` naming what is missing or wrong.
    """
    faults = list(_faults(settings, given))
    if faults:
        raise StackError("; ".join(faults))
    ways = list(_ways(settings, given))
    patient = [way for way in ways if way.patient] or ways
    lines = [
        "global:",
        "  resolve_timeout: 5m",
        *_smtp(settings),
        f"templates: [{TEMPLATE}]",
        "route:",
        "  receiver: warning",
        "  group_by: [alertname, job, service, organisation]",
        "  group_wait: 30s",
        "  group_interval: 5m",
        "  repeat_interval: 12h",
        "  routes:",
        "    - matchers: ['severity=\"heartbeat\"']",
        "      receiver: heartbeat",
        "      group_wait: 0s",
        "      group_interval: 1m",
        "      repeat_interval: 5m",
        "    - matchers: ['severity=\"critical\"']",
        "      receiver: critical",
        "      group_wait: 10s",
        "      repeat_interval: 2h",
        "inhibit_rules:",
    ]
    for cause, consequences, equal in CONSEQUENCES:
        lines += [
            f"  - source_matchers: ['alertname=\"{cause}\"']",
            f"    target_matchers: ['alertname=~\"{consequences}\"']",
            f"    equal: [{', '.join(('installation', *equal))}]",
        ]
    lines += ["receivers:", *_receiver("critical", ways), *_receiver("warning", patient)]
    lines += _receiver("heartbeat", [_webhook(HEARTBEAT_URL)] if HEARTBEAT_URL in given else [])
    return "\n".join(lines) + "\n"


def _faults(settings: Mapping[str, str], given: AbstractSet[str]) -> Iterator[str]:
    def missing(name: str) -> bool:
        return not settings.get(name)

    mail = (EMAIL_FROM, SMTP_HOST)
    if missing(EMAIL_TO):
        yield from (f"{name} is set, but {EMAIL_TO} is not" for name in (*mail, SMTP_USER) if not missing(name))
    else:
        yield from (f"{name} is needed beside {EMAIL_TO}" for name in mail if missing(name))
        if missing(SMTP_USER) != (SMTP_PASSWORD not in given):
            yield f"{SMTP_USER} and the secret {SMTP_PASSWORD} belong together: one is missing"
        host, _, port = settings.get(SMTP_HOST, "").rpartition(":")
        if not missing(SMTP_HOST) and not (host and port.isdigit()):
            yield f"{SMTP_HOST} has to be host:port"
    if settings.get(SMTP_TLS, "yes") not in ("yes", "no"):
        yield f"{SMTP_TLS} is yes or no"
    if not missing(SLACK_CHANNEL) and SLACK_URL not in given:
        yield f"{SLACK_CHANNEL} is set, but the secret {SLACK_URL} is missing"
    if missing(TELEGRAM_CHAT) != (TELEGRAM_TOKEN not in given):
        yield f"{TELEGRAM_CHAT} and the secret {TELEGRAM_TOKEN} belong together: one is missing"
    elif not missing(TELEGRAM_CHAT) and not settings[TELEGRAM_CHAT].removeprefix("-").isdigit():
        yield f"{TELEGRAM_CHAT} has to be the number of a chat"


def _smtp(settings: Mapping[str, str]) -> Iterator[str]:
    if settings.get(EMAIL_TO):
        yield f"  smtp_from: {_quoted(settings[EMAIL_FROM])}"
        yield f"  smtp_smarthost: {_quoted(settings[SMTP_HOST])}"
        yield f"  smtp_require_tls: {'false' if settings.get(SMTP_TLS) == 'no' else 'true'}"
        if settings.get(SMTP_USER):
            yield f"  smtp_auth_username: {_quoted(settings[SMTP_USER])}"
            yield f"  smtp_auth_password_file: {SECRETS}/{SMTP_PASSWORD}"


def _ways(settings: Mapping[str, str], given: AbstractSet[str]) -> Iterator[_Way]:
    if settings.get(EMAIL_TO):
        yield _Way(
            "email",
            (
                f"to: {_quoted(settings[EMAIL_TO])}",
                "send_resolved: true",
                """headers: {Subject: '{{ template "ovia.title" . }}'}""",
                "html: ''",
                """text: '{{ template "ovia.text" . }}'""",
            ),
        )
    if SLACK_URL in given:
        channel = settings.get(SLACK_CHANNEL)
        yield _Way(
            "slack",
            (
                f"api_url_file: {SECRETS}/{SLACK_URL}",
                *([f"channel: {_quoted(channel)}"] if channel else []),
                "send_resolved: true",
                """title: '{{ template "ovia.title" . }}'""",
                "title_link: ''",
                """text: '{{ template "ovia.text" . }}'""",
            ),
        )
    if TELEGRAM_TOKEN in given:
        yield _Way(
            "telegram",
            (
                f"bot_token_file: {SECRETS}/{TELEGRAM_TOKEN}",
                f"chat_id: {int(settings[TELEGRAM_CHAT])}",
                "send_resolved: true",
                "parse_mode: ''",
                """message: '{{ template "ovia.message" . }}'""",
            ),
            patient=False,
        )
    if WEBHOOK_URL in given:
        yield _webhook(WEBHOOK_URL)


def _webhook(secret: str) -> _Way:
    return _Way("webhook", (f"url_file: {SECRETS}/{secret}", "send_resolved: true", "max_alerts: 100"))


def _receiver(name: str, ways: list[_Way]) -> Iterator[str]:
    yield f"  - name: {name}"
    for way in ways:
        first, *others = way.lines
        yield f"    {way.name}_configs:"
        yield f"      - {first}"
        yield from (f"        {line}" for line in others)


def _quoted(value: str) -> str:
    # JSON's strings are YAML's too, whatever is in them.
    return json.dumps(value)
