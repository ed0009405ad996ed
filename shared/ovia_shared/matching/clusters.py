"""From scored pairs to people: the best link first, and no weak bridge between two people."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from ovia_shared.matching.names import Name, Relation, relate

# Names that cannot be one person's ask for so much more before they are joined; so do two groups that each have
# several accounts already.
CONTRADICTION = 2.0
BRIDGE = 0.5
# Two people whose evidence is within so much log-odds are not told apart.
TOO_CLOSE = 2.0
# More names than these are not compared: a person with so many is a mailbox.
NAMES_COMPARED = 8
_CONTRADICT = frozenset([Relation.DISJOINT, Relation.SAME_FIRST, Relation.SAME_LAST])

_AGREE = frozenset([Relation.EQUAL, Relation.SUBSET, Relation.INITIALS, Relation.NICKNAME, Relation.TYPO])


class Edge(msgspec.Struct, frozen=True, gc=False):
    """Two nodes, left before right, and the log-odds that they are one person. `pair` is its place among the pairs."""

    log_odds: float
    left: int
    right: int
    pair: int


class Groups:
    """Nodes, joined step by step. A group may belong to a known person; two of those are never joined."""

    def __init__(
        self,
        names: Sequence[tuple[Name, ...]],
        persons: Mapping[int, int],
        refused: Mapping[int, Collection[int]],
    ) -> None:
        """`names` of each node; `persons` of nodes that belong to somebody known; `refused` persons of each node."""
        self._own = names
        self._names: dict[int, frozenset[Name]] = {}
        self._parent = list(range(len(names)))
        self._size = [1] * len(names)
        self.person: dict[int, int] = dict(persons)
        self._refused: dict[int, set[int]] = {node: set(those) for node, those in refused.items()}

    def root(self, node: int) -> int:
        """The node that stands for the group of this one."""
        parent = self._parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def join(self, one: int, other: int) -> None:
        """Makes one group of two, whatever speaks against it."""
        a, b = sorted((self.root(one), self.root(other)))
        if a == b:
            return
        if self._size[a] < self._size[b]:
            a, b = b, a
        self._parent[b] = a
        self._size[a] += self._size[b]
        if self._own[a] is not self._own[b] or b in self._names:
            self._names[a] = self._full_names(a) | self._full_names(b)
        if b in self.person:
            self.person.setdefault(a, self.person[b])
        if b in self._refused:
            self._refused.setdefault(a, set()).update(self._refused[b])

    def may_join(self, one: int, other: int) -> bool:
        """Whether nobody has decided otherwise: two known people, or a person whom a reviewer refused."""
        a, b = self.root(one), self.root(other)
        mine, theirs = self.person.get(a), self.person.get(b)
        if mine is not None and theirs is not None and mine != theirs:
            return False
        return not (mine in self._refused.get(b, ()) or theirs in self._refused.get(a, ()))

    def person_of(self, node: int) -> int | None:
        """The known person this node's group belongs to."""
        return self.person.get(self.root(node))

    def both_are_several(self, one: int, other: int) -> bool:
        """Whether each of the two groups has more than one node already."""
        return self._size[self.root(one)] > 1 and self._size[self.root(other)] > 1

    def apart(self, one: int, other: int) -> bool:
        """Whether two groups are known to be two people."""
        mine, theirs = self.person_of(one), self.person_of(other)
        return mine is not None and theirs is not None and mine != theirs

    def contradict(self, one: int, other: int) -> bool:
        """Whether the groups have full names that cannot be one person's, and none that they share."""
        a, b = self.root(one), self.root(other)
        if self._own[a] is self._own[b] and a not in self._names and b not in self._names:
            return False
        ones = sorted(self._full_names(a), key=_by_words)[:NAMES_COMPARED]
        others = sorted(self._full_names(b), key=_by_words)[:NAMES_COMPARED]
        relations = {relate(mine, theirs) for mine in ones for theirs in others}
        # Somebody who changed their name agrees with one of them.
        return bool(relations & _CONTRADICT) and not relations & _AGREE

    def _full_names(self, root: int) -> frozenset[Name]:
        known = self._names.get(root)
        return frozenset(name for name in self._own[root] if name.full) if known is None else known


