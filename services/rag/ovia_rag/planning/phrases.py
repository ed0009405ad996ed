"""Phrases that mean something, and where a question has them.

A phrase is words that stand close together, in whatever order and inflection. `a|b` is either of two words, `@name` any
of a concept's, `=word` only the word itself, as others may have its stem.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ovia_rag.planning.text import Word, forms, lowered

# So many words that a phrase does not have may stand between those it has; small words do not count.
WIDEST_GAP = 2

Alternatives = frozenset[str]


class Unit(msgspec.Struct, frozen=True):
    """Words of a question that mean one thing: from the word `first` to before `last`, by number."""

    first: int
    last: int
    forms: frozenset[str]
    small: bool


class Phrase(msgspec.Struct, frozen=True):
    """What is meant by words that all have to be there."""

    meaning: str
    words: tuple[Alternatives, ...]


class Hit(msgspec.Struct, frozen=True):
    """A phrase that a question has, in these units."""

    meaning: str
    units: frozenset[int]


class Concepts:
    """Words of one meaning. Those of several words are taken before shorter ones."""

    def __init__(self, written: Mapping[str, Sequence[str]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[Alternatives, ...], str]]] = {}
        for name, spellings in written.items():
            for spelling in spellings:
                words = tuple(forms(word) for word in spelling.split())
                for form in words[0]:
                    self._by_first.setdefault(form, []).append((words, f"@{name}"))
        for known in self._by_first.values():
            known.sort(key=lambda one: -len(one[0]))

    def at(self, words: Sequence[Alternatives], place: int) -> tuple[int, frozenset[str]]:
        """How many words from `place` on mean something together (at least one), and the concepts they are."""
        known = [one for form in words[place] for one in self._by_first.get(form, ())]
        known = [one for one in known if _fits(one[0], words, place)]
        longest = max((len(one[0]) for one in known), default=1)
        return longest, frozenset(concept for spelling, concept in known if len(spelling) == longest)


def units_of(words: Sequence[Word], concepts: Concepts, small: frozenset[str], gone: frozenset[int]) -> list[Unit]:
    """The words as units, without those whose number is in `gone`."""
    left = [number for number in range(len(words)) if number not in gone]
    given = [words[number].forms for number in left]
    found, place = [], 0
    while place < len(left):
        length, concept = concepts.at(given, place)
        numbers = left[place : place + length]
        one_word = given[place] if length == 1 else frozenset()
        found.append(Unit(numbers[0], numbers[-1] + 1, one_word | concept, not concept and bool(one_word & small)))
        place += length
    return found


def read_phrases(written: Mapping[str, Iterable[str]], concepts: Concepts) -> list[Phrase]:
    """Phrases by what they mean, as they are written in a file."""
    return [Phrase(meaning, _parsed(text, concepts)) for meaning, texts in written.items() for text in texts]


def hits(phrases: Sequence[Phrase], units: Sequence[Unit]) -> list[Hit]:
    """The phrases that are there, those of more words first, then those that stand closer together."""
    where: dict[str, list[int]] = {}
    for number, unit in enumerate(units):
        for form in unit.forms:
            where.setdefault(form, []).append(number)
    found = []
    for phrase in phrases:
        places = [sorted({number for form in word for number in where.get(form, ())}) for word in phrase.words]
        if all(places) and (taken := _close_together(places, units)) is not None:
            found.append(Hit(phrase.meaning, taken))
    return sorted(found, key=lambda one: (-len(one.units), max(one.units) - min(one.units)))


def _close_together(places: Sequence[Sequence[int]], units: Sequence[Unit]) -> frozenset[int] | None:
    for begin in places[0]:
        taken = {begin}
        for others in places[1:]:
            free = [number for number in others if number not in taken]
            if not free:
                break
            taken.add(min(free, key=lambda number: (abs(number - begin), number < begin)))
        if len(taken) == len(places):
            between = [number for number in range(min(taken), max(taken)) if number not in taken]
            if sum(not units[number].small for number in between) <= WIDEST_GAP:
                return frozenset(taken)
    return None


def _parsed(text: str, concepts: Concepts) -> tuple[Alternatives, ...]:
    written = text.split()
    plain = [forms(word) if "|" not in word and word[0] != "@" else frozenset([""]) for word in written]
    parsed, place = [], 0
    while place < len(written):
        length, concept = concepts.at(plain, place)
        if length > 1:
            parsed.append(concept)
        else:
            parsed.append(frozenset(form for one in written[place].split("|") for form in _alternative(one)))
        place += length
    return tuple(parsed)


def _alternative(word: str) -> frozenset[str]:
    if word[0] == "@":
        return frozenset([word])
    return frozenset([lowered(word[1:])]) if word[0] == "=" else forms(word)


def _fits(spelling: Sequence[Alternatives], words: Sequence[Alternatives], place: int) -> bool:
    there = words[place : place + len(spelling)]
    return len(there) == len(spelling) and all(one & other for one, other in zip(spelling, there, strict=True))
