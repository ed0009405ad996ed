"""A question as words, each in the forms under which it is looked up, whatever its inflection."""

import re
from functools import cache, lru_cache

import msgspec
import pymorphy3
import snowballstemmer
from anyascii import anyascii

from ovia_shared.matching.names import fold

# Words repeat from question to question, and the dictionary of Russian takes a fifth of a millisecond for one.
CACHED = 1 << 16
# A longer word is none that a dictionary has.
LONGEST_WORD = 50
# Readings of a word that are rarer than this are no use: they only make words alike that are not.
RAREST_READING = 0.03

_WORD = re.compile(r"[^\W_]+")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_VERSION = re.compile(r"v\d+", re.IGNORECASE)


class Word(msgspec.Struct, frozen=True):
    """A word of a question from the character `start` to before `end`. `forms` are what it may be an inflection of."""

    text: str
    start: int
    end: int
    forms: frozenset[str]

    @property
    def lower(self) -> str:
        """In lower case, with е for ё."""
        return lowered(self.text)

    @property
    def capital(self) -> bool:
        """Whether it is written as names are."""
        return self.text[0].isupper()

    @property
    def cyrillic(self) -> bool:
        """Whether it is of Russian letters."""
        return _CYRILLIC.search(self.text) is not None


def words_of(text: str) -> list[Word]:
    """Its words in order; what stands between them is left out."""
    return [Word(one[0], one.start(), one.end(), forms(one[0])) for one in _WORD.finditer(text)]


def lowered(word: str) -> str:
    """In lower case, with е for ё."""
    return word.lower().replace("ё", "е")


@lru_cache(CACHED)
def forms(word: str) -> frozenset[str]:
    """The word in lower case, and what it is a form of: by dictionary for Russian, by its stem for English."""
    lower = lowered(word)
    if len(lower) > LONGEST_WORD or not lower.isalpha():
        return frozenset([lower])
    if _CYRILLIC.search(lower):
        readings = (one for one in _russian().parse(lower) if one.score >= RAREST_READING)
        return frozenset([lower, *(lowered(one.normal_form) for one in readings)])
    return frozenset([lower, _stem(lower)])


@lru_cache(CACHED)
def name_keys(word: str) -> frozenset[str]:
    """What a word may be as a part of a name: in Latin letters, in the nominative, spelt as `matching.names` folds.

    A Russian surname keeps its gender, so that Щукиной is not Щукин.
    """
    lower = lowered(word)
    if len(lower) > LONGEST_WORD:
        return frozenset([lower])
    if _VERSION.fullmatch(lower):
        return frozenset([lower[1:]])
    spelt = [lower]
    if lower.isalpha() and _CYRILLIC.search(lower):
        spelt += _nominatives(lower)
    return frozenset(key for one in spelt if (key := name_key(one)))


def name_key(word: str) -> str:
    """A word of a name in Latin letters, without what spellings make different; empty for what has no letters."""
    spelt = re.sub(r"[^a-z0-9]+", "", anyascii(word).lower())
    # Numbers have one spelling: 100 is not 10.
    return fold(spelt) if spelt.isalpha() else spelt


def _nominatives(lower: str) -> list[str]:
    found = []
    for one in _russian().parse(lower):
        if one.score < RAREST_READING or not {"NOUN", "ADJF", "UNKN"} & one.tag.grammemes:
            continue
        nominative = one.inflect({"nomn", "sing"})
        found.append(lowered(nominative.word if nominative else one.normal_form))
    return found


@lru_cache(CACHED)
def _stem(lower: str) -> str:
    stem: str = _english().stemWord(lower)
    return stem


@cache
def _russian() -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer(lang="ru")


@cache
def _english() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("english")
