"""Every query of every dashboard, asked of a Prometheus that really runs.

The files are read as Grafana reads them, and the same answers are asked for: a range for a graph, a moment for a table,
the values of a label for what is chosen above the panels. Logs are Loki's and are not asked here.
"""

import math
import re
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec

DIRECTORY = Path(__file__).parents[2] / "infra" / "grafana" / "dashboards"

# Grafana puts in four scrapes, 15 seconds apart, as the least.
RATE_INTERVAL = "1m"
RANGE_SECONDS = 300
STEP_SECONDS = 15

# Panels that show nothing on a healthy stack just after its first synchronisation, and why that is right.
MAY_BE_EMPTY = {
    ("ovia-overview", "Firing"): "no alert fires",
    ("ovia-overview", "Slowest service, p95"): "nobody but probes asked anything in the last five minutes",
    ("ovia-overview", "Restored and compared"): "the first trial restore comes with the first night",
    ("ovia-overview", "Last trial restore"): "the first trial restore comes with the first night",
    ("ovia-overview", "Age of backup"): "the first backup may not have ended",
    ("ovia-overview", "Age of backups"): "the first backup may not have ended",
    ("ovia-ask", "Failed questions"): "nobody asked anything in the last five minutes",
    ("ovia-ask", "Time to an answer"): "nobody asked anything in the last five minutes",
    ("ovia-kpis", "$scope"): "products and teams have names only once their first snapshots were taken",
    ("ovia-database", "Last WAL archived"): "an idle server archives its first segment when archive_timeout is over",
    ("ovia-database", "Share of dead rows"): "only tables of 10,000 rows and more are looked at",
    ("ovia-database", "Disks busy"): "a virtual machine may show no disk",
    ("ovia-database", "Disk space"): "a container without volumes of its own has overlay file systems alone",
    ("ovia-overview", "Disk space"): "a container without volumes of its own has overlay file systems alone",
}


class PanelQuery(msgspec.Struct, frozen=True):
    """One query: where it stands, what it asks, and how. `label` is set for the values something is chosen from."""

    dashboard: str
    panel: str
    expression: str
    instant: bool = False
    label: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """The dashboard's uid and the panel's title."""
        return self.dashboard, self.panel


class Answered(msgspec.Struct, frozen=True):
    """What came of a query: the fault Prometheus found in it, or how many series with a number it gave."""

    query: PanelQuery
    fault: str
    series: int


def queries() -> list[PanelQuery]:
    """All queries for Prometheus, in the order of the dashboards' files, with the variables still in them."""
    found = []
    for path in sorted(DIRECTORY.glob("*.json")):
        dashboard = msgspec.json.decode(path.read_bytes())
        found += _of_variables(dashboard) + _of_panels(dashboard)
    return found


def _of_variables(dashboard: dict[str, Any]) -> list[PanelQuery]:
    found = []
    for variable in dashboard.get("templating", {}).get("list", []):
        asked = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"])
        assert asked is not None, f"{dashboard['uid']}: the variable {variable['name']} asks for no values of a label"
        expression, label = asked.groups()
        found.append(PanelQuery(dashboard["uid"], f"${variable['name']}", expression, label=label))
    return found


def _of_panels(dashboard: dict[str, Any]) -> list[PanelQuery]:
    return [
        PanelQuery(dashboard["uid"], panel["title"], target["expr"], instant=bool(target.get("instant")))
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
        if target["datasource"]["uid"] == "prometheus"
    ]


def filled(expression: str, rate_interval: str = RATE_INTERVAL) -> str:
    """The expression as Grafana sends it when everything is chosen."""
    known = {"__rate_interval": rate_interval, "__range": f"{RANGE_SECONDS}s"}
    return re.sub(r"\$(\w+)", lambda found: known.get(found[1], ".*"), expression)


def ask(address: str, wanted: list[PanelQuery], rate_interval: str = RATE_INTERVAL) -> list[Answered]:
    """Asks the Prometheus at the address (`http://host:port`) every query."""
    with httpx.Client(base_url=address, timeout=20) as client:
        return [_asked(client, one, rate_interval) for one in wanted]


def _asked(client: httpx.Client, one: PanelQuery, rate_interval: str) -> Answered:
    expression, now = filled(one.expression, rate_interval), time.time()
    if one.label:
        answer = client.get(f"/api/v1/label/{one.label}/values", params={"match[]": expression})
    elif one.instant:
        answer = client.get("/api/v1/query", params={"query": expression, "time": now})
    else:
        span = {"start": now - RANGE_SECONDS, "end": now, "step": STEP_SECONDS}
        answer = client.get("/api/v1/query_range", params={"query": expression, **span})
    told = answer.json()
    if told["status"] != "success":
        return Answered(one, f"{told['errorType']}: {told['error']}", 0)
    series = told["data"] if one.label else [one for one in told["data"]["result"] if _has_number(one)]
    return Answered(one, "", len(series))


def _has_number(series: dict[str, Any]) -> bool:
    points = series["values"] if "values" in series else [series["value"]]
    return any(not math.isnan(float(value)) for _, value in points)


def check(address: str, must_have_data: bool, except_for: frozenset[tuple[str, str]] = frozenset()) -> None:
    """Raises AssertionError naming each query that Prometheus refuses, or, on a stack that has data, leaves unanswered.

    Beside `MAY_BE_EMPTY`, the panels in `except_for`, `(uid, title)`, may have no data. A panel of KPIs has data if one
    of its KPIs has: what did not happen in the sources has no number.
    """
    answered = ask(address, queries())
    faults = [f"{one.query.dashboard} / {one.query.panel}: {one.fault}" for one in answered if one.fault]
    assert not faults, "\n".join(faults)
    if must_have_data:
        lacking = without_data(answered, except_for)
        assert not lacking, "no data:\n" + "\n".join(lacking)


def without_data(answered: list[Answered], except_for: frozenset[tuple[str, str]] = frozenset()) -> list[str]:
    """The queries, one a line, that should have had data and had none."""
    shown = {one.query.place for one in answered if one.series}
    lacking = []
    for one in answered:
        place = one.query.place
        enough = place in shown if one.query.dashboard == "ovia-kpis" else one.series > 0
        if not enough and place not in MAY_BE_EMPTY and place not in except_for:
            lacking.append(f"{one.query.dashboard} / {one.query.panel}: {filled(one.query.expression)}")
    return lacking
