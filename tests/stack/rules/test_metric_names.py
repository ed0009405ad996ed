"""What queries ask for is found, wherever in them it stands."""

import json
from pathlib import Path

import pytest

from tests.stack import metric_names


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("up", [{"up"}]),
        (
            "sum by (a) (rate(requests_total{status=~'5..'}[$__rate_interval])) / -total",
            [{"requests_total"}, {"total"}],
        ),
        ("max(old or new) > 3", [{"old", "new"}]),
        ("max_over_time((a / b)[1h:5m])", [{"a"}, {"b"}]),
        ("a and on (x) b unless c", [{"a"}, {"b"}, {"c"}]),
        ("increase(a[${__range}]) / $__range_s", [{"a"}]),
        ("vector(1)", []),
    ],
)
def test_names_are_found(query: str, wanted: list[set[str]]) -> None:
    assert metric_names.names(query) == {frozenset(one) for one in wanted}


@pytest.mark.parametrize("query", ["sum(", '{__name__=~"ovia_.*"}'])
def test_a_query_whose_names_cannot_be_told_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        metric_names.names(query)


@pytest.mark.parametrize("query", ["up", "up == 1", "a > b"])
def test_what_compares_with_no_number_has_no_threshold(query: str) -> None:
    with pytest.raises(ValueError, match=r"neither|no comparison"):
        metric_names.threshold(query)


def test_dashboards_are_asked_for_what_is_prometheus_of_them(tmp_path: Path) -> None:
    prometheus, loki = {"type": "prometheus", "uid": "p"}, {"type": "loki", "uid": "l"}
    (tmp_path / "ours.json").write_text(
        json.dumps(
            {
                "title": "Ours",
                "panels": [
                    {"title": "Lag", "datasource": prometheus, "targets": [{"expr": "max(lag)"}, {"expr": "lag + 1"}]},
                    {"title": "Logs", "datasource": loki, "targets": [{"expr": '{service="api"} |= "x"'}]},
                    {"title": "Row", "panels": [{"title": "In", "targets": [{"expr": "b", "datasource": prometheus}]}]},
                ],
            }
        )
    )
    assert metric_names.asked_by_dashboards(tmp_path) == {
        frozenset({"lag"}): ["ours: Lag", "ours: Lag"],
        frozenset({"b"}): ["ours: In"],
    }
