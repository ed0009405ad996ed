"""PostgreSQL as its exporter tells of it, and the machine it runs on."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from ovia_dashboards import limits
from ovia_dashboards.boards import board, choice, heading
from ovia_dashboards.machines import machines
from ovia_dashboards.panels import Series, bars, graph, logs, number

_CHOSEN = 'datname=~"$datname"'


def dashboard() -> Dashboard:
    """Databases are chosen above the panels."""
    made = board("database", "Database", "PostgreSQL: connections, work, waiting, growth, archiving; and its machine.")
    made = made.with_variable(choice("datname", "Database", "Which databases are shown", "pg_database_size_bytes"))
    for part in (_now, _work, _waiting, _growth, _lasting, machines, _log):
        made = part(made)
    return made


def _now(made: Dashboard) -> Dashboard:
    return (
        made.with_row(heading("Now"))
        .with_panel(number("Answers", "1 if the exporter can query the server.", Series("min(pg_up)"), unit="none"))
        .with_panel(
            number(
                "Connections used",
                "Share of max_connections that is taken. Beyond it everybody new is refused.",
                Series("sum(pg_stat_activity_count) / max(pg_settings_max_connections)"),
                unit="percentunit",
                limit=limits.of("OviaPostgresConnectionsHigh"),
            )
        )
        .with_panel(
            number(
                "Longest transaction",
                "How long the oldest open transaction has been open. It keeps vacuum from cleaning up behind it.",
                Series(f"max(pg_stat_activity_max_tx_duration{{{_CHOSEN}}})"),
                unit="s",
            )
        )
        .with_panel(
            number(
                "Found in memory",
                "Share of blocks that were found in shared buffers, over the last hour. The rest came from the"
                " operating system or the disk.",
                Series(
                    f"sum(rate(pg_stat_database_blks_hit{{{_CHOSEN}}}[1h]))"
                    f" / (sum(rate(pg_stat_database_blks_hit{{{_CHOSEN}}}[1h]))"
                    f" + sum(rate(pg_stat_database_blks_read{{{_CHOSEN}}}[1h])))"
                ),
                unit="percentunit",
                decimals=1,
            )
        )
        .with_panel(
            number(
                "Size",
                "All chosen databases on the disk, indexes included.",
                Series(f"sum(pg_database_size_bytes{{{_CHOSEN}}})"),
                unit="bytes",
                decimals=1,
            )
        )
        .with_panel(
            number(
                "Last WAL archived",
                "How long ago a WAL segment was last handed to the archive. An idle server archives nothing for up to"
                " archive_timeout.",
                Series("max(pg_stat_archiver_last_archive_age)"),
                unit="s",
            )
        )
    )


def _work(made: Dashboard) -> Dashboard:
    return (
        made.with_row(heading("Work"))
        .with_panel(
            graph(
                "Connections",
                "Connections by what they do. `idle in transaction` holds its locks while it waits for the client.",
                Series(f"sum by (state) (pg_stat_activity_count{{{_CHOSEN}}}) > 0", "{{state}}"),
                Series("max(pg_settings_max_connections)", "max_connections"),
                unit="none",
                width=8,
            )
        )
        .with_panel(
            graph(
                "Transactions",
                "Transactions a second that were committed and rolled back.",
                Series(f"sum(rate(pg_stat_database_xact_commit{{{_CHOSEN}}}[$__rate_interval]))", "committed"),
                Series(f"sum(rate(pg_stat_database_xact_rollback{{{_CHOSEN}}}[$__rate_interval]))", "rolled back"),
                unit="ops",
                width=8,
            )
        )
        .with_panel(
            graph(
                "Rows",
                "Rows a second that were fetched by queries, and written.",
                Series(f"sum(rate(pg_stat_database_tup_fetched{{{_CHOSEN}}}[$__rate_interval]))", "fetched"),
                Series(f"sum(rate(pg_stat_database_tup_inserted{{{_CHOSEN}}}[$__rate_interval]))", "inserted"),
                Series(f"sum(rate(pg_stat_database_tup_updated{{{_CHOSEN}}}[$__rate_interval]))", "updated"),
                Series(f"sum(rate(pg_stat_database_tup_deleted{{{_CHOSEN}}}[$__rate_interval]))", "deleted"),
                unit="rowsps",
                width=8,
            )
        )
        .with_panel(
            graph(
                "Blocks read",
                "Blocks a second found in shared buffers, and asked of the operating system.",
                Series(f"sum(rate(pg_stat_database_blks_hit{{{_CHOSEN}}}[$__rate_interval]))", "in memory"),
                Series(f"sum(rate(pg_stat_database_blks_read{{{_CHOSEN}}}[$__rate_interval]))", "asked for"),
                unit="ops",
                width=12,
            )
        )
        .with_panel(
            graph(
                "Temporary files",
                "Bytes a second that sorts and joins wrote to the disk because work_mem did not hold them.",
                Series(f"sum by (datname) (rate(pg_stat_database_temp_bytes{{{_CHOSEN}}}[$__rate_interval]))",
                       "{{datname}}"),
                unit="Bps",
                width=12,
            )
        )
    )  # fmt: skip


def _waiting(made: Dashboard) -> Dashboard:
    return (
        made.with_row(heading("Waiting"))
        .with_panel(
            graph(
                "Locks",
                "Locks held or waited for, by mode.",
                Series(f"sum by (mode) (pg_locks_count{{{_CHOSEN}}}) > 0", "{{mode}}"),
                unit="none",
                width=8,
            )
        )
        .with_panel(
            graph(
                "Open transactions",
                "The longest open transaction in each state.",
                Series(f"max by (state) (pg_stat_activity_max_tx_duration{{{_CHOSEN}}})", "{{state}}"),
                unit="s",
                width=8,
            )
        )
        .with_panel(
            graph(
                "Deadlocks",
                "Transactions ended because they waited for each other, in the interval.",
                Series(f"sum by (datname) (increase(pg_stat_database_deadlocks{{{_CHOSEN}}}[$__rate_interval]))",
                       "{{datname}}"),
                unit="none",
                width=8,
            )
        )
    )  # fmt: skip


def _growth(made: Dashboard) -> Dashboard:
    return (
        made.with_row(heading("Growth"))
        .with_panel(
            graph(
                "Size of databases",
                "On the disk, indexes included.",
                Series(f"pg_database_size_bytes{{{_CHOSEN}}}", "{{datname}}"),
                unit="bytes",
                width=8,
            )
        )
        .with_panel(
            bars(
                "Dead rows",
                "The ten tables with most rows that are deleted or replaced and not vacuumed yet.",
                Series("topk(10, sum by (relname) (pg_stat_user_tables_n_dead_tup))", "{{relname}}"),
                unit="short",
                width=8,
            )
        )
        .with_panel(
            bars(
                "Share of dead rows",
                "The ten tables of 10,000 rows and more with the largest share of dead ones. Autovacuum starts at 20 %"
                " unless told otherwise.",
                Series(
                    "topk(10, sum by (relname) (pg_stat_user_tables_n_dead_tup) / (sum by (relname)"
                    " (pg_stat_user_tables_n_dead_tup + pg_stat_user_tables_n_live_tup) >= 10000))",
                    "{{relname}}",
                ),
                unit="percentunit",
                width=8,
                maximum=1,
            )
        )
    )


def _checkpoints(kind: str, before_17: str) -> str:
    # PostgreSQL 17 moved the counters to a view of their own.
    now, before = f"pg_stat_checkpointer_num_{kind}_total", f"pg_stat_bgwriter_checkpoints_{before_17}_total"
    return f"sum(rate({now}[$__rate_interval]) or rate({before}[$__rate_interval])) * 3600"


def _lasting(made: Dashboard) -> Dashboard:
    return (
        made.with_row(heading("WAL, checkpoints and replicas"))
        .with_panel(
            graph(
                "Archiving",
                "WAL segments handed to the archive, and attempts that failed, in the interval. Failures repeat until"
                " one succeeds, and the WAL is kept meanwhile.",
                Series("sum(increase(pg_stat_archiver_archived_count[$__rate_interval]))", "archived"),
                Series("sum(increase(pg_stat_archiver_failed_count[$__rate_interval]))", "failed"),
                unit="none",
                width=6,
            )
        )
        .with_panel(
            graph(
                "WAL kept",
                "Bytes in pg_wal. It grows while archiving fails or a replication slot stands still.",
                Series("max(pg_wal_size_bytes)", "pg_wal"),
                unit="bytes",
                width=6,
            )
        )
        .with_panel(
            graph(
                "Checkpoints",
                "Checkpoints an hour, by what started them. Many requested ones say that max_wal_size is small.",
                Series(_checkpoints("timed", "timed"), "timed"),
                Series(_checkpoints("requested", "req"), "requested"),
                unit="none",
                width=6,
            )
        )
        .with_panel(
            graph(
                "Replication lag",
                "How far a replica's last replayed transaction is behind. A primary tells 0.",
                Series("max by (instance) (pg_replication_lag_seconds)", "{{instance}}"),
                unit="s",
                width=6,
                limit=limits.of("OviaReplicationLagHigh"),
            )
        )
    )


def _log(made: Dashboard) -> Dashboard:
    return made.with_row(heading("Log")).with_panel(
        logs(
            "What PostgreSQL says",
            "The server's own log: slow statements, errors, checkpoints.",
            '{service="postgres"}',
        )
    )
