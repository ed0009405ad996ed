"""A question as it was read: its words, names and times, found in the data of the organisation and on the calendar."""

import re
from collections.abc import Sequence

import msgspec

from ovia_rag.planning.calendar import FIELD, Clock
from ovia_rag.planning.dates import Sprints
from ovia_rag.planning.resolving import hint, names_in
from ovia_rag.planning.saying import Sayings, language_of
from ovia_rag.planning.settling import nearest, settle
from ovia_rag.planning.text import Word, words_of
from ovia_rag.planning.times import Time, times
from ovia_rag.planning.vocabulary import Vocabulary
from ovia_shared.errors import InvalidInput
from ovia_shared.models.ask import LONGEST_QUESTION, Ambiguity, Candidate, Language, Mention, MentionKind
from ovia_shared.models.kpi import Window

_KEY = re.compile(r"(?<![\w/-])[A-Za-z][A-Za-z0-9_]{1,30}-\d{1,9}(?![\w])")


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a question before it is decided what it wants.

    `gone` are the numbers of words that are names or times, `named` those of names. The noun of a sprint or release
    stays, as phrases have it too. `lost_keys` are keys of a project's work items that there are not, `items` those that
    there are, by how they were asked for.
    """

    question: str
    words: list[Word]
    language: Language
    mentions: list[Mention]
    ambiguities: list[Ambiguity]
    times: list[Time]
    gone: frozenset[int]
    named: frozenset[int]
    lost_keys: list[str]
    items: dict[str, str]
    clock: Clock
    vocabulary: Vocabulary
    sayings: Sayings

    def text_of(self, time: Time) -> str:
        """The words that say it."""
        return self.quoted((time.first, time.last))

    def quoted(self, words: tuple[int, int]) -> str:
        """These words, from … to before …, as they stand in the question."""
        return self.question[self.words[words[0]].start : self.words[words[1] - 1].end]

    def of(self, *kinds: MentionKind) -> list[Mention]:
        """Its names of these kinds."""
        return [one for one in self.mentions if one.meant.kind in kinds]


def must_be_question(question: str) -> str:
    """The question, if it can be one. Raises `InvalidInput`."""
    if "\x00" in question:
        raise InvalidInput("a question is text, without the character NUL", field=FIELD)
    if not question.strip():
        raise InvalidInput("ask something: the question is empty", field=FIELD)
    if len(question) > LONGEST_QUESTION:
        raise InvalidInput(
            f"a question is {LONGEST_QUESTION:,} characters at most; this one has {len(question):,}", field=FIELD
        )
    return question


def keys_in(question: str) -> list[str]:
    """What looks like keys of work items, in capitals."""
    return list(dict.fromkeys(one[0].upper() for one in _KEY.finditer(question)))


def read(question: str, items: dict[str, str], vocabulary: Vocabulary, clock: Clock) -> Reading:
    """Finds times, keys of work items (`items`: those that there are), and names. Raises `InvalidInput`."""
    words = words_of(question)
    if not words:
        raise InvalidInput("ask something: the question has no words", field=FIELD)
    # A name may look like a date (Sprint 2026-10); then it is the name.
    said = [one for one in times(question, words, clock) if not _in_a_name(words, one, vocabulary)]
    return _read(question, words, items, vocabulary, clock, said, frozenset())


def read_again(reading: Reading, names: Sequence[tuple[int, int]], time: tuple[int, int, Window] | None) -> Reading:
    """The same question, of which somebody says that these words are names, and that these are a time.

    Such names are believed as they are written, and asked back if nothing has them.
    """
    said = [*reading.times, *([Time(*time)] if time else [])]
    sure = frozenset(number for first, last in names for number in range(first, last))
    again = _read(
        reading.question, reading.words, reading.items, reading.vocabulary, reading.clock, said, sure
    )  # fmt: skip
    missed = [one for one in names if (again.named | again.gone).isdisjoint(range(*one))]
    unclear = [
        Ambiguity(text=text, candidates=nearest(text, again.vocabulary, None)) for text in map(again.quoted, missed)
    ]
    return msgspec.structs.replace(again, ambiguities=again.ambiguities + unclear)


def _read(
    question: str,
    words: list[Word],
    items: dict[str, str],
    vocabulary: Vocabulary,
    clock: Clock,
    said: Sequence[Time],
    sure: frozenset[int],
) -> Reading:
    keys = [(one.start(), one.end(), one[0]) for one in _KEY.finditer(question) if one[0].upper() in items]
    projects = {one.key for one in vocabulary.names.projects}
    lost = [one for one in _KEY.finditer(question) if one[0].upper() not in items and one[0].split("-")[0] in projects]
    of_keys = _numbers(words, [(start, end) for start, end, _ in keys] + [one.span() for one in lost])
    said = [one for one in said if of_keys.isdisjoint(range(one.first, one.last))]
    of_times = frozenset(number for one in said for number in range(one.first, one.last))
    found = names_in(words, vocabulary, of_times | of_keys, sure)
    of_names = frozenset(number for one in found for number in range(one.first, one.last)) | of_keys
    sayings = Sayings(language_of(words, of_names), clock.zone)
    mentions, ambiguities = settle(question, words, found, vocabulary, sayings)
    mentions += [_item(start, end, text, items[text.upper()]) for start, end, text in keys]
    kept = {one.last - 1 for one in said if isinstance(one.when, Sprints)}
    kept |= {number for number in of_names if hint(words, number) in (MentionKind.SPRINT, MentionKind.RELEASE)}
    return Reading(
        question=question, words=words, language=sayings.language, ambiguities=ambiguities, times=said, clock=clock,
        mentions=sorted(mentions, key=lambda one: one.start), gone=(of_times | of_names) - kept, named=of_names,
        lost_keys=[one[0] for one in lost], items=items, vocabulary=vocabulary, sayings=sayings,
    )  # fmt: skip


def _in_a_name(words: Sequence[Word], time: Time, vocabulary: Vocabulary) -> bool:
    """Whether the numbers of a date are part of a name that has more than them: Sprint 2026-10, v26.10.2026."""
    found = names_in(words, vocabulary, frozenset(), frozenset())
    wider = (one for one in found if one.first <= time.first and time.last <= one.last)
    return any(one.last - one.first > time.last - time.first and one.runs[0].score == 1 for one in wider)


def _numbers(words: Sequence[Word], spans: Sequence[tuple[int, int]]) -> frozenset[int]:
    return frozenset(
        number
        for number, word in enumerate(words)
        if any(start <= word.start and word.end <= end for start, end in spans)
    )


def _item(start: int, end: int, text: str, key: str) -> Mention:
    meant = Candidate(kind=MentionKind.WORK_ITEM, id=key, label=key, score=1.0)
    return Mention(text=text, start=start, end=end, meant=meant)
