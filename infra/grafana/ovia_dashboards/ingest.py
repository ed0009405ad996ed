"""Reading the sources: how old what we know is, what waits to be read, how reading went, and what was not understood.

Every replica of the metrics service tells the same figures about the database: `max` puts them together, never `sum`.
"""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from ovia_dashboards import limits
from ovia_dashboards.boards import board, choice, heading
from ovia_dashboards.panels import Series, graph, logs, number, rows

_CHOSEN = 'organisation=~"$organisation", source=~"$source", name=~"$name"'
_CONNECTION = "organisation, connection, source, name"
_LEGEND = "{{source}} {{name}}"


def dashboard() -> Dashboard:
    """Organisations, kinds of source and connections are chosen above the panels."""
    made = board("ingest", "Ingest", "Reading the sources: lag, queue, runs, and what was not understood.")
    for name, label, meaning in (
        ("organisation", "Organisation", "Which organisations are shown, by their id"),
        ("source", "Source", "Which kinds of source are shown"),
        ("name", "Connection", "Which connections are shown"),
    ):
        made = made.with_variable(choice(name, label, meaning, "ovia_sync_lag_seconds"))
    for part in (_now, _waiting, _runs, _left_over, _facts):
        made = part(made)
    return made


def _each(metric: str, more: str = "", by: str = _CONNECTION) -> str:
    return f"max by ({by}) ({metric}{{{_CHOSEN}{more}}})"


def _partitions(state: str) -> str:
    return f"""sum({_each("ovia_sync_partitions", f', state="{state}"')})"""


def _now(made: Dashboard) -> Dashboard:
    return (
        made.with_row(heading("Now"))
        .with_panel(
            number(
                "Worst lag",
                "Age of what is known of the stalest stream of all connections.",
                Series(f"max({_each('ovia_sync_lag_seconds')})"),
                unit="s",
                limit=limits.of("OviaSyncLagHigh"),
            )
        )
        .with_panel(
            number("Due", "Partitions that should be read now and that nobody reads.", Series(_partitions("due")),
                   unit="none")
        )
        .with_panel(
            number("Being read", "Partitions that a reader holds a lease of.", Series(_partitions("running")),
                   unit="none")
        )
        .with_panel(
            number("Failing", "Partitions whose last run failed and that wait to be tried again.",
                   Series(_partitions("failing")), unit="none")
        )
        .with_panel(
            number(
                "Records in the last hour",
                "What all connections read in the runs that ended within the last hour.",
                Series(f"sum({_each('ovia_sync_records_last_hour')})"),
                unit="short",
            )
        )
        .with_panel(
            number(
                "Not understood",
                "Records kept aside because they could not be read, and that nobody has dealt with.",
                Series(f"sum({_each('ovia_sync_dead_letters_open')})"),
                unit="none",
                limit=limits.of("OviaDeadLettersOpen"),
            )
        )
    )  # fmt: skip


def _waiting(made: Dashboard) -> Dashboard:
    by_state = _each("ovia_sync_partitions", by=f"{_CONNECTION}, state")
    return (
        made.with_row(heading("What waits"))
        .with_panel(
            graph(
                "Lag",
                "Age of what is known of each connection's stalest stream.",
                Series(_each("ovia_sync_lag_seconds"), _LEGEND),
                unit="s",
                width=8,
                limit=limits.of("OviaSyncLagHigh"),
            )
        )
        .with_panel(
            graph(
                "Queue",
                "How long the oldest due partition has waited for a reader. 0 while nothing waits.",
                Series(_each("ovia_sync_queue_age_seconds"), _LEGEND),
                unit="s",
                width=8,
                limit=limits.of("OviaSyncQueueOld"),
            )
        )
        .with_panel(
            graph(
                "Partitions",
                "Partitions by state. A partition is in exactly one.",
                Series(f"sum by (state) ({by_state})", "{{state}}"),
                unit="none",
                width=8,
                stacked=True,
            )
        )
        .with_panel(
            rows(
                "Connections",
                "Each connection as it stands: lag, partitions due and failing, failures in a row, records of the"
                " last hour, records not understood.",
                Series(_each("ovia_sync_lag_seconds"), "lag, seconds"),
                Series(_each("ovia_sync_partitions", ', state="due"'), "due"),
                Series(_each("ovia_sync_partitions", ', state="failing"'), "failing"),
                Series(_each("ovia_sync_failures_in_a_row"), "failures in a row"),
                Series(_each("ovia_sync_records_last_hour"), "records in an hour"),
                Series(_each("ovia_sync_dead_letters_open"), "not understood"),
                unit="none",
                width=24,
                hidden=("connection",),
            )
        )
    )


