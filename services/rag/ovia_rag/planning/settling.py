"""Names that may stand for several things: what else the question says settles them, or it is asked back."""

from collections.abc import Callable, Sequence

from rapidfuzz import fuzz, process

from ovia_rag.planning.lexicon import lexicon
from ovia_rag.planning.resolving import Found, Run, hint, hinted, led
from ovia_rag.planning.saying import Sayings
from ovia_rag.planning.text import Word, name_key
from ovia_rag.planning.vocabulary import Vocabulary
from ovia_shared.models.ask import Ambiguity, Candidate, Mention, MentionKind

MOST_CANDIDATES = 8
# So much like a name (0 to 100) is worth asking whether it was meant.
NEARLY = 60
_KINDS = ("project", "repository", "space")


def settle(
    question: str, words: Sequence[Word], found: Sequence[Found], vocabulary: Vocabulary, sayings: Sayings
) -> tuple[list[Mention], list[Ambiguity]]:
    """Each name as what it stands for, or as what it may."""
    settled: list[tuple[Found, Run]] = []
    doubtful: list[tuple[Found, list[Run]]] = []
    for one in found:
        left = _by_words(question, words, one, sayings)
        if len(left) == 1:
            settled.append((one, left[0]))
        else:
            doubtful.append((one, left))
    ambiguities = []
    for one, runs in doubtful:
        left = _by_others(runs, [run for _, run in settled], vocabulary)
        if len(left) == 1:
            settled.append((one, left[0]))
        else:
            told = [run.entry.candidate(run.score, telling=True) for run in left[:MOST_CANDIDATES]]
            ambiguities.append(Ambiguity(text=_text(question, words, one.first, one.last), candidates=told))
    settled.sort(key=lambda pair: pair[0].first)
    return [_mention(question, words, one, run, sayings) for one, run in settled], ambiguities


def nearest(text: str, vocabulary: Vocabulary, kind: MentionKind | None) -> list[Candidate]:
    """What is called nearly so, for a name that nothing has."""
    entries = [one for one in vocabulary.entries if kind is None or one.kind is kind]
    labels = {number: " ".join(one.names[0]) for number, one in enumerate(entries) if one.names}
    wanted = " ".join(name_key(word) for word in text.split())
    alike = process.extract(wanted, labels, scorer=fuzz.WRatio, score_cutoff=NEARLY, limit=3)
    return [entries[number].candidate(score / 100, telling=True) for _, score, number in alike]


def unknown_names(question: str, words: Sequence[Word], gone: frozenset[int]) -> list[tuple[str, MentionKind | None]]:
    """Words that are written and placed as names are, and that nothing has; with what the noun before says they are."""
    found: list[tuple[str, MentionKind | None]] = []
    number = 1
    while number < len(words):
        last = number
        while last < len(words) and _like_a_name(words[last], last, gone):
            last += 1
        said = hint(words, number - 1) if number - 1 not in gone else None
        if last > number and (said is not None or led(words, number, "of_names")):
            found.append((_text(question, words, number, last), said))
        number = max(last, number + 1)
    return found


def _like_a_name(word: Word, number: int, gone: frozenset[int]) -> bool:
    known = word.forms & lexicon().words
    return number not in gone and word.capital and not known and not word.text.isdigit() and not word.text.isupper()


def _by_words(question: str, words: Sequence[Word], found: Found, sayings: Sayings) -> list[Run]:
    runs = list(found.runs)
    said = hinted(words, found.first, found.last)
    runs = [run for run in runs if run.entry.kind is said] or runs
    kinds = {run.entry.kind for run in runs}
    text = _text(question, words, found.first, found.last)
    if kinds == {MentionKind.PRODUCT, MentionKind.PROJECT}:
        sayings.say("product_first", text=text)
        return _only(runs, lambda run: run.entry.kind is MentionKind.PRODUCT)
    if kinds == {MentionKind.PROJECT}:
        first = min((_KINDS.index(run.entry.sort) for run in runs if run.entry.sort in _KINDS), default=0)
        return _only(runs, lambda run: run.entry.sort == _KINDS[first])
    if kinds == {MentionKind.RELEASE}:
        return _only(runs, lambda run: run.entry.sort == "version")
    return runs


def _by_others(runs: Sequence[Run], settled: Sequence[Run], vocabulary: Vocabulary) -> list[Run]:
    projects = {one for run in settled for one in vocabulary.projects_of(run.entry.kind, run.entry.id)}
    teams = {run.entry.id for run in settled if run.entry.kind is MentionKind.TEAM}
    return _only(runs, lambda run: bool(run.entry.within & (projects | teams)))


def _only(runs: Sequence[Run], fits: Callable[[Run], bool]) -> list[Run]:
    return [run for run in runs if fits(run)] or list(runs)


def _mention(question: str, words: Sequence[Word], found: Found, run: Run, sayings: Sayings) -> Mention:
    text = _text(question, words, found.first, found.last)
    if run.score < 1:
        sayings.say("taken", text=text, label=run.entry.label)
    elif len(found.runs) > 1 and run.entry.kind is not MentionKind.PRODUCT:
        sayings.say("one_of_a_name", text=text, label=run.entry.candidate(1, telling=True).label)
    start, end = words[found.first].start, words[found.last - 1].end
    return Mention(text=text, start=start, end=end, meant=run.entry.candidate(run.score))


def _text(question: str, words: Sequence[Word], first: int, last: int) -> str:
    return question[words[first].start : words[last - 1].end]
