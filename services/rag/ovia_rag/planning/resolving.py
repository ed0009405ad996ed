"""Which words of a question are names, and of what."""

from collections.abc import Iterator, Sequence
from functools import cache

import msgspec
from anyascii import anyascii
from rapidfuzz import fuzz, process

from ovia_rag.planning.lexicon import lexicon, read_file
from ovia_rag.planning.text import Word, forms, name_keys
from ovia_rag.planning.vocabulary import Entry, Place, Vocabulary
from ovia_shared.matching.nicknames import are_nicknames
from ovia_shared.models.ask import MentionKind

# A word spelt this much like a word of a name (0 to 100) may be it; shorter words are alike by accident.
ALIKE = 82
SHORTEST_ALIKE = 5
NICKNAME = 0.9
PART_OF_NAME = 0.75
# Candidates whose scores are this close are not told apart.
CLOSE = 0.05
_TELLING_NUMBERS = (MentionKind.SPRINT, MentionKind.RELEASE)


class Run(msgspec.Struct, frozen=True):
    """Words from `first` to before `last` that are (a part of) a name of an entry, `matched` of them."""

    first: int
    last: int
    matched: int
    score: float
    entry: Entry


class Found(msgspec.Struct, frozen=True):
    """Words, and what they may stand for, the likeliest first: one thing, or several that are too close."""

    first: int
    last: int
    runs: tuple[Run, ...]


def names_in(words: Sequence[Word], vocabulary: Vocabulary, taken: frozenset[int], sure: frozenset[int]) -> list[Found]:
    """What the words are names of, in their order. Words `taken` mean something else, those `sure` are names."""
    there = _runs(words, vocabulary, taken, sure)
    runs = [run for run in there if run.first in sure or _believable(words, run)]
    runs.sort(key=lambda run: (-run.matched, -_ranked(words, run), run.first, run.entry.label, run.entry.id))
    used: set[int] = set()
    found: list[Found] = []
    for run in runs:
        if used.isdisjoint(range(run.first, run.last)):
            best = _ranked(words, run)
            same = [
                one
                for one in runs
                if (one.first, one.last, one.matched) == (run.first, run.last, run.matched)
                and _ranked(words, one) >= best - CLOSE
            ]
            found.append(
                Found(run.first, run.last, tuple({(one.entry.kind, one.entry.id): one for one in same}.values()))
            )
            used.update(range(run.first, run.last))
    return sorted(found, key=lambda one: one.first)


def hint(words: Sequence[Word], place: int) -> MentionKind | None:
    """What the noun there says that a name beside it is."""
    if not 0 <= place < len(words):
        return None
    return next((hints()[form] for form in sorted(words[place].forms) if form in hints()), None)


def hinted(words: Sequence[Word], first: int, last: int) -> MentionKind | None:
    """What the noun before a name, or after it, says that it is."""
    if (before := hint(words, first - 1)) is not None:
        return before
    return hint(words, last) if last < len(words) and not words[last].cyrillic else None


def led(words: Sequence[Word], place: int, group: str = "before_names") -> bool:
    """Whether a small word stands before that often stands before names."""
    return place > 0 and bool(words[place - 1].forms & _small(group))


@cache
def hints() -> dict[str, MentionKind]:
    """Nouns by the kind of name that follows them."""
    kinds = {one.value: one for one in MentionKind}
    return {
        form: kinds[name]
        for name, nouns in read_file("hints").items()
        if name in kinds
        for noun in nouns
        for form in forms(noun)
    }


@cache
def _small(group: str) -> frozenset[str]:
    return frozenset(form for word in read_file("hints")[group] for form in forms(word))


def _runs(words: Sequence[Word], vocabulary: Vocabulary, taken: frozenset[int], sure: frozenset[int]) -> Iterator[Run]:
    at = [
        {} if number in taken else _places(words, number, vocabulary, sure=number in sure)
        for number in range(len(words))
    ]
    by_name = [_by_name(places) for places in at]
    for first, known in enumerate(by_name):
        for key in known:
            yield _run(words, by_name, first, key, vocabulary)


def _by_name(places: dict[Place, float]) -> dict[tuple[int, int], dict[int, float]]:
    found: dict[tuple[int, int], dict[int, float]] = {}
    for (entry, name, where), score in places.items():
        found.setdefault((entry, name), {})[where] = score
    return found


