"""All teams as the tree they are."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from ovia_console.pages.visit import Visit

_PAGE = 200


class Node(msgspec.Struct, frozen=True):
    """A team with those directly below it. `members` are today's, without those of the teams below."""

    id: str
    name: str
    path: tuple[str, ...]
    members: int
    below: "tuple[Node, ...]" = ()

    @property
    def depth(self) -> int:
        """How many teams stand above it."""
        return len(self.path) - 1

    def walk(self) -> "Iterator[Node]":
        """It and all below it."""
        yield self
        for one in self.below:
            yield from one.walk()

    def holds(self, team_id: str) -> bool:
        """Whether a team is this one or below it."""
        return any(one.id == team_id for one in self.walk())


class Tree(msgspec.Struct, frozen=True):
    """Every team of the organisation."""

    roots: tuple[Node, ...]

    def walk(self) -> Iterator[Node]:
        """Each team behind the one it belongs to."""
        for one in self.roots:
            yield from one.walk()

    def but(self, team_id: str) -> list[Node]:
        """All teams except one and those below it: where it can go."""
        own = next((one for one in self.walk() if one.id == team_id), None)
        return [one for one in self.walk() if own is None or not own.holds(one.id)]


async def tree_of(visit: Visit) -> Tree:
    """As they are now."""
    teams: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = await visit.api.page("/team/teams", limit=_PAGE, cursor=cursor)
        teams += page.data
        cursor = page.next
        if cursor is None:
            return grown(teams)


def grown(teams: Sequence[dict[str, Any]]) -> Tree:
    """The tree of teams, in their order; one whose parent is not among them stands at the root."""
    known = {one["id"] for one in teams}
    below: dict[str | None, list[dict[str, Any]]] = {}
    for one in teams:
        below.setdefault(one["parent_id"] if one["parent_id"] in known else None, []).append(one)

    def nodes(parent: str | None) -> tuple[Node, ...]:
        return tuple(
            Node(one["id"], one["name"], tuple(one["path"]), one["members"], nodes(one["id"]))
            for one in below.get(parent, [])
        )

    return Tree(nodes(None))
