"""Texts that say the same, of which one is enough. Pure."""

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

SHINGLE = 4
# Of the runs of four words that either has, the share both have: at .8, 100 words differ in about three places.
SAME = 0.8
_WORD = re.compile(r"\w+")
One = TypeVar("One")


def shingles(text: str) -> frozenset[int]:
    """The runs of four words in a text, as hashes that hold within this process; the text is one if it has no more."""
    words = _WORD.findall(text.casefold())
    if len(words) < SHINGLE:
        return frozenset((hash(tuple(words)),))
    return frozenset(hash(tuple(words[start : start + SHINGLE])) for start in range(len(words) - SHINGLE + 1))


def alike(left: frozenset[int], right: frozenset[int]) -> float:
    """The share of shingles of either that both have."""
    # The smaller can at most be inside the larger: most pairs are told apart by their lengths.
    fewer, more = sorted((len(left), len(right)))
    if more == 0 or fewer < SAME * more:
        return 0.0
    common = len(left & right)
    return common / (len(left) + len(right) - common)


def collapse(ranked: Sequence[One], text_of: Callable[[One], str], most: int) -> list[One]:
    """The first `most` of a ranking that do not nearly repeat one before them."""
    kept: list[One] = []
    seen: list[frozenset[int]] = []
    for one in ranked:
        if len(kept) == most:
            break
        own = shingles(text_of(one))
        if all(alike(own, other) < SAME for other in seen):
            kept.append(one)
            seen.append(own)
    return kept
