"""The first look: does it work, is what it says fresh, is it safe."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from ovia_dashboards import limits
from ovia_dashboards.api import failed_share, quantile, requests
from ovia_dashboards.boards import board, heading
from ovia_dashboards.panels import Series, graph, logs, number, rows

# What fires on purpose, so that silence means that alerting itself is broken.
_FIRING = 'ALERTS{alertstate="firing", alertname!="OviaWatchdog"}'
_HTTP = 'service=~".+"'


def dashboard() -> Dashboard:
    """Nothing is chosen: it is about everything."""
    made = board("overview", "Overview", "Does Ovia work, is what it says fresh, and is it safe?")
    for part in (_now, _traffic, _freshness, _safety):
        made = part(made)
    return made


def _now(made: Dashboard) -> Dashboard:
    return (
        made.with_row(heading("Now"))
        .with_panel(
            number(
                "Alerts firing",
                "Alerts that fire at this moment, without the one that always does.",
                Series(f"count({_FIRING}) or vector(0)"),
                unit="none",
                limit=limits.Limit(1, below=False),
            )
        )
        .with_panel(
            number(
                "Targets down",
                "Tasks that Prometheus cannot reach.",
                Series("count(up == 0) or vector(0)"),
                unit="none",
                limit=limits.Limit(1, below=False),
            )
        )
        .with_panel(
            number(
                "Failing now",
                "Share of all requests of the last five minutes that services failed.",
                Series(
                    "sum(ovia:http_errors:rate5m or ovia:http_requests:rate5m * 0) / sum(ovia:http_requests:rate5m)"
                ),
                unit="percentunit",
                decimals=2,
                limit=limits.of("OviaErrorRateHigh"),
            )
        )
        .with_panel(
            number(
                "Slowest service, p95",
                "The highest 95th percentile of the services that are asked for pages and numbers, over five minutes.",
                Series('max(ovia:http_request_seconds:p95_5m{service!="ovia-rag"})'),
                unit="s",
                decimals=2,
                limit=limits.of("OviaLatencyHigh"),
            )
        )
        .with_panel(
            number(
                "Worst lag",
                "Age of what is known of the stalest stream of all connections.",
                Series("max(ovia_sync_lag_seconds)"),
                unit="s",
                limit=limits.of("OviaSyncLagHigh"),
            )
        )
        .with_panel(
            number(
                "Age of backup",
                "How long ago the last full or incremental backup ended well.",
                Series('min(ovia:backup_age_seconds{kind=~"full|incremental"})'),
                unit="s",
                limit=limits.of("OviaBackupOld"),
            )
        )
    )


def _traffic(made: Dashboard) -> Dashboard:
    return (
        made.with_row(heading("Does it work?"))
        .with_panel(
            graph(
                "Requests",
                "Requests answered each second, by service, probes and scrapes included.",
                Series(requests("service", _HTTP), "{{service}}"),
                unit="reqps",
                width=6,
            )
        )
        .with_panel(
            graph(
                "Failed requests",
                "Share of requests that a service failed, status 500 and above.",
                Series(failed_share(_HTTP), "{{service}}"),
                unit="percentunit",
                width=6,
                limit=limits.of("OviaErrorRateHigh"),
            )
        )
        .with_panel(
            graph(
                "Duration, p95",
                "19 of 20 requests took no longer.",
                Series(quantile(0.95, _HTTP), "{{service}}"),
                unit="s",
                width=6,
                limit=limits.of("OviaLatencyHigh"),
            )
        )
        .with_panel(
            graph(
                "Ready",
                "Share of questions for readiness answered with yes: by the gateway's probe, and by the engine"
                " of each container. The answer is no until the database is there with all migrations.",
                Series(
                    "sum by (service)"
                    ' (rate(ovia_http_requests_total{route=~"/ready|/health/started", status="200"}[$__rate_interval]))'
                    " / sum by (service)"
                    ' (rate(ovia_http_requests_total{route=~"/ready|/health/started"}[$__rate_interval]))',
                    "{{service}}",
                ),
                unit="percentunit",
                width=6,
            )
        )
        .with_panel(
            graph(
                "Reachable",
                "Tasks that Prometheus can reach, by what they are.",
                Series("sum by (job) (up)", "{{job}}"),
                unit="none",
            )
        )
        .with_panel(
            rows(
                "Firing",
                "Each alert that fires, without the one that always does.",
                Series(f"sum by (alertname, severity) ({_FIRING})", "how many"),
                unit="none",
            )
        )
    )


def _freshness(made: Dashboard) -> Dashboard:
    return (
        made.with_row(heading("Is it fresh?"))
        .with_panel(
            graph(
                "Lag",
                "Age of what is known of each kind of source's stalest stream.",
                Series("max by (source) (ovia_sync_lag_seconds)", "{{source}}"),
                unit="s",
                width=8,
                limit=limits.of("OviaSyncLagHigh"),
            )
        )
        .with_panel(
            graph(
                "Facts behind records",
                "Seconds since the last good derivation of the family that is furthest behind began.",
                Series("max by (organisation) (ovia_derivation_lag_seconds)", "{{organisation}}"),
                unit="s",
                width=8,
                limit=limits.of("OviaDerivationLagHigh"),
            )
        )
        .with_panel(
            graph(
                "Age of snapshots",
                "Seconds since the oldest of an organisation's latest snapshots was taken.",
                Series("max by (organisation) (ovia_kpi_snapshot_age_seconds)", "{{organisation}}"),
                unit="s",
                width=8,
                limit=limits.of("OviaSnapshotOld"),
            )
        )
    )


def _safety(made: Dashboard) -> Dashboard:
    return (
        made.with_row(heading("Is it safe?"))
        .with_panel(
            graph(
                "Age of backups",
                "How long ago a backup of each kind last ended well.",
                Series("max by (kind) (ovia:backup_age_seconds)", "{{kind}}"),
                unit="s",
                width=6,
            )
        )
        .with_panel(
            number(
                "Restored and compared",
                "Whether the last trial restore was equal to the original: 1 if it was.",
                Series("min(ovia_backup_verify_success)"),
                unit="none",
                width=3,
                limit=limits.Limit(1, below=True),
            )
        )
        .with_panel(
            number(
                "Last trial restore",
                "How long ago a backup was last restored on trial.",
                Series("time() - max(ovia_backup_verify_timestamp_seconds)"),
                unit="s",
                width=3,
                limit=limits.of("OviaBackupVerifyOld"),
            )
        )
        .with_panel(
            graph(
                "Disk space",
                "Share of each file system that is used.",
                Series("max by (instance, mountpoint) (ovia:filesystem_used:ratio)", "{{instance}} {{mountpoint}}"),
                unit="percentunit",
                width=6,
                limit=limits.of("OviaDiskNearlyFull"),
            )
        )
        .with_panel(
            graph(
                "Certificate",
                "How long the gateway's certificate is still valid.",
                Series("min(probe_ssl_earliest_cert_expiry) - time()", "left"),
                unit="s",
                width=6,
                limit=limits.of("OviaCertificateExpiring"),
            )
        )
        .with_row(heading("Log"))
        .with_panel(
            logs(
                "Errors",
                "What any container logged as an error.",
                '{service=~".+", level=~"error|critical"}',
            )
        )
    )