class Edges:
    """Edges worth looking at, and those of each node."""

    def __init__(
        self, left: NDArray[np.int64], right: NDArray[np.int64], odds: NDArray[np.float32], pair: NDArray[np.int64]
    ) -> None:
        order = np.lexsort((right, left, -odds))
        self._left, self._right = left[order].tolist(), right[order].tolist()
        self._odds, self._pair = odds[order].astype(float).tolist(), pair[order].tolist()
        ends = np.concatenate([left[order], right[order]])
        by_node = np.argsort(ends, kind="stable")
        self._of = by_node % max(len(order), 1)
        self._nodes = ends[by_node]

    def best_first(self) -> Iterator[Edge]:
        """All of them, the strongest first."""
        return map(Edge, self._odds, self._left, self._right, self._pair)

    def of(self, node: int) -> Iterator[tuple[float, int]]:
        """Log-odds and the other end of each edge of a node, the strongest first."""
        low, high = np.searchsorted(self._nodes, (node, node + 1)).tolist()
        for place in self._of[low:high].tolist():
            left, right = self._left[place], self._right[place]
            yield self._odds[place], right if left == node else left


class LeftOut(msgspec.Struct, frozen=True, gc=False):
    """An edge that joined nothing, and what lowered it: rules with their contribution, a rival node if there is one."""

    edge: Edge
    against: tuple[tuple[str, float], ...] = ()
    rival: int = -1

    @property
    def log_odds(self) -> float:
        """What is left of the edge's log-odds."""
        return self.edge.log_odds + sum(weight for _, weight in self.against)


def join_best_first(groups: Groups, edges: Edges, threshold: float, *, guarded: bool = True) -> list[LeftOut]:
    """Joins what the edges at or above the threshold allow; the edges that were left out, best first. Without guards
    only what people decided stands in the way."""
    left_out = []
    for edge in edges.best_first():
        if groups.root(edge.left) == groups.root(edge.right) or not groups.may_join(edge.left, edge.right):
            continue
        against: tuple[tuple[str, float], ...] = ()
        rival = -1
        if edge.log_odds >= threshold:
            if not guarded:
                groups.join(edge.left, edge.right)
                continue
            rival, rival_odds = _rival(groups, edges, edge)
            if rival >= 0:
                # What is left is how much more speaks for this person than for the other.
                against = (("another_person", -min(rival_odds, edge.log_odds)),)
            elif edge.log_odds < threshold + CONTRADICTION and groups.contradict(edge.left, edge.right):
                against = (("names_contradict", -CONTRADICTION),)
            elif edge.log_odds < threshold + BRIDGE and groups.both_are_several(edge.left, edge.right):
                against = (("weak_bridge", -BRIDGE),)
            else:
                groups.join(edge.left, edge.right)
                continue
        left_out.append(LeftOut(edge, against, rival))
    return sorted(left_out, key=lambda one: (-one.log_odds, one.edge.left, one.edge.right))


def _rival(groups: Groups, edges: Edges, edge: Edge) -> tuple[int, float]:
    """A node of somebody else to whom the evidence points nearly as strongly, and how strongly; -1 without one."""
    if not groups.person:
        return -1, 0.0
    for node, target in ((edge.left, edge.right), (edge.right, edge.left)):
        if groups.person_of(node) is not None:
            continue
        for odds, other in edges.of(node):
            if odds < edge.log_odds - TOO_CLOSE:
                break
            if groups.root(other) in (groups.root(node), groups.root(target)):
                continue
            if groups.apart(other, target):
                return other, odds
    return -1, 0.0


def _by_words(name: Name) -> tuple[str, ...]:
    return name.words
