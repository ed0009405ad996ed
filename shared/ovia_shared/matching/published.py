"""The scoring rule others publish, kept so that results can be compared: the named configuration `published`.

Exact e-mail 0.40, username 0.20, display name 0.20, team 0.10, not a service account 0.10; a link from 0.85, a conflict
from 0.50. Names and logins count by their Jaro-Winkler similarity; without a login the local part of the mailbox stands
for it. Its terms sum to the score itself, which is taken for the confidence. Pairs are joined as they are: the rule has
nothing that keeps two people apart.
"""

import math

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import JaroWinkler

from ovia_shared.matching.activity import Activity
from ovia_shared.matching.names import read_name
from ovia_shared.matching.pairs import Pairs, find_pairs
from ovia_shared.matching.profile import as_handle
from ovia_shared.matching.table import Table
from ovia_shared.matching.words import shown
from ovia_shared.models.decision import MatchingSettings
from ovia_shared.models.identity import Account
from ovia_shared.models.rule_trace import RuleTrace

VERSION = "published-1"
EMAIL, USERNAME, DISPLAY_NAME, TEAM, NO_SERVICE_ACCOUNT = 0.40, 0.20, 0.20, 0.10, 0.10
SETTINGS = MatchingSettings(auto=0.85, conflict=0.50, configuration="published")
_CERTAIN = 1 - 1e-9


def score(one: Account, other: Account, *, same_team: bool = False) -> list[RuleTrace]:
    """The terms for two accounts, neither of them a service account."""
    mails = [(account.email or "").strip().lower() for account in (one, other)]
    logins = [as_handle(_login(account)) for account in (one, other)]
    names = ["".join(sorted(read_name(account.display_name).plain)) for account in (one, other)]
    terms = [RuleTrace("not_a_service_account", "neither is a service account", NO_SERVICE_ACCOUNT, NO_SERVICE_ACCOUNT)]
    if mails[0] and mails[0] == mails[1]:
        terms.append(RuleTrace("exact_email", f"both write from {mails[0]}", EMAIL, EMAIL))
    for rule, values, weight in (("username", logins, USERNAME), ("display_name", names, DISPLAY_NAME)):
        if all(values) and (alike := JaroWinkler.similarity(*values)):
            told = f"{rule.replace('_', ' ')}s are {alike:.0%} alike: {shown(one)} and {shown(other)}"
            terms.append(RuleTrace(rule, told, weight, round(weight * alike, 4)))
    if same_team:
        terms.append(RuleTrace("team", "both are active in the same team or project", TEAM, TEAM))
    return terms


class PublishedScores:
    """Candidate pairs with the published score, in the place of `scoring.Scores`."""

    def __init__(self, table: Table, activity: Activity) -> None:
        self.table = table
        self.pairs: Pairs = find_pairs(table)
        self._activity = activity
        values = (
            self._total(*self._pair(pair))
            for pair in zip(self.pairs.left.tolist(), self.pairs.right.tolist(), strict=True)
        )
        self.log_odds: NDArray[np.float32] = np.fromiter(values, np.float32, len(self.pairs))

    def of_equals(self, node: int) -> float:
        """As of a pair, for two accounts of one node."""
        account = self._first(node)
        return self._total(account, account)

    def trace(self, pair: int, one: Account, other: Account) -> list[RuleTrace]:  # noqa: ARG002 (as `Scores`)
        """The terms for two accounts of a pair."""
        return score(one, other, same_team=self._together(one, other))

    def trace_of_equals(self, node: int, one: Account, other: Account) -> list[RuleTrace]:  # noqa: ARG002
        """The terms for two accounts of one node."""
        return score(one, other, same_team=self._together(one, other))

    def _pair(self, nodes: tuple[int, int]) -> tuple[Account, Account]:
        return self._first(nodes[0]), self._first(nodes[1])

    def _first(self, node: int) -> Account:
        return self.table.accounts[self.table.accounts_of[node][0]]

    def _together(self, one: Account, other: Account) -> bool:
        places = self._activity.places
        return bool(places.get(one.id, frozenset()) & places.get(other.id, frozenset()))

    def _total(self, one: Account, other: Account) -> float:
        total = sum(term.contribution for term in score(one, other, same_team=self._together(one, other)))
        return math.log(min(total, _CERTAIN) / (1 - min(total, _CERTAIN)))


def _login(account: Account) -> str:
    return account.username or (account.email or "").rpartition("@")[0]
