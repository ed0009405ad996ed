"""What every dashboard has: a fixed address, links to the others, what is asked of its reader, and a row's heading."""

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from ovia_dashboards.panels import PROMETHEUS

TAG = "ovia"


def board(name: str, title: str, meaning: str, *, span: str = "now-6h", refresh: str = "1m") -> dashboard.Dashboard:
    """A dashboard without panels; `name` is the end of its address, `/grafana/d/ovia-NAME`."""
    others = dashboard.DashboardLink("Ovia").type(DashboardLinkType.DASHBOARDS).tags([TAG]).as_dropdown(True)
    return (
        dashboard.Dashboard(title)
        .uid(f"ovia-{name}")
        .description(meaning)
        .tags([TAG])
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time(span, "now")
        .refresh(refresh)
        .timezone("browser")
        .link(others.keep_time(True).include_vars(True))
    )


def choice(name: str, label: str, meaning: str, metric: str) -> dashboard.QueryVariable:
    """Which values of a label are shown: all, one or several of those that the metric has.

    A query takes it as `label=~"$name"`; "all" is `.*`, so that a label that is missing is shown too.
    """
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .description(meaning)
        .datasource(PROMETHEUS)
        .query(f"label_values({metric}, {name})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(VariableOption(selected=True, text="All", value="$__all"))
    )


def heading(title: str) -> dashboard.Row:
    """Starts a new row of panels under its title."""
    return dashboard.Row(title)
