"""Which texts are searched: what a question says they are of, and what the filters do. Both hold, or it is told."""

from collections.abc import Container
from uuid import UUID

import msgspec

from ovia_rag.planning.given import contains, given
from ovia_rag.planning.reading import Reading
from ovia_rag.planning.resolving import hinted, led
from ovia_rag.planning.understanding import Understanding
from ovia_shared.errors import InvalidInput
from ovia_shared.models.ask import Filters, Mention, MentionKind, Search, SourceKind
from ovia_shared.models.kpi import Window
from ovia_shared.models.product import ProjectKey

_ONE = {MentionKind.PRODUCT: "product", MentionKind.TEAM: "team", MentionKind.PERSON: "person"}


def search(reading: Reading, wanted: Understanding, filters: Filters) -> Search:
    """For passages alone. Raises `InvalidInput` for a time that has nothing in common with that of the filters."""
    found = narrowed(reading, filters, (MentionKind.PERSON,) if wanted.authored else ())
    found = msgspec.structs.replace(found, kinds=_kinds(reading, wanted.kinds, filters.kinds))
    said = [time.when.start for time in reading.times if isinstance(time.when, Window)]
    if said and min(said) < reading.clock.latest and (found.since is None or found.since < min(said)):
        if found.until is not None and found.until <= min(said):
            raise InvalidInput("nothing since the time that the question says is before until", field="filters.until")
        # What was written in a month may have been changed since, so its end narrows nothing.
        reading.sayings.say("since", window=Window(min(said), reading.clock.latest))
        found = msgspec.structs.replace(found, since=min(said))
    return Search(text=reading.question, filters=found, recent=wanted.recent)


def narrowed(reading: Reading, filters: Filters, always: Container[MentionKind] = ()) -> Filters:
    """The filters, and what the question says passages are of: "in project GLD", "by Anna".

    Names of the kinds `always` narrow however they are said.
    """
    found = filters
    for one in reading.mentions:
        if one.meant.kind in always or _is_said(reading, one):
            found = _with(reading, found, one, filters)
    return found


def _kinds(reading: Reading, said: list[SourceKind], given: list[SourceKind]) -> list[SourceKind]:
    if not said or not given:
        return said or given
    both = [one for one in given if one in said]
    if not both:
        reading.sayings.say("filter_kept", text=", ".join(said), label=", ".join(given))
    return both or given


def _is_said(reading: Reading, one: Mention) -> bool:
    first = next(number for number, word in enumerate(reading.words) if word.start == one.start)
    last = next(number for number, word in enumerate(reading.words, start=1) if word.end == one.end)
    # A word in small letters may be just that word, even if something has it for a name.
    written = last - first > 1 or one.text[0].isupper()
    return (written and led(reading.words, first, "of_names")) or hinted(reading.words, first, last) is not None


def _with(reading: Reading, found: Filters, one: Mention, filters: Filters) -> Filters:
    """Narrowed to this name too, unless the filters name another of its kind: those are kept, which is told."""
    kind, vocabulary = one.meant.kind, reading.vocabulary
    others = [other for other in given(vocabulary, filters) if other.kind is kind]
    if others and not any(contains(vocabulary, other, one.meant) for other in others):
        if not all(contains(vocabulary, one.meant, other) for other in others):
            reading.sayings.say("filter_kept", text=one.text, label=", ".join(other.label for other in others))
        return found
    if kind is MentionKind.PROJECT and (not found.projects or found.projects == filters.projects):
        connection, _, external_id = one.meant.id.partition(":")
        return msgspec.structs.replace(found, projects=[ProjectKey(UUID(connection), external_id)])
    name = _ONE.get(kind)
    if name is None or getattr(found, name) != getattr(filters, name):
        return found
    return msgspec.structs.replace(found, **{name: UUID(one.meant.id)})
