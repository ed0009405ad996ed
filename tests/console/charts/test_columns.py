"""Dots in named columns: each where its value is, none upon another."""

import itertools

from ovia_console.charts.columns import Dot, columns
from ovia_console.charts.plots import Chart, Mark


def marks(chart: Chart) -> list[Mark]:
    return [mark for one in chart.series for mark in one.marks]


def test_a_dot_stands_above_the_name_of_its_column() -> None:
    chart = columns(["To do", "Review"], [("Age", [Dot(1, 5.0, "GLD-1", "https://jira/1"), Dot(0, 1.0)])])
    first, second = marks(chart)
    assert [tick.value for tick in chart.across] == ["To do", "Review"]
    assert (first.x, second.x) == (chart.across[0].place, chart.across[1].place)
    assert first.y > second.y  # further down is less
    assert (second.label, second.href) == ("GLD-1", "https://jira/1")


def test_dots_of_one_value_stand_beside_each_other() -> None:
    found = marks(columns(["Review"], [("Age", [Dot(0, 3.0) for _ in range(7)])]))
    places = sorted(mark.x for mark in found)
    assert all(right - left >= 9 for left, right in itertools.pairwise(places))


def test_more_dots_than_there_is_room_for_share_places() -> None:
    found = marks(columns([str(number) for number in range(60)], [("Age", [Dot(0, 3.0)] * 5)]))
    assert len(found) == 5


def test_level_lines_are_named_beside_the_picture_one_below_the_other() -> None:
    chart = columns(["Review"], [("Age", [Dot(0, 100.0)])], rules=[("85 %", 7.0), ("50 %", 6.9)])
    low, high = chart.rules
    assert (low.name, high.name) == ("50 %", "85 %")
    assert low.name_y - high.name_y >= 12
    assert chart.right < chart.width - 50


def test_nothing_at_all_is_an_empty_picture() -> None:
    assert columns([], []).empty