def _run(
    words: Sequence[Word],
    at: Sequence[dict[tuple[int, int], dict[int, float]]],
    first: int,
    key: tuple[int, int],
    vocabulary: Vocabulary,
) -> Run:
    entry = vocabulary.entries[key[0]]
    name = entry.names[key[1]]
    person = entry.kind is MentionKind.PERSON
    matched: dict[int, float] = {}
    last = place = first
    while place < len(words):
        # People are called by their names in any order; 1.2 is not 2.1.
        here = [
            (score, where)
            for where, score in at[place].get(key, {}).items()
            if where not in matched and (person or where > max(matched, default=-1))
        ]
        if here:
            score, where = max(here, key=lambda one: (one[0], -one[1]))
            matched[where] = score
            last = place + 1
        elif not (person and place == last and words[place].capital and matched):
            # One word may stand between given and family name: a patronymic, an initial.
            break
        place += 1
    likeness = min(matched.values())
    whole = len(matched) == len(name)
    return Run(first, last, len(matched), likeness * (1.0 if whole else PART_OF_NAME), entry)


def _places(words: Sequence[Word], number: int, vocabulary: Vocabulary, *, sure: bool) -> dict[Place, float]:
    """Where the word stands in names, each with how surely it is that word."""
    word = words[number]
    found = {place: 1.0 for key in name_keys(word.text) for place in vocabulary.places.get(key, ())}
    marked = sure or word.capital or led(words, number) or hinted(words, number, number + 1) is not None
    if found or not marked or not word.text.isalpha() or word.lower in lexicon().words:
        return found
    keys = name_keys(word.text)
    spelt = anyascii(word.lower).lower()
    for given, given_key in vocabulary.given.items():
        if are_nicknames(spelt, given):
            found |= {place: NICKNAME for place in vocabulary.places[given_key] if place[2] == 0}
    if len(word.text) >= SHORTEST_ALIKE and not found:
        for key in keys:
            alike = process.extract(key, vocabulary.words, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=5)
            for known, ratio, _ in alike:
                if not known.isdigit():
                    found |= {place: max(found.get(place, 0), ratio / 100) for place in vocabulary.places[known]}
    return found


def _believable(words: Sequence[Word], run: Run) -> bool:
    there = words[run.first : run.last]
    whole = run.score > PART_OF_NAME
    said = hinted(words, run.first, run.last)
    if run.entry.kind in _TELLING_NUMBERS:
        return _numbers_agree(words, run, said)
    if run.matched > 1:
        return whole or run.entry.kind is not MentionKind.PROJECT
    word = there[0]
    if said is run.entry.kind:
        return whole or run.entry.kind is not MentionKind.PROJECT
    if run.entry.kind is MentionKind.PROJECT:
        written_so = word.text in run.entry.exact
        return written_so or (
            run.score == 1 and _stands_out(words, run.first) and (word.lower,) not in _keys_of(run.entry)
        )
    if run.entry.kind is MentionKind.PERSON or not whole:
        return (
            len(word.text) >= 3
            and _stands_out(words, run.first)
            and (word.capital or word.lower not in lexicon().words)
        )
    return _stands_out(words, run.first) or (word.lower not in lexicon().words and len(word.text) >= 4)


def _keys_of(entry: Entry) -> set[tuple[str]]:
    return {(one.lower(),) for one in entry.exact}


def _numbers_agree(words: Sequence[Word], run: Run, said: MentionKind | None) -> bool:
    """All numbers of a sprint's or release's name have to be said, and more than numbers."""
    spoken = {key for word in words[run.first : run.last] for key in name_keys(word.text)}
    names = [name for name in run.entry.names if spoken & set(name)]
    complete = any({one for one in name if one.isdigit()} <= spoken for name in names)
    if not complete:
        return False
    numbered = any(one.isdigit() for one in spoken)
    if run.score > PART_OF_NAME:
        dotted = run.matched > 1 or not numbered or words[run.first].lower[0] == "v"
        return said is run.entry.kind or dotted
    worded = any(hint(words, place) is run.entry.kind for place in range(run.first, run.last))
    return numbered and (said is run.entry.kind or worded or words[run.first].lower[0] == "v")


def _stands_out(words: Sequence[Word], place: int) -> bool:
    """Whether the word is written or placed as names are. The first word of a question is always written so."""
    word = words[place]
    if word.capital and place > 0:
        return True
    if word.lower in lexicon().words:
        return False
    return word.capital or led(words, place)


def _ranked(words: Sequence[Word], run: Run) -> float:
    """The score, more if the noun beside the name says that it is of that kind."""
    return run.score + (0.2 if hinted(words, run.first, run.last) is run.entry.kind else 0.0)
