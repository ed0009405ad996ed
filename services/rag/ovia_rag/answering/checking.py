"""Whether what a sentence states is in what it cites: every number, date and name of it, and every address.

Pure. What it cannot see: a "not" too many, or names and numbers of a citation that are put together wrongly. So it is
the last of the checks of what a model writes, and never a reason to show what nobody cited.
"""

import re
from collections.abc import Iterable, Sequence

from ovia_rag.answering import figures, naming
from ovia_rag.answering.figures import Figure

# So many words in a row of our own instructions are no coincidence.
REPEATED = 7

# Bounded, and only from where a word begins: long texts of letters would be gone over for each of them.
_ADDRESS = re.compile(
    r"(?<![\w.+\-])(?:(?:[a-z][a-z0-9+.\-]{0,20}://|www\.)[^\s<>\"'»”)\]]+|[\w.+\-]{1,64}@[\w\-]+(?:\.[\w\-]+)+)",
    re.IGNORECASE,
)
_JOINED_BEFORE, _JOINED_AFTER = re.compile(r"\w[.,:\-/]?$|[#!@/]$"), re.compile(r"[.,:\-/_]?\w")
_WORD = re.compile(r"\w+")


def supported(sentence: str, excerpts: Sequence[str], values: Sequence[float]) -> bool:
    """Whether everything in the sentence that can be checked is in one of the excerpts or among the values.

    Values may be told rounded and, if they are shares, in percent; numbers of excerpts as they stand there, in any
    usual writing. A sentence in which there is nothing to check is supported by whatever it cites, but not by nothing.
    """
    if not sentence.strip() or not (any(one.strip() for one in excerpts) or values):
        return False
    if any(_is_quoted(sentence, one) for one in excerpts):
        return True
    said = "\n".join(excerpts)
    folded = said.casefold()
    left = sentence
    for address in _ADDRESS.findall(sentence):
        exactly = rf"(?<![\w.]){re.escape(address.rstrip('.,;:!?').casefold())}(?![\w/\-])"
        if re.search(exactly, folded) is None:
            return False
        left = left.replace(address, " ")
    found, evidence = figures.read(left), figures.read(said, every=True)
    if not all(day.agrees_with_one_of(evidence.days) for day in found.days):
        return False
    if not all(_is_there(one, evidence.numbers, values) for one in found.numbers):
        return False
    return naming.names(found.rest) <= _known(naming.words(said), found.rest)


def repeats(sentence: str, instructions: Iterable[str]) -> bool:
    """Whether the sentence gives away what a model was told by us: seven words in a row of it."""
    told = _WORD.findall(sentence.casefold())
    runs = {tuple(told[at : at + REPEATED]) for at in range(len(told) - REPEATED + 1)}
    for one in instructions:
        words = _WORD.findall(one.casefold())
        if any(tuple(words[at : at + REPEATED]) in runs for at in range(len(words) - REPEATED + 1)):
            return True
    return False


def _is_quoted(sentence: str, excerpt: str) -> bool:
    """Whether the whole sentence stands there, and not as a part of a longer word or number."""
    words, there = " ".join(sentence.split()), " ".join(excerpt.split())
    at = there.find(words)
    if at < 0:
        return False
    before, after = there[max(at - 2, 0) : at], there[at + len(words) :]
    return _JOINED_BEFORE.search(before) is None and _JOINED_AFTER.match(after) is None


def _is_there(said: Figure, stated: Sequence[Figure], values: Sequence[float]) -> bool:
    return any(said.is_same(one) for one in stated) or any(said.tells(value) for value in values)


def _known(words: frozenset[str], text: str) -> frozenset[str]:
    return words | naming.common(text)
