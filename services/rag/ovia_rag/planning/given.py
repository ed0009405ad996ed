"""What filters name beside a question: what holds of both, what cannot, and what is told of the rest."""

from collections.abc import Sequence

from ovia_rag.planning.reading import Reading
from ovia_rag.planning.vocabulary import Vocabulary
from ovia_shared.database.ask.vocabulary import NamedConnection
from ovia_shared.errors import InvalidInput
from ovia_shared.models.ask import Ambiguity, Candidate, Filters, Mention, MentionKind
from ovia_shared.models.kpi import Scope, Window

PLACES = (MentionKind.SPRINT, MentionKind.RELEASE, MentionKind.PROJECT, MentionKind.PRODUCT)
_OF_SOURCES = (MentionKind.SPRINT, MentionKind.RELEASE, MentionKind.PROJECT)


def given(vocabulary: Vocabulary, filters: Filters) -> list[Candidate]:
    """The people, teams, products and projects that filters name, as a question would."""
    ids = [
        *((MentionKind.PERSON, str(one)) for one in [filters.person] if one),
        *((MentionKind.TEAM, str(one)) for one in [filters.team] if one),
        *((MentionKind.PROJECT, f"{one.connection_id}:{one.external_id}") for one in filters.projects),
        *((MentionKind.PRODUCT, str(one)) for one in [filters.product] if one),
    ]
    return [_named(vocabulary, kind, wanted) for kind, wanted in dict.fromkeys(ids)]


def both(vocabulary: Vocabulary, filters: Filters) -> list[Candidate]:
    """What filters name, the projects only so far as the product has them. Raises `InvalidInput` if it has none."""
    found = given(vocabulary, filters)
    inside = _projects(vocabulary, [one for one in found if one.kind is MentionKind.PRODUCT])
    kept = [one for one in found if one.kind is not MentionKind.PROJECT or not inside or one.id in inside]
    if filters.projects and not any(one.kind is MentionKind.PROJECT for one in kept):
        raise InvalidInput("the product of the filters has none of their projects", field="filters.projects")
    return kept


def contradictions(reading: Reading, filters: Filters) -> list[Ambiguity]:
    """Names of the question that nothing can be of at once with what the filters name: which is meant is asked."""
    found = given(reading.vocabulary, filters)
    asked = []
    for one in reading.mentions:
        against = _against(reading.vocabulary, one, found)
        if against:
            labels = ", ".join(other.label for other in against)
            reading.sayings.say("contradiction", text=one.text, label=labels)
            asked.append(Ambiguity(text=one.text, candidates=[one.meant, *against]))
    return asked


def contains(vocabulary: Vocabulary, outer: Candidate, inner: Candidate) -> bool:
    """Whether all of the inner is of the outer: a team below it, a project of the product, a sprint of the project."""
    if outer == inner or (outer.kind, outer.id) == (inner.kind, inner.id):
        return True
    if outer.kind is MentionKind.TEAM:
        entry = vocabulary.entry(inner.kind, inner.id) if inner.kind is MentionKind.TEAM else None
        return entry is not None and outer.id in entry.within
    if inner.kind not in _OF_SOURCES or outer.kind not in (MentionKind.PROJECT, MentionKind.PRODUCT):
        return False
    projects = vocabulary.projects_of(inner.kind, inner.id)
    return bool(projects) and projects <= vocabulary.projects_of(outer.kind, outer.id)


def within(reading: Reading, filters: Filters, window: Window) -> Window:
    """What the filters let through of a time that the question says. Raises `InvalidInput` if there is nothing."""
    start = max(one for one in (window.start, filters.since) if one is not None)
    end = min(one for one in (window.end, filters.until) if one is not None)
    if start >= end:
        field = "filters.since" if start == filters.since else "filters.until"
        raise InvalidInput("nothing of the time that the question says is within since and until", field=field)
    found = Window(start, end)
    if found != window:
        reading.sayings.say("time_of_both", window=found)
    return found


def tell_texts_only(reading: Reading, filters: Filters, scopes: Sequence[Scope]) -> None:
    """That numbers and lists know nothing of kinds of texts, and of sources only so far as projects do."""
    told: list[str] = [*filters.kinds]
    if not scopes or not all(_of_these_sources(reading.vocabulary, filters, one) for one in scopes):
        names = {one.id: one.name for one in reading.vocabulary.names.connections}
        told += [*filters.systems, *(names.get(one, str(one)) for one in filters.connections)]
    if told:
        reading.sayings.say("texts_only", text=", ".join(told))


def tell_people(reading: Reading, filters: Filters) -> None:
    """That what is known of people is told whatever the filters say."""
    if filters != Filters():
        reading.sayings.say("people_unfiltered")


def _against(vocabulary: Vocabulary, one: Mention, found: Sequence[Candidate]) -> list[Candidate]:
    """What the filters name that has nothing in common with this name."""
    kind = one.meant.kind
    if kind in (MentionKind.PERSON, MentionKind.TEAM):
        same = [other for other in found if other.kind is kind]
        return [
            other
            for other in same
            if not contains(vocabulary, other, one.meant) and not contains(vocabulary, one.meant, other)
        ]
    if kind not in PLACES:
        return []
    own = vocabulary.projects_of(kind, one.meant.id)
    against = []
    for sort in (MentionKind.PROJECT, MentionKind.PRODUCT):
        there = [other for other in found if other.kind is sort]
        projects = _projects(vocabulary, there)
        # Of what has no projects nobody can say that it has none in common.
        if own and projects and not own & projects:
            against += there
    return against


def _projects(vocabulary: Vocabulary, wanted: Sequence[Candidate]) -> frozenset[str]:
    return frozenset(one for other in wanted for one in vocabulary.projects_of(other.kind, other.id))


def _named(vocabulary: Vocabulary, kind: MentionKind, wanted: str) -> Candidate:
    entry = vocabulary.entry(kind, wanted)
    if entry is not None:
        return entry.candidate(1.0)
    return Candidate(kind=kind, id=wanted, label=wanted, score=1.0)


def _connections(vocabulary: Vocabulary, filters: Filters) -> list[NamedConnection]:
    """Those that both filters let through."""
    return [
        one
        for one in vocabulary.names.connections
        if (not filters.systems or one.kind in filters.systems)
        and (not filters.connections or one.id in filters.connections)
    ]


def _of_these_sources(vocabulary: Vocabulary, filters: Filters, scope: Scope) -> bool:
    """Whether all that is of the scope was read where the filters say."""
    kind = MentionKind(scope.kind.value) if scope.id else None
    if kind not in PLACES:
        return False
    keys = vocabulary.projects_of(kind, scope.id) if kind is MentionKind.PRODUCT else frozenset([scope.id])
    read = {str(one.id) for one in _connections(vocabulary, filters)}
    return bool(keys) and {one.partition(":")[0] for one in keys} <= read
