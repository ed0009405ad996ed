"""The reasons of a mapping as steps that come to its confidence."""

import pytest

from ovia_console.queue.waterfall import WIDTH, waterfall
from ovia_shared.models.rule_trace import RuleTrace

TRACE = (
    RuleTrace("names_same_first", "another last name", -4.56, -4.56),
    RuleTrace("same_login", "one login", 2.1, 2.1),
    RuleTrace("login_is_name", "the login is the name", 3.4, 3.4),
    RuleTrace("prior", "any two accounts", -0.4, -0.4),
)


def test_the_steps_come_to_the_confidence_of_the_mapping() -> None:
    drawn = waterfall(TRACE)
    assert [one.rule for one in drawn.steps] == ["prior", "login_is_name", "same_login", "names_same_first"]
    assert drawn.steps[-1].confidence == drawn.confidence == pytest.approx(0.632, abs=0.001)


def test_each_bar_begins_where_the_one_before_ended_and_stays_in_the_picture() -> None:
    first, second, third, last = waterfall(TRACE).steps
    assert first.x + first.width == pytest.approx(waterfall(TRACE).even, abs=0.2)
    assert second.x == pytest.approx(first.x, abs=0.2)
    assert third.x == pytest.approx(second.x + second.width, abs=0.2)
    assert last.x + last.width == pytest.approx(third.x + third.width, abs=0.2)
    assert all(one.x >= 0 and one.x + one.width <= WIDTH for one in waterfall(TRACE).steps)


def test_what_somebody_said_by_hand_is_a_line_at_even_odds() -> None:
    (only,) = waterfall([RuleTrace("by hand", "A manager said so", 0.0, 0.0)]).steps
    assert (only.confidence, only.width) == (0.5, 1.5)
    assert waterfall([]).steps == []
