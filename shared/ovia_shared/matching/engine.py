"""The matcher: accounts become people, each link with its reasons.

Pure: the same accounts give the same decisions in any order. What people decided is never overturned: accounts that
belong to somebody known stay there, two known people are never joined, and a refused pair is never proposed again.
"""

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from ovia_shared.matching import published
from ovia_shared.matching.activity import NONE, Activity
from ovia_shared.matching.clusters import Edges, Groups, join_best_first
from ovia_shared.matching.naming import best_email, best_name
from ovia_shared.matching.outcome import AnyScores, Outcome
from ovia_shared.matching.published import PublishedScores
from ovia_shared.matching.scoring import Scores
from ovia_shared.matching.table import KeyCounts, Table
from ovia_shared.matching.weights import Weights, learned
from ovia_shared.models.decision import Decisions, Link, MatchingSettings, NewPerson
from ovia_shared.models.identity import Account

DEFAULT = MatchingSettings()


class Constraints(msgspec.Struct, frozen=True):
    """What reviewers refused: (identity, person) pairs that are never proposed."""

    rejected: frozenset[tuple[UUID, UUID]] = frozenset()


class Compared(NamedTuple):
    """Accounts side by side: the table, the candidate pairs with their scores, and the version of what scored them."""

    table: Table
    scores: AnyScores
    version: str


def match(
    accounts: Collection[Account],
    constraints: Constraints = Constraints(),  # noqa: B008 (frozen)
    settings: MatchingSettings = DEFAULT,
    activity: Activity = NONE,
    weights: Weights | None = None,
    counts: KeyCounts | None = None,
) -> Decisions:
    """Decides for each account without a `person_id` whose it is.

    `counts` are given where `accounts` are a part of an organisation's, so that a common name weighs as little as it
    would among all.

    Accounts with a `person_id` are known and get no link. An account that neither has a full name, nor a mailbox or
    login of its own, nor resembles one that has, stays an orphan.
    """
    compared = compare(accounts, settings, activity, weights, counts)
    table, scores, ordered = compared.table, compared.scores, compared.table.accounts
    persons = sorted({account.person_id for account in ordered if account.person_id is not None})
    groups = _known_groups(table, ordered, persons, constraints)
    auto, conflict = _logit(settings.auto), _logit(settings.conflict)
    guarded = not isinstance(scores, PublishedScores)
    left_out = join_best_first(groups, _edges(scores, conflict), auto, guarded=guarded)
    outcome = Outcome(table, scores, groups, left_out, conflict)
    return Decisions(compared.version, *_decide(table, groups, outcome, persons), outcome.explain)


def compare(
    accounts: Collection[Account],
    settings: MatchingSettings = DEFAULT,
    activity: Activity = NONE,
    weights: Weights | None = None,
    counts: KeyCounts | None = None,
) -> Compared:
    """The first half of `match`: every candidate pair with its score."""
    # By what they say, not by id: the same accounts under other ids are matched alike.
    ordered = sorted(accounts, key=_content)
    if settings.configuration == published.SETTINGS.configuration:
        # The published rule knows no shared mailboxes, and nothing that keeps two people apart.
        table = Table(ordered, counts, find_shared=False)
        return Compared(table, PublishedScores(table, activity), published.VERSION)
    table = Table(ordered, counts)
    weights = weights or learned()
    return Compared(table, Scores(table, activity, weights), weights.version)


def _content(account: Account) -> tuple[str, str, str, str, int]:
    return (
        account.display_name or "",
        account.email or "",
        account.username or "",
        account.source,
        account.id.int,
    )


def _edges(scores: AnyScores, at_least: float) -> Edges:
    pairs, odds = scores.pairs, scores.log_odds
    chosen = (odds >= at_least).nonzero()[0]
    return Edges(pairs.left[chosen], pairs.right[chosen], odds[chosen], chosen)


def _known_groups(
    table: Table, accounts: Sequence[Account], persons: Sequence[UUID], constraints: Constraints
) -> Groups:
    number = {person: place for place, person in enumerate(persons)}
    refused: dict[UUID, set[int]] = {}
    for identity, person in constraints.rejected:
        if person in number:
            refused.setdefault(identity, set()).add(number[person])
    known: dict[int, int] = {}
    first_of: dict[int, int] = {}
    refusing: dict[int, set[int]] = {}
    same: list[tuple[int, int]] = []
    for node, positions in enumerate(table.accounts_of):
        for position in positions:
            account = accounts[position]
            if account.person_id is not None:
                place = number[account.person_id]
                # Two people may share what they say; the node then goes with the first, and neither loses an account.
                if known.setdefault(node, place) == place:
                    same.append((first_of.setdefault(place, node), node))
            elif account.id in refused:
                refusing.setdefault(node, set()).update(refused[account.id])
    groups = Groups(table.names, known, refusing)
    for one, other in same:
        groups.join(one, other)
    return groups


def _decide(
    table: Table, groups: Groups, outcome: Outcome, persons: Sequence[UUID]
) -> tuple[tuple[NewPerson, ...], tuple[tuple[UUID, Link], ...]]:
    members: dict[int, list[int]] = {}
    for node, root in enumerate(outcome.roots.tolist()):
        members.setdefault(root, []).append(node)
    people: list[NewPerson] = []
    links: list[tuple[UUID, Link]] = []
    for root, nodes in members.items():
        if root in outcome.contested:
            continue
        person = groups.person.get(root)
        new = outcome.certain_links(nodes) + [
            link for waiting in outcome.waiting_for.get(root, ()) for link in outcome.contested_links(members[waiting])
        ]
        if person is not None:
            links.extend((persons[person], link) for link in new)
            continue
        mine = [table.accounts[position] for node in nodes for position in table.accounts_of[node]]
        if outcome.recognisable(root):
            people.append(NewPerson(best_name(mine), best_email(mine), tuple(new)))
    return tuple(people), tuple(links)


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability)) if 0 < probability < 1 else math.inf * (probability - 0.5)
