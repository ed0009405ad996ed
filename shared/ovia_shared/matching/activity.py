"""What accounts did, as evidence: working on the same few things speaks for one person, being two at once against."""

from collections import Counter
from collections.abc import Mapping
from uuid import UUID

import msgspec
import numpy as np
from numpy.typing import NDArray

from ovia_shared.matching.pairs import Pairs
from ovia_shared.matching.table import Table

# Log-odds. Not learned: no labelled set says who did what. Small beside what names and mailboxes say.
TOGETHER = 1.0
AT_ONCE = -1.5


class Activity(msgspec.Struct, frozen=True):
    """`places` are the projects, spaces and repositories an account was active in, by any name. `at_once` are pairs
    of accounts of one source, the smaller id first, that were both active again and again within the same days."""

    places: Mapping[UUID, frozenset[str]] = {}
    at_once: frozenset[tuple[UUID, UUID]] = frozenset()


NONE = Activity()


def together(activity: Activity, table: Table, pairs: Pairs) -> NDArray[np.float32] | None:
    """Up to `TOGETHER` for pairs that were active in a place few are active in; None where nothing is known."""
    if not activity.places:
        return None
    found = np.zeros(len(pairs), np.float32)
    places = [_places(activity, table, node) for node in range(len(table))]
    people = Counter(place for known in places for place in known)
    widest = np.log(max(len(places), 2))
    for pair, (one, other) in enumerate(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)):
        if shared := places[one] & places[other]:
            rarest = min(people[place] for place in shared)
            found[pair] = TOGETHER * (1 - np.log(max(rarest, 1)) / widest)
    return found


def at_once(activity: Activity, table: Table, pairs: Pairs) -> NDArray[np.float32] | None:
    """`AT_ONCE` for pairs that did things at the same time, which one person rarely does under two accounts."""
    if not activity.at_once:
        return None
    found = np.zeros(len(pairs), np.float32)
    for pair, (one, other) in enumerate(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)):
        mine = [table.accounts[position].id for position in table.accounts_of[one]]
        theirs = [table.accounts[position].id for position in table.accounts_of[other]]
        if any((min(a, b), max(a, b)) in activity.at_once for a in mine for b in theirs):
            found[pair] = AT_ONCE
    return found


def _places(activity: Activity, table: Table, node: int) -> frozenset[str]:
    known = [activity.places.get(table.accounts[position].id) for position in table.accounts_of[node]]
    return frozenset().union(*(one for one in known if one))
