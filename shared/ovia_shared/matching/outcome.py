"""Which groups are sure of themselves and which wait for a decision, and the links that follow."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ovia_shared.matching.clusters import Groups, LeftOut
from ovia_shared.matching.published import PublishedScores
from ovia_shared.matching.scoring import Scores, in_order, term
from ovia_shared.matching.table import Table
from ovia_shared.models.decision import Link, Reason
from ovia_shared.models.rule_trace import RuleTrace

AnyScores = Scores | PublishedScores

# What the account a person was made from starts with: nobody else claims it.
FOUNDING = 7.0


class Outcome:
    """`contested` groups wait for a decision; `waiting_for[root]` are the groups that may belong to that one."""

    def __init__(
        self, table: Table, scores: AnyScores, groups: Groups, left_out: Sequence[LeftOut], conflict: float
    ) -> None:
        self._table = table
        self._scores = scores
        self._groups = groups
        self.roots = np.fromiter((groups.root(node) for node in range(len(table))), np.int64, len(table))
        self.contested: dict[int, LeftOut] = {}
        self.waiting_for: dict[int, list[int]] = {}
        self._rivals: dict[int, int] = {}
        self._waits_on: dict[int, int] = {}
        sizes = np.fromiter(map(len, table.accounts_of), np.int64, len(table))
        self._sizes = np.bincount(self.roots, sizes, len(table))
        named = np.frombuffer(table.recognisable, np.bool_)
        self._recognisable = np.bincount(self.roots, named, len(table)) > 0
        self._contest(left_out, conflict)
        self._best_pair = self._best_pairs()
        self._node_at: NDArray[np.int64] | None = None

    def recognisable(self, root: int) -> bool:
        """Whether one account of the group says who somebody is: by a full name, or a mailbox or login of its own."""
        return bool(self._recognisable[root])

    def _contest(self, left_out: Sequence[LeftOut], conflict: float) -> None:
        groups = self._groups
        for one in left_out:
            edge = one.edge
            left, right = groups.root(edge.left), groups.root(edge.right)
            if one.log_odds < conflict or left == right or not groups.may_join(left, right):
                continue
            mover, target = self._mover(left, right)
            if target in self.contested and not self.recognisable(mover):
                # What resembles an account that waits comes with it; alone it would be nobody.
                target = self._waits_on[target]
                if not groups.may_join(mover, target):
                    continue
            if mover not in self.contested:
                self._wait(mover, target, one)
            elif target != self._waits_on[mover]:
                self._rivals.setdefault(mover, target)

    def _wait(self, mover: int, target: int, one: LeftOut) -> None:
        """Has a group wait for a decision whether it is another's, where that other is somebody."""
        known = self._groups.person
        if mover in known or mover in self.waiting_for or target in self.contested:
            return
        if self.recognisable(target) or target in known:
            self.contested[mover] = one
            if one.rival >= 0:
                self._rivals[mover] = one.rival
            self._waits_on[mover] = target
            self.waiting_for.setdefault(target, []).append(mover)

    def _target(self, mover: int) -> int:
        edge = self.contested[mover].edge
        return edge.right if self._groups.root(edge.left) == mover else edge.left

    def _mover(self, one: int, other: int) -> tuple[int, int]:
        """Which of two groups asks to join the other: the one that is nobody yet, then the one that says less."""

        def standing(root: int) -> tuple[bool, bool, int, int]:
            return (root in self._groups.person, self.recognisable(root), int(self._sizes[root]), -root)

        return (one, other) if standing(one) < standing(other) else (other, one)

    def _best_pairs(self) -> dict[int, int]:
        """For each node the pair that binds it most strongly to its group."""
        pairs, odds = self._scores.pairs, self._scores.log_odds
        inside = np.flatnonzero(self.roots[pairs.left] == self.roots[pairs.right])
        nodes = np.concatenate([pairs.left[inside], pairs.right[inside]])
        places = np.concatenate([inside, inside])
        if not len(nodes):
            return {}
        order = np.lexsort((places, -odds[places], nodes))
        nodes, places = nodes[order], places[order]
        first = np.flatnonzero(np.r_[True, nodes[1:] != nodes[:-1]])
        return dict(zip(nodes[first].tolist(), places[first].tolist(), strict=True))

    def certain_links(self, nodes: Sequence[int]) -> list[Link]:
        """Links of the accounts in a group that belong to nobody known yet."""
        links = []
        accounts = self._table.accounts
        for node in nodes:
            positions = self._table.accounts_of[node]
            for position in positions:
                if accounts[position].person_id is None:
                    log_odds, reason = self._certain(node, position, positions)
                    links.append(Link(accounts[position].id, "auto", confidence(log_odds), reason))
        return links

    def _certain(self, node: int, position: int, positions: Sequence[int]) -> tuple[float, Reason]:
        found = (-math.inf, Reason(position, position))
        pair = self._best_pair.get(node)
        if pair is not None:
            left, right = int(self._scores.pairs.left[pair]), int(self._scores.pairs.right[pair])
            other = self._table.accounts_of[right if left == node else left][0]
            found = (float(self._scores.log_odds[pair]), Reason(position, other, pair))
        if len(positions) > 1 and (log_odds := self._scores.of_equals(node)) > found[0]:
            twin = positions[1] if positions[0] == position else positions[0]
            found = (log_odds, Reason(position, twin))
        return found if found[0] > -math.inf else (FOUNDING, Reason(position, position))

    def contested_links(self, nodes: Sequence[int]) -> list[Link]:
        """Links of a group that waits, to the person it may belong to."""
        root = int(self.roots[nodes[0]])
        waiting = self.contested[root]
        edge = waiting.edge
        mine = edge.left if self.roots[edge.left] == root else edge.right
        other = self._table.accounts_of[self._target(root)][0]
        rival = self._rivals.get(root, -1)
        rival = -1 if rival < 0 else self._table.accounts_of[rival][0]
        links = []
        for node in nodes:
            for position in self._table.accounts_of[node]:
                # Told by the account that resembles the person; the others of its group come with it.
                teller = position if node == mine else self._table.accounts_of[mine][0]
                reason = Reason(teller, other, edge.pair, waiting.against, rival)
                links.append(Link(self._table.accounts[position].id, "conflict", confidence(waiting.log_odds), reason))
        return links

    def explain(self, link: Link) -> tuple[RuleTrace, ...]:
        """The trace of a link, what weighs most first."""
        reason, accounts = link.reason, self._table.accounts
        one, other = accounts[reason.account], accounts[reason.other]
        if reason.pair >= 0:
            terms = self._scores.trace(reason.pair, one, other)
        elif reason.account == reason.other:
            return (term("first_account", FOUNDING, FOUNDING, one, other),)
        else:
            terms = self._scores.trace_of_equals(self._node_of(reason.account), one, other)
        lowered = dict(reason.against)
        if reason.rival >= 0:
            # A rival found later is told to the reviewer without weight.
            lowered.setdefault("another_person", 0.0)
        for rule, weight in lowered.items():
            seen = accounts[reason.rival] if rule == "another_person" else other
            terms.append(term(rule, weight, weight, one, seen))
        return in_order(terms)

    def _node_of(self, position: int) -> int:
        if self._node_at is None:
            self._node_at = np.empty(len(self._table.accounts), np.int64)
            for node, positions in enumerate(self._table.accounts_of):
                self._node_at[positions] = node
        return int(self._node_at[position])


def confidence(log_odds: float) -> float:
    """The logistic function, rounded to 6 decimals."""
    return round(1 / (1 + math.exp(-max(log_odds, -60.0))), 6)
