"""A bar cut into parts as long as their shares."""

import pytest

from ovia_console.charts.segments import WIDTH, Part, segments


def test_parts_lie_side_by_side_in_their_order_and_fill_the_picture() -> None:
    found = segments([Part("Coding", 10), Part("Pickup", 30)])
    assert found[0].x == 0
    assert found[1].x == pytest.approx(found[0].width, abs=0.2)
    assert found[1].x + found[1].width == pytest.approx(WIDTH, abs=0.2)
    assert found[0].width < found[1].width


def test_a_part_without_a_value_is_left_out_and_keeps_its_colour() -> None:
    found = segments([Part("Coding", None), Part("Pickup", 1)])
    assert [(one.part.name, one.place) for one in found] == [("Pickup", 2)]


def test_the_shortest_part_can_still_be_hit() -> None:
    assert min(one.width for one in segments([Part("Coding", 0.0), Part("Deploy", 1e6)])) >= 24
    assert segments([Part("Coding", 0.0)])[0].width == pytest.approx(WIDTH)


def test_of_nothing_there_is_no_bar() -> None:
    assert segments([]) == []
