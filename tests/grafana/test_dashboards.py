"""The dashboards as Grafana reads them."""

import json
from typing import Any

import promql_parser
import pytest

from ovia_dashboards import limits, main
from ovia_dashboards.kpis import TOPICS, UNITS, of_topic
from ovia_shared.kpis.catalogue import CATALOGUE
from tests.grafana.test_alloy import LABELS
from tests.stack import dashboards

BOARDS: dict[str, dict[str, Any]] = {name: json.loads(text) for name, text in main.texts().items()}
PANELS = [
    pytest.param(panel, id=f"{board['uid']} {panel['title']}")
    for board in BOARDS.values()
    for panel in board["panels"]
    if panel["type"] != "row"
]


def test_files_are_as_the_program_writes_them() -> None:
    assert main.different() == []
    assert main.texts() == main.texts()


def test_each_dashboard_has_an_address_of_its_own_that_stays() -> None:
    assert sorted(board["uid"] for board in BOARDS.values()) == [
        "ovia-api", "ovia-ask", "ovia-database", "ovia-ingest", "ovia-kpis", "ovia-overview",
    ]  # fmt: skip
    for board in BOARDS.values():
        numbers = [panel["id"] for panel in board["panels"]]
        titles = [panel["title"] for panel in board["panels"] if panel["type"] != "row"]
        assert len(set(numbers)) == len(numbers)
        assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_says_what_it_means_and_in_which_unit(panel: dict[str, Any]) -> None:
    assert panel["description"].endswith(".")
    assert panel["type"] == "logs" or panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    assert {target["datasource"]["uid"] for target in panel["targets"]} == {panel["datasource"]["uid"]}
    assert panel["datasource"]["uid"] in ("prometheus", "loki")


@pytest.mark.parametrize("panel", PANELS)
def test_panels_stand_beside_each_other_and_within_the_grid(panel: dict[str, Any]) -> None:
    place = panel["gridPos"]
    assert place["x"] + place["w"] <= 24
    (board,) = (board for board in BOARDS.values() if any(other is panel for other in board["panels"]))
    for other in board["panels"]:
        there = other["gridPos"]
        apart = (
            place["x"] + place["w"] <= there["x"] or there["x"] + there["w"] <= place["x"]
            or place["y"] + place["h"] <= there["y"] or there["y"] + there["h"] <= place["y"]
        )  # fmt: skip
        assert other is panel or apart, other["title"]


def test_every_query_is_a_query() -> None:
    for one in dashboards.queries():
        promql_parser.parse(dashboards.filled(one.expression))


def test_logs_are_asked_for_by_labels_that_the_shipper_sets() -> None:
    asked = [panel["targets"][0]["expr"] for board in BOARDS.values() for panel in board["panels"]
             if panel["type"] == "logs"]  # fmt: skip
    assert len(asked) == 5
    for expression in asked:
        # A plain selector of streams is written as PromQL's selector of series is.
        selector = promql_parser.parse(expression)
        assert isinstance(selector, promql_parser.VectorSelector)
        assert {matcher.name for matcher in selector.matchers.matchers} <= LABELS


def test_a_limit_is_the_number_its_alert_compares_with(monkeypatch: pytest.MonkeyPatch) -> None:
    written = {
        "Share": "sum(rate(a[5m])) / sum(rate(b[5m])) > 0.05",
        "Long": "(time() - max by (kind) (c)) > (26 * 3600)",
        "Low": "min(d) - time() < 604800",
        "Both": "e > 0.9 and f > 3",
        "None": "absent(g)",
    }
    monkeypatch.setattr(limits, "alerts", lambda: written)
    of = limits.of.__wrapped__
    assert of("Share") == (0.05, False)
    assert of("Long") == (93600, False)
    assert of("Low") == (604800, True)
    assert of("Both") == (0.9, False)
    with pytest.raises(limits.NoLimit, match="compares with no number"):
        of("None")
    with pytest.raises(limits.NoLimit, match="has no alert Gone"):
        of("Gone")


def test_a_panel_turns_red_where_the_alert_fires() -> None:
    (panel,) = (panel for panel in BOARDS["ingest.json"]["panels"] if panel["title"] == "Lag")
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [step["value"] for step in steps] == [None, limits.of("OviaSyncLagHigh").value]
    assert [step["color"] for step in steps] == ["green", "red"]


def test_every_kpi_is_shown_in_one_topic_and_in_a_unit_grafana_has() -> None:
    shown = [kpi.name for topic in TOPICS for kpi in of_topic(topic)]
    assert sorted(shown) == sorted(CATALOGUE)
    assert {kpi.unit for kpi in CATALOGUE.values()} <= UNITS.keys()
    asked = " ".join(one.expression for one in dashboards.queries() if one.dashboard == "ovia-kpis")
    assert [name for name in CATALOGUE if f'kpi="{name}"' not in asked] == []


def test_a_number_of_a_person_is_shown_nowhere() -> None:
    assert not any("person" in one.expression for one in dashboards.queries())


def test_what_may_be_empty_is_there() -> None:
    assert dashboards.MAY_BE_EMPTY.keys() <= {one.place for one in dashboards.queries()}
