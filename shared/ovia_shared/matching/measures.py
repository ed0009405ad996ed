"""How good a matching is, beside accounts whose owners are known.

Only accounts with a known owner count: that nobody labelled an account does not say that it is nobody's. Clusters map
an account to whatever stands for its person; truth maps it to its owner, or to None.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import combinations
from typing import TypeVar

import msgspec

Id = TypeVar("Id", bound=Hashable)
BINS = 10


class Agreement(msgspec.Struct, frozen=True):
    """Precision, recall and their harmonic mean, each from 0 to 1; 1 where there was nothing to get wrong."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """2 · precision · recall / (precision + recall)."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


class Pairwise(msgspec.Struct, frozen=True):
    """Pairs of accounts: put together rightly (`right`), wrongly (`wrong`), and left apart wrongly (`missed`)."""

    right: int
    wrong: int
    missed: int

    @property
    def agreement(self) -> Agreement:
        """Precision and recall over pairs."""
        return Agreement(_share(self.right, self.right + self.wrong), _share(self.right, self.right + self.missed))


class Bin(msgspec.Struct, frozen=True):
    """Of `count` statements made with a confidence from `low` to `high`: their mean, and the share that was true."""

    low: float
    high: float
    count: int
    confidence: float
    true_share: float


class Calibration(msgspec.Struct, frozen=True):
    """The bins that hold something, and the expected calibration error: the mean of |confidence - share that was
    true| over bins, weighted by count (Naeini, Cooper, Hauskrecht 2015)."""

    bins: tuple[Bin, ...]
    error: float
    count: int


def pairwise(clusters: Mapping[Id, Hashable], truth: Mapping[Id, Hashable | None]) -> Pairwise:
    """Counts pairs without listing them. An account without a cluster is one by itself."""
    cells = Counter(_cells(clusters, truth))
    together = sum(map(_pairs, cells.values()))
    return Pairwise(
        right=together,
        wrong=sum(map(_pairs, _sums(cells, 0).values())) - together,
        missed=sum(map(_pairs, _sums(cells, 1).values())) - together,
    )


def b_cubed(clusters: Mapping[Id, Hashable], truth: Mapping[Id, Hashable | None]) -> Agreement:
    """B³ (Bagga and Baldwin 1998): for each account, the share of its cluster that is its owner's, and the share of
    its owner's accounts that are in its cluster; averaged over accounts, so large clusters do not drown small ones."""
    cells = Counter(_cells(clusters, truth))
    count = sum(cells.values())
    if not count:
        return Agreement(1.0, 1.0)
    in_cluster, of_owner = _sums(cells, 0), _sums(cells, 1)
    precision = sum(size * size / in_cluster[cluster] for (cluster, _), size in cells.items())
    recall = sum(size * size / of_owner[owner] for (_, owner), size in cells.items())
    return Agreement(precision / count, recall / count)


def calibration(statements: Iterable[tuple[float, bool]], bins: int = BINS) -> Calibration:
    """Beside what share of statements with a confidence (0 to 1) was true. Bins are equally wide; the last one holds
    1.0 too. Raises `ValueError` for a confidence outside."""
    sums = [[0, 0.0, 0] for _ in range(bins)]
    for confidence, true in statements:
        if not 0 <= confidence <= 1:
            raise ValueError(f"a confidence is from 0 to 1, not {confidence}")
        one = sums[min(int(confidence * bins), bins - 1)]
        one[0] += 1
        one[1] += confidence
        one[2] += true
    total = int(sum(count for count, _, _ in sums))
    found = tuple(
        Bin(place / bins, (place + 1) / bins, int(count), confidence / count, true / count)
        for place, (count, confidence, true) in enumerate(sums)
        if count
    )
    error = sum(one.count * abs(one.confidence - one.true_share) for one in found) / total if total else 0.0
    return Calibration(found, error, total)


def wrong_pairs(clusters: Mapping[Id, Hashable], truth: Mapping[Id, Hashable | None]) -> Iterator[tuple[Id, Id, bool]]:
    """Every pair that was put together wrongly (True) or left apart wrongly (False), in the order of `truth`."""
    labelled = [(one, owner) for one, owner in truth.items() if owner is not None]
    by_cluster: dict[Hashable, list[Id]] = defaultdict(list)
    by_owner: dict[Hashable, list[Id]] = defaultdict(list)
    for one, owner in labelled:
        by_cluster[_cluster(clusters, one)].append(one)
        by_owner[owner].append(one)
    for members in by_cluster.values():
        if len(members) > 1 and len({truth[one] for one in members}) > 1:
            yield from ((a, b, True) for a, b in combinations(members, 2) if truth[a] != truth[b])
    for members in by_owner.values():
        if len({_cluster(clusters, one) for one in members}) > 1:
            for a, b in combinations(members, 2):
                if _cluster(clusters, a) != _cluster(clusters, b):
                    yield a, b, False


class _Alone(msgspec.Struct, frozen=True):
    """The cluster of an account that nothing was joined to; equal to no cluster anybody names."""

    account: Hashable


def _cluster(clusters: Mapping[Id, Hashable], one: Id) -> Hashable:
    return clusters[one] if one in clusters else _Alone(one)


def _cells(clusters: Mapping[Id, Hashable], truth: Mapping[Id, Hashable | None]) -> Iterator[tuple[Hashable, Hashable]]:
    return ((_cluster(clusters, one), owner) for one, owner in truth.items() if owner is not None)


def _sums(cells: Counter[tuple[Hashable, Hashable]], side: int) -> Counter[Hashable]:
    sums: Counter[Hashable] = Counter()
    for cell, size in cells.items():
        sums[cell[side]] += size
    return sums


def _pairs(size: int) -> int:
    return size * (size - 1) // 2


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
