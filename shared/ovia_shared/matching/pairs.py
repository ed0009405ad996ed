"""Pairs of accounts worth comparing: those that share a key that few have. All pairs are never looked at."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from ovia_shared.matching.profile import Key
from ovia_shared.matching.table import Table

# A block larger than this is not paired one by one: each account in it meets its neighbours only.
ALL_PAIRS_UP_TO = 24
NEIGHBOURS = 6
# A word or a domain that more accounts have says nothing about who somebody is.
RARE_WORD = 4
RARE_DOMAIN = 8
WIDEST_BLOCK = {Key.LAST_INITIAL: 40, Key.DOMAIN: RARE_DOMAIN, Key.WORD: RARE_WORD}


class Pairs(msgspec.Struct, frozen=True):
    """Candidate pairs: nodes `left` < `right`, the kinds of key they share as bits, and how many nodes have the
    rarest name and the rarest login they share."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    bits: NDArray[np.int32]
    name_block: NDArray[np.int64]
    handle_block: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.left)


_NAME_KINDS = (Key.NAME, Key.LAST_INITIAL)
_NAME_FORMS = (Key.NAME_AS_HANDLE, Key.SHORT_FORM)
_HANDLE_KINDS = (Key.HANDLE, *_NAME_FORMS, Key.LOGIN_STEM, Key.STEM_IS_NAME)
_NO_BLOCK = np.iinfo(np.int64).max


def find_pairs(table: Table) -> Pairs:
    """Every pair of nodes that shares a key, once."""
    usable = ~np.isin(table.hashes, table.shared)
    hashes, nodes, kinds = table.hashes[usable], table.nodes[usable], table.kinds[usable]
    if not len(hashes):
        empty = np.zeros(0, np.int64)
        return Pairs(empty, empty, empty.astype(np.int32), empty, empty)
    starts = np.flatnonzero(np.r_[True, hashes[1:] != hashes[:-1]])
    sizes = np.diff(np.r_[starts, len(hashes)])
    size_of = np.repeat(table.block_sizes(hashes[starts], sizes), sizes)
    lefts, rights = _positions(starts, sizes)
    bits, valid = _shared_kinds(kinds[lefts], kinds[rights])
    valid &= nodes[lefts] != nodes[rights]
    for kind, widest in WIDEST_BLOCK.items():
        valid &= ~((bits == 1 << kind) & (size_of[lefts] > widest))
    lefts, rights, bits = lefts[valid], rights[valid], bits[valid]
    return _merge(nodes[lefts].astype(np.int64), nodes[rights].astype(np.int64), bits, size_of[lefts], len(table))


def _positions(starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of the two members of every pair within a block; in large blocks, of near neighbours only."""
    lefts, rights = [], []
    for size in np.unique(sizes[(sizes > 1) & (sizes <= ALL_PAIRS_UP_TO)]).tolist():
        first, second = np.triu_indices(size, 1)
        here = starts[sizes == size][:, None]
        lefts.append((here + first).ravel())
        rights.append((here + second).ravel())
    for start, size in zip(
        starts[sizes > ALL_PAIRS_UP_TO].tolist(), sizes[sizes > ALL_PAIRS_UP_TO].tolist(), strict=True
    ):
        for step in range(1, NEIGHBOURS + 1):
            first = np.arange(start, start + size - step)
            lefts.append(first)
            rights.append(first + step)
    if not lefts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(lefts), np.concatenate(rights)


def _shared_kinds(one: NDArray[np.int8], other: NDArray[np.int8]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    # A login meets logins and forms of names; two names that make the same login meet through the name itself.
    weaker = np.maximum(one, other).astype(np.int32)
    numbered = (weaker == Key.LOGIN_STEM) & (np.minimum(one, other) == Key.NAME_AS_HANDLE)
    weaker[numbered] = Key.STEM_IS_NAME
    valid = ~(np.isin(one, _NAME_FORMS) & np.isin(other, _NAME_FORMS))
    return np.left_shift(np.int32(1), weaker), valid


def _merge(
    one: NDArray[np.int64], other: NDArray[np.int64], bits: NDArray[np.int32], size: NDArray[np.int64], count: int
) -> Pairs:
    left, right = np.minimum(one, other), np.maximum(one, other)
    order = np.argsort(left * count + right, kind="stable")
    left, right, bits, size = left[order], right[order], bits[order], size[order]
    if not len(left):
        return Pairs(left, right, bits, size, size)
    first = np.flatnonzero(np.r_[True, (left[1:] != left[:-1]) | (right[1:] != right[:-1])])
    names = sum(1 << kind for kind in _NAME_KINDS)
    handles = sum(1 << kind for kind in _HANDLE_KINDS)
    name_block = np.minimum.reduceat(np.where(bits & names, size, _NO_BLOCK), first)
    handle_block = np.minimum.reduceat(np.where(bits & handles, size, _NO_BLOCK), first)
    return Pairs(
        left[first],
        right[first],
        np.bitwise_or.reduceat(bits, first).astype(np.int32),
        np.where(name_block == _NO_BLOCK, 0, name_block),
        np.where(handle_block == _NO_BLOCK, 0, handle_block),
    )
