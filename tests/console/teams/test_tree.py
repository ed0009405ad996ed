"""Teams as the tree they are."""

from typing import Any

from ovia_console.teams.tree import grown


def team(name: str, parent: str | None = None, path: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"id": name, "name": name, "parent_id": parent, "path": [*path, name], "members": 1}


TEAMS = [team("a"), team("b", "a", ("a",)), team("c", "b", ("a", "b")), team("d")]


def test_each_team_stands_behind_the_one_it_belongs_to() -> None:
    assert [(one.name, one.depth) for one in grown(TEAMS).walk()] == [("a", 0), ("b", 1), ("c", 2), ("d", 0)]


def test_a_team_can_go_anywhere_but_into_itself_and_below_itself() -> None:
    assert [one.name for one in grown(TEAMS).but("b")] == ["a", "d"]
    assert [one.name for one in grown(TEAMS).but("nobody")] == ["a", "b", "c", "d"]


def test_a_team_whose_parent_is_not_there_is_not_lost() -> None:
    assert [one.name for one in grown([team("x", "gone", ("gone",))]).walk()] == ["x"]
