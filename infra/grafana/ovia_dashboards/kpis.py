"""The numbers Ovia is about, as of their latest snapshots: of organisations, products and teams, never of persons.

The panels are made from the catalogue, one for each unit of each topic, so a new KPI is shown without anybody drawing.
"""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.models.dashboard import VariableOption

from ovia_dashboards import limits
from ovia_dashboards.boards import board, choice, heading
from ovia_dashboards.panels import Series, graph, number
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Kpi

_CHOSEN = 'organisation=~"$organisation", scope_kind=~"$scope_kind", scope=~"$scope"'

# A topic, and how the names of its KPIs begin.
TOPICS = {
    "Health": ("delivery_health", "release_risk"),
    "Throughput": ("throughput",),
    "Merge requests": ("merge_request", "review"),
    "Work items": ("work_item", "flow", "blockers"),
    "Sprints": ("sprint",),
    "Pipelines": ("pipeline",),
    "Deployments": ("dora",),
    "Who is who": ("identity",),
}

# What a unit of the catalogue is called in a title, and which of Grafana's units shows it.
UNITS = {
    "score": ("score from 0 to 100", "none"),
    "count": ("count", "none"),
    "hours": ("hours", "h"),
    "days": ("days", "d"),
    "minutes": ("minutes", "m"),
    "lines": ("lines", "none"),
    "share": ("share", "percentunit"),
    "per day": ("per day", "none"),
}

_FIRST = (
    "delivery_health",
    "throughput.merge_requests",
    "throughput.work_items",
    "dora.deployment_frequency",
    "dora.change_lead_hours",
    "dora.change_fail_rate",
)


def dashboard() -> Dashboard:
    """Organisation, kind of scope and scope are chosen above the panels; at first organisations as a whole."""
    made = board("kpis", "KPIs", "What Ovia counts, as of the latest snapshots, over the last 30 days.", span="now-30d")
    made = made.with_variable(
        choice("organisation", "Organisation", "Which organisations are shown, by their id", "ovia_kpi_value")
    )
    kinds = choice(
        "scope_kind", "Of", "Organisations, products or teams", 'ovia_kpi_value{organisation=~"$organisation"}'
    )
    made = made.with_variable(kinds.current(VariableOption(selected=True, text="organisation", value="organisation")))
    made = made.with_variable(
        choice(
            "scope",
            "Which",
            "Which products or teams are shown; an organisation as a whole has no name here",
            'ovia_kpi_value{organisation=~"$organisation", scope_kind=~"$scope_kind"}',
        )
    )
    made = _first(made)
    for topic in TOPICS:
        made = _topic(made, topic)
    return _freshness(made)


def of_topic(topic: str) -> list[Kpi]:
    """The KPIs of a topic, in the catalogue's order."""
    return [kpi for kpi in CATALOGUE.values() if kpi.name.split(".")[0] in TOPICS[topic]]


def _first(made: Dashboard) -> Dashboard:
    made = made.with_row(heading("First of all"))
    for name in _FIRST:
        kpi = CATALOGUE[name]
        made = made.with_panel(
            number(
                kpi.title,
                f"{kpi.question} {kpi.definition}",
                Series(_value(kpi), "{{scope}}"),
                unit=UNITS[kpi.unit][1],
                decimals=1,
            )
        )
    return made


def _topic(made: Dashboard, topic: str) -> Dashboard:
    by_unit: dict[str, list[Kpi]] = {}
    for kpi in of_topic(topic):
        by_unit.setdefault(kpi.unit, []).append(kpi)
    made = made.with_row(heading(topic))
    for unit, found in by_unit.items():
        words, shown = UNITS[unit]
        made = made.with_panel(
            graph(
                f"{topic}: {words}",
                "\n\n".join(f"**{kpi.title}**: {kpi.question}" for kpi in found)
                + "\n\nOver the 30 days before each moment; no data has no line.",
                *(Series(_value(kpi), f"{kpi.title} {{{{scope}}}}") for kpi in found),
                unit=shown,
                width=24 // min(len(by_unit), 3),
            )
        )
    return made


def _value(kpi: Kpi) -> str:
    return f'max by (organisation, scope_kind, scope) (ovia_kpi_value{{{_CHOSEN}, kpi="{kpi.name}"}})'


def _freshness(made: Dashboard) -> Dashboard:
    chosen = '{organisation=~"$organisation"}'
    return (
        made.with_row(heading("How far to trust them"))
        .with_panel(
            graph(
                "Age of snapshots",
                "Seconds since the oldest of the latest snapshots was taken.",
                Series(f"max by (organisation) (ovia_kpi_snapshot_age_seconds{chosen})", "{{organisation}}"),
                unit="s",
                width=8,
                limit=limits.of("OviaSnapshotOld"),
            )
        )
        .with_panel(
            graph(
                "Facts behind records",
                "Seconds since the last good derivation of the family that is furthest behind began.",
                Series(f"max by (organisation) (ovia_derivation_lag_seconds{chosen})", "{{organisation}}"),
                unit="s",
                width=8,
                limit=limits.of("OviaDerivationLagHigh"),
            )
        )
        .with_panel(
            graph(
                "Accounts known",
                "Share of human accounts whose person is known; of those in use, the share somebody confirmed; and the"
                " share that waits for a decision.",
                Series(f"max by (organisation) (ovia_identity_coverage{chosen})", "known {{organisation}}"),
                Series(f"max by (organisation) (ovia_identity_verified_rate{chosen})", "confirmed {{organisation}}"),
                Series(f"max by (organisation) (ovia_identity_conflict_rate{chosen})", "waiting {{organisation}}"),
                unit="percentunit",
                width=8,
            )
        )
        .with_panel(
            graph(
                "Rows behind the numbers",
                "How many rows each KPI of the chosen scopes is counted from; few rows make a number jump.",
                Series(f"max by (scope, kpi) (ovia_kpi_rows{{{_CHOSEN}}})", "{{kpi}} {{scope}}"),
                unit="short",
                width=12,
            )
        )
        .with_panel(
            graph(
                "Decisions waiting",
                "Accounts whose person somebody should decide on, and how long the oldest has waited in days.",
                Series(f"max by (organisation) (ovia_identity_queue_size{chosen})", "waiting {{organisation}}"),
                Series(
                    f"max by (organisation) (ovia_identity_queue_age_seconds_oldest{chosen}) / 86400",
                    "days, oldest {{organisation}}",
                ),
                unit="none",
                width=12,
            )
        )
    )