def _runs(made: Dashboard) -> Dashboard:
    by_status = _each("ovia_sync_runs_last_hour", by=f"{_CONNECTION}, status")
    return (
        made.with_row(heading("Runs"))
        .with_panel(
            graph(
                "Runs in an hour",
                "Runs that ended within the hour before, by outcome. Abandoned ones lost their reader.",
                Series(f"sum by (status) ({by_status})", "{{status}}"),
                unit="none",
                width=8,
                stacked=True,
            )
        )
        .with_panel(
            graph(
                "Failed runs",
                "Share of the runs of the hour before that failed. No run has no share.",
                Series(f"max by ({_CONNECTION}) (ovia:sync_failed:ratio_1h{{{_CHOSEN}}})", _LEGEND),
                unit="percentunit",
                width=8,
                limit=limits.of("OviaSyncFailureRateHigh"),
            )
        )
        .with_panel(
            graph(
                "Records in an hour",
                "Records read by the runs of the hour before.",
                Series(_each("ovia_sync_records_last_hour"), _LEGEND),
                unit="short",
                width=8,
            )
        )
        .with_panel(
            graph(
                "Failures in a row",
                "The most any partition of a connection has failed without a success in between.",
                Series(_each("ovia_sync_failures_in_a_row"), _LEGEND),
                unit="none",
                limit=limits.of("OviaSyncKeepsFailing"),
            )
        )
        .with_panel(
            graph(
                "Readers that vanished",
                "Leases that ran out because their reader died; another may take the partition.",
                Series(_each("ovia_sync_leases_expired"), _LEGEND),
                unit="none",
                limit=limits.of("OviaSyncLeasesExpired"),
            )
        )
    )


def _left_over(made: Dashboard) -> Dashboard:
    return (
        made.with_row(heading("Left over"))
        .with_panel(
            graph(
                "Not understood, by connection",
                "Records kept aside with the reason, by connection.",
                Series(_each("ovia_sync_dead_letters_open"), _LEGEND),
                unit="none",
                width=8,
                limit=limits.of("OviaDeadLettersOpen"),
            )
        )
        .with_panel(
            graph(
                "Announcements",
                "Deliveries of webhooks whose news was not read yet.",
                Series(_each("ovia_sync_hints_waiting"), _LEGEND),
                unit="none",
                width=8,
            )
        )
        .with_panel(
            graph(
                "Oldest announcement",
                "How long the oldest of them has waited.",
                Series(_each("ovia_sync_hints_age_seconds"), _LEGEND),
                unit="s",
                width=8,
                limit=limits.of("OviaWebhookHintsWaiting"),
            )
        )
    )


def _facts(made: Dashboard) -> Dashboard:
    chosen = '{organisation=~"$organisation"}'
    return (
        made.with_row(heading("From records to facts"))
        .with_panel(
            graph(
                "Facts behind records",
                "Seconds since the last good derivation of each family of facts began.",
                Series(f"max by (family) (ovia_derivation_lag_seconds{chosen})", "{{family}}"),
                unit="s",
                width=8,
                limit=limits.of("OviaDerivationLagHigh"),
            )
        )
        .with_panel(
            graph(
                "Deriving takes",
                "Seconds the last good derivation of each family took.",
                Series(f"max by (family) (ovia_derivation_seconds{chosen})", "{{family}}"),
                unit="s",
                width=8,
            )
        )
        .with_panel(
            graph(
                "Derivations that fail",
                "1 for a family whose derivation failed since it last went well.",
                Series(f"max by (family) (ovia_derivation_failing{chosen})", "{{family}}"),
                unit="none",
                width=8,
                limit=limits.of("OviaDerivationFailing"),
            )
        )
        .with_row(heading("Log"))
        .with_panel(
            logs("What the readers say", "The log of every ingest run, newest first.", '{service="ingest"}')
        )
    )  # fmt: skip
