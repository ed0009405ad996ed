"""How the names of candidate pairs relate, each distinct pair of names worked out once."""

import numpy as np
from numpy.typing import NDArray

from ovia_shared.matching.names import Name, Relation, relate
from ovia_shared.matching.pairs import Pairs
from ovia_shared.matching.table import Table


def relations(table: Table, pairs: Pairs) -> NDArray[np.int8]:
    """A `Relation` for each pair: the closest that any of their names, present or former, have."""
    number: dict[tuple[Name, ...], int] = {}
    names_of = np.fromiter((number.setdefault(names, len(number)) for names in table.names), np.int64, len(table))
    if not len(pairs):
        return np.zeros(0, np.int8)
    one, other = names_of[pairs.left], names_of[pairs.right]
    low, high = np.minimum(one, other), np.maximum(one, other)
    coded, places = np.unique(low * len(number) + high, return_inverse=True)
    known = list(number)
    found = np.fromiter(
        (_closest(known[code // len(number)], known[code % len(number)]) for code in coded.tolist()),
        np.int8,
        len(coded),
    )
    return found[places]


def _closest(ones: tuple[Name, ...], others: tuple[Name, ...]) -> int:
    if len(ones) == len(others) == 1:
        return relate(ones[0], others[0])
    return min((relate(one, other) for one in ones for other in others), key=_ORDER.__getitem__)


# From the closest relation to the farthest.
_ORDER = {
    relation: place
    for place, relation in enumerate(
        (
            Relation.EQUAL, Relation.JOINED, Relation.SUBSET, Relation.INITIALS, Relation.NICKNAME, Relation.TYPO,
            Relation.SAME_WORD, Relation.ONE_WORD, Relation.SAME_LAST, Relation.SAME_FIRST, Relation.OTHER_WORD,
            Relation.UNKNOWN, Relation.DISJOINT,
        )
    )
}  # fmt: skip
