"""What Prometheus is told: read from the state at every scrape, so that jobs started by hand show too."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ovia_backup.state import StateFile

BACKUPS = ("full", "incremental", "dump")


class BackupCollector(Collector):
    """Nothing is told of what never happened. `archive_lag` is set by whoever samples it; None while unknown."""

    def __init__(self, states: StateFile) -> None:
        self._states = states
        self.archive_lag: float | None = None

    def collect(self) -> Iterable[Metric]:
        state = self._states.read()
        runs = {kind: run for kind, run in state.runs.items() if kind in BACKUPS}
        yield _by_kind(
            "ovia_backup_last_success_timestamp_seconds",
            "When a backup of this kind last succeeded",
            {kind: at for kind, at in state.successes.items() if kind in BACKUPS},
        )
        yield _by_kind(
            "ovia_backup_last_run_success",
            "Whether the last one did (1) or not (0)",
            {kind: float(run.succeeded) for kind, run in runs.items()},
        )
        yield _by_kind(
            "ovia_backup_duration_seconds",
            "How long the last one took",
            {kind: run.ended - run.started for kind, run in runs.items()},
        )
        drill = state.runs.get("verify")
        for name, meaning, value in (
            ("success", "1 if the last drill found all well", None if drill is None else float(drill.succeeded)),
            ("timestamp_seconds", "When the last drill ended", None if drill is None else drill.ended),
            (
                "duration_seconds",
                "How long the last drill took",
                None if drill is None else drill.ended - drill.started,
            ),
        ):
            yield _single(f"ovia_backup_verify_{name}", meaning, value)
        yield _single("ovia_backup_repository_bytes", "Size of all repositories", state.repository_bytes)
        yield _single(
            "ovia_backup_archive_lag_seconds",
            "How long the oldest finished part of the log has waited for the archive",
            self.archive_lag,
        )


def _by_kind(name: str, meaning: str, values: dict[str, float]) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=["kind"])
    for kind, value in values.items():
        family.add_metric([kind], value)
    return family


def _single(name: str, meaning: str, value: float | None) -> Metric:
    family = GaugeMetricFamily(name, meaning)
    if value is not None:
        family.add_metric([], value)
    return family
