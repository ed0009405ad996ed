"""Whose numbers, and of which time: scopes and windows from the names and times of a question, or its filters."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec

from ovia_rag.planning.calendar import FIELD
from ovia_rag.planning.dates import Sprints
from ovia_rag.planning.given import both, contains, tell_texts_only, within
from ovia_rag.planning.reading import Reading
from ovia_rag.planning.times import Time, checked, default
from ovia_shared.database.ask.vocabulary import NamedSprint
from ovia_shared.errors import InvalidInput
from ovia_shared.kpis import windows
from ovia_shared.models.ask import Candidate, Filters, Mention, MentionKind
from ovia_shared.models.kpi import Scope, ScopeKind, Window

RELEASE_DAYS = 365
MOST_SPRINTS = 6
# The narrower first: a number is of one of them.
NARROW = (
    MentionKind.PERSON, MentionKind.SPRINT, MentionKind.RELEASE, MentionKind.TEAM, MentionKind.PROJECT,
    MentionKind.PRODUCT,
)  # fmt: skip
_BETWEEN = frozenset(
    ["and", "vs", "versus", "or", "with", "against", "to", "compared", "и", "или", "с", "со", "против", "чем", "than"]
    + ["team", "product", "project", "sprint", "release", "команда", "продукт", "проект", "спринт", "релиз", "the"]
)


class Target(msgspec.Struct, frozen=True):
    """A scope in a window. `exact`: the window was said, or is that of a sprint."""

    scope: Scope
    window: Window
    exact: bool


def targets(reading: Reading, filters: Filters, *, told: bool = True) -> list[Target]:
    """Each scope in each window that is asked about. `told`: what is assumed is told. Raises `InvalidInput`.

    What the question and the filters name holds together, or is told not to.
    """
    scopes = _scopes(reading, filters)
    tell_texts_only(reading, filters, scopes)
    sprints = [time for time in reading.times if isinstance(time.when, Sprints)]
    if sprints and isinstance(sprints[0].when, Sprints):
        each = _of_sprints(reading, scopes, sprints[0], sprints[0].when)
        return [msgspec.structs.replace(one, window=within(reading, filters, one.window)) for one in each]
    if told and not scopes:
        reading.sayings.say("whole")
    found = []
    for scope in scopes or [Scope(ScopeKind.ORGANISATION)]:
        found += [Target(scope, window, exact) for window, exact in _windows(reading, filters, scope, told=told)]
    return found


def scope_of(mention: Mention) -> Scope:
    """The scope that a name stands for."""
    return Scope(ScopeKind(mention.meant.kind.value), mention.meant.id)


def _scopes(reading: Reading, filters: Filters) -> list[Scope]:
    """Those of the narrowest kind that the question or the filters name."""
    named, asked = reading.of(*NARROW), both(reading.vocabulary, filters)
    if not named and asked:
        reading.sayings.say("filtered")
    if len(named) > 1 and _all_joined(reading, named):
        chosen = [one.meant for one in named]
    else:
        kinds = {one.meant.kind for one in named} | {one.kind for one in asked}
        kind = next((kind for kind in NARROW if kind in kinds), None)
        chosen = _narrowest(reading, [one for one in named if one.meant.kind is kind], asked, kind)
    chosen = list({(one.kind, one.id): one for one in chosen}.values())
    _tell_others(reading, named, asked, chosen)
    return [Scope(ScopeKind(one.kind.value), one.id) for one in chosen]


def _narrowest(
    reading: Reading, named: Sequence[Mention], asked: Sequence[Candidate], kind: MentionKind | None
) -> list[Candidate]:
    """Those of the kind that the question names, or what the filters name within them; else those of the filters."""
    found = []
    of_kind = [one for one in asked if one.kind is kind]
    for one in named:
        inside = [other for other in of_kind if contains(reading.vocabulary, one.meant, other)]
        found += inside or [one.meant]
    return found or of_kind


def _tell_others(
    reading: Reading, named: Sequence[Mention], asked: Sequence[Candidate], chosen: Sequence[Candidate]
) -> None:
    """What else is named, and does not hold of all that is counted."""
    labels = ", ".join(one.label for one in chosen)
    kept = {(one.kind, one.id) for one in chosen}
    for one in named:
        if (one.meant.kind, one.meant.id) in kept or all(contains(reading.vocabulary, one.meant, of) for of in chosen):
            continue
        if not _within(reading, chosen, one):
            reading.sayings.say("narrower", text=one.text, label=labels)
    for kind in dict.fromkeys(one.kind for one in asked):
        # Several projects of the filters are one or the other.
        group = [one for one in asked if one.kind is kind]
        if not all(any(contains(reading.vocabulary, other, one) for other in group) for one in chosen):
            text = ", ".join(one.label for one in group)
            reading.sayings.say("filter_apart", text=text, label=labels)


def _all_joined(reading: Reading, named: Sequence[Mention]) -> bool:
    """Whether nothing but small words stands between all the names: Thermal and Checkout, GLD vs team Wave."""
    return all(
        (between := [word for word in reading.words if one.end <= word.start and word.end <= other.start])
        and all(word.forms & _BETWEEN for word in between)
        for one, other in pairwise(named)
    )


def _within(reading: Reading, chosen: Sequence[Candidate], other: Mention) -> bool:
    """Whether the other name only says which one is meant: sprint 12 of GLD, Anna of team Thermal."""
    wider = reading.vocabulary.projects_of(other.meant.kind, other.meant.id) | {other.meant.id}
    entries = [reading.vocabulary.entry(one.kind, one.id) for one in chosen]
    return all(entry is not None and entry.within & wider for entry in entries)


def _windows(reading: Reading, filters: Filters, scope: Scope, *, told: bool) -> list[tuple[Window, bool]]:
    said = [_said(reading, time, time.when, told=told) for time in reading.times if isinstance(time.when, Window)]
    if said:
        return [(within(reading, filters, window), True) for window in dict.fromkeys(said)]
    clock = reading.clock
    if filters.since is not None or filters.until is not None:
        end = filters.until or clock.latest
        start = filters.since or windows.last_days(end, 30, clock.zone).start
        return [(checked(Window(start, end), clock), True)]
    if scope.kind is ScopeKind.SPRINT:
        sprint = next((one for one in reading.vocabulary.names.sprints if one.id == scope.id), None)
        return [(sprint_window(reading, sprint), True)] if sprint else [(default(clock), False)]
    if scope.kind is ScopeKind.RELEASE:
        window = windows.last_days(clock.latest, RELEASE_DAYS, clock.zone)
        reading.sayings.say("release_window", window=window)
        return [(window, True)]
    return [(default(clock), False)]


def _said(reading: Reading, time: Time, window: Window, *, told: bool) -> Window:
    found = checked(window, reading.clock)
    text = reading.text_of(time)
    if told and not time.started:
        reading.sayings.say("no_start", text=text, window=found)
    elif told and time.rolling:
        reading.sayings.say("rolling", text=text, window=found)
    elif told and found.end < window.end:
        reading.sayings.say("cut", window=found)
    return found


def sprint_window(reading: Reading, sprint: NamedSprint) -> Window:
    """From its start until it was closed, or now. Raises `InvalidInput` for one that has not begun."""
    if sprint.start_at is None:
        raise InvalidInput(f"the sprint {sprint.name} has not begun", field=FIELD)
    end = reading.clock.latest
    if sprint.completed_at is not None:
        # What happened as it was closed is in it; windows are of whole minutes.
        end = _minute(sprint.completed_at) + timedelta(minutes=1)
    return checked(Window(_minute(sprint.start_at), end), reading.clock)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _of_sprints(reading: Reading, scopes: Sequence[Scope], time: Time, wanted: Sprints) -> list[Target]:
    projects = {
        one for scope in scopes for one in reading.vocabulary.projects_of(MentionKind(scope.kind.value), scope.id)
    }
    sprints = _chosen(reading, wanted, projects)
    label = ", ".join(one.name for one in sprints)
    reading.sayings.say("sprints", text=reading.text_of(time), label=label)
    each = [(one, sprint_window(reading, one)) for one in sprints]
    apart = [scope for scope in scopes if scope.kind in (ScopeKind.PERSON, ScopeKind.TEAM)]
    if wanted.onwards or apart:
        end = reading.clock.latest if wanted.onwards else max(window.end for _, window in each)
        whole = checked(Window(min(window.start for _, window in each), end), reading.clock)
        if apart:
            reading.sayings.say("sprint_time", label=label, window=whole)
        return [Target(scope, whole, exact=True) for scope in scopes or [Scope(ScopeKind.ORGANISATION)]]
    return [Target(Scope(ScopeKind.SPRINT, one.id), window, exact=True) for one, window in each]


def _chosen(reading: Reading, wanted: Sprints, projects: set[str]) -> list[NamedSprint]:
    """Of each board the open sprint, or those closed last, or the one to come."""
    boards: dict[str, list[NamedSprint]] = {}
    for one in reading.vocabulary.names.sprints:
        if not projects or one.project in projects:
            boards.setdefault(one.board, []).append(one)
    found = []
    for sprints in boards.values():
        if wanted.which < 0:
            closed = [one for one in sprints if one.completed_at is not None and one.start_at is not None]
            found += sorted(closed, key=lambda one: (one.completed_at, one.id))[-wanted.number :]
        elif wanted.which == 0:
            found += [one for one in sprints if one.state == "active" and one.start_at is not None]
        else:
            raise InvalidInput("a sprint that is yet to come has no numbers", field=FIELD)
    if not found:
        state = "closed" if wanted.which < 0 else "open"
        raise InvalidInput(f"there is no {state} sprint of what the question names", field=FIELD)
    return sorted(found, key=lambda one: (one.start_at or reading.clock.now, one.id))[-MOST_SPRINTS:]
