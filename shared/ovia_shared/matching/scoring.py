"""Log-odds of candidate pairs, and the trace that explains one: the contributions are the terms of the sum."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ovia_shared.matching import activity as acting
from ovia_shared.matching.activity import Activity
from ovia_shared.matching.features import COLUMN, FEATURES, measure
from ovia_shared.matching.names import Relation, relate
from ovia_shared.matching.pairs import Pairs, find_pairs
from ovia_shared.matching.table import Table
from ovia_shared.matching.weights import Weights
from ovia_shared.matching.words import evidence
from ovia_shared.models.identity import Account
from ovia_shared.models.rule_trace import RuleTrace

# Half precision is multiplied in full, a part at a time.
CHUNK = 1 << 18


class Scores:
    """Every candidate pair with its log-odds of being one person."""

    def __init__(self, table: Table, activity: Activity, weights: Weights) -> None:
        self.table = table
        self.pairs: Pairs = find_pairs(table)
        self._prior = weights.prior
        self._vector = weights.vector()
        self._matrix = measure(table, self.pairs)
        self._together = acting.together(activity, table, self.pairs)
        self._at_once = acting.at_once(activity, table, self.pairs)
        self.log_odds: NDArray[np.float32] = self._sum()

    def _sum(self) -> NDArray[np.float32]:
        total = np.empty(len(self.pairs), np.float32)
        for start in range(0, len(total), CHUNK):
            rows = self._matrix[start : start + CHUNK].astype(np.float32)
            total[start : start + CHUNK] = self._prior + rows @ self._vector
        if self._together is not None:
            total += self._together
        if self._at_once is not None:
            total += self._at_once
        return total

    def of_equals(self, node: int) -> float:
        """The log-odds of two accounts of one node, which say exactly the same."""
        return self._prior + sum(weight for _, weight in self._terms_of_equals(node))

    def _terms_of_equals(self, node: int) -> list[tuple[str, float]]:
        name = self.table.names[node][0]
        relation = relate(name, name) if name.words else Relation.UNKNOWN
        rules = ("same_mailbox", f"names_{relation.name.lower()}", "same_login")
        return [(rule, float(self._vector[COLUMN[rule]])) for rule in rules]

    def trace(self, pair: int, one: Account, other: Account) -> list[RuleTrace]:
        """Why this pair has its log-odds, told for these two accounts of its nodes."""
        terms = [term("prior", self._prior, self._prior, one, other)]
        row = self._matrix[pair]
        for column in np.flatnonzero(row).tolist():
            weight = float(self._vector[column])
            if weight:
                terms.append(term(FEATURES[column], weight, weight * float(row[column]), one, other))
        if self._together is not None and (value := float(self._together[pair])):
            terms.append(term("active_together", acting.TOGETHER, value, one, other))
        if self._at_once is not None and (value := float(self._at_once[pair])):
            terms.append(term("active_at_once", acting.AT_ONCE, value, one, other))
        return terms

    def trace_of_equals(self, node: int, one: Account, other: Account) -> list[RuleTrace]:
        """Why two accounts of one node are one person's."""
        terms = [term("prior", self._prior, self._prior, one, other)]
        return terms + [term(rule, weight, weight, one, other) for rule, weight in self._terms_of_equals(node)]


def term(rule: str, weight: float, contribution: float, one: Account, other: Account) -> RuleTrace:
    """One line of a trace."""
    return RuleTrace(rule, evidence(rule, one, other), round(weight, 4), round(contribution, 4))


def in_order(terms: Iterable[RuleTrace]) -> tuple[RuleTrace, ...]:
    """What weighs most comes first."""
    return tuple(sorted(terms, key=lambda one: (-abs(one.contribution), one.rule)))
