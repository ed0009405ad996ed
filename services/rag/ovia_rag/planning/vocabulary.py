"""The names of an organisation, by their words, so that those in a question are found; kept for a short time."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

import msgspec

from ovia_rag.planning.text import name_key, name_keys, words_of
from ovia_shared.database.ask import vocabulary
from ovia_shared.database.ask.vocabulary import NamedProject, NamedRelease, NamedSprint, Names
from ovia_shared.database.pool import Connection
from ovia_shared.matching.names import read_name
from ovia_shared.models.ask import Candidate, MentionKind

# Accounts and whose they are change without the version of the vocabulary doing so.
KEPT_SECONDS = 60.0
MOST_KEPT = 32


class Entry(msgspec.Struct, frozen=True):
    """Something with names, each as words in the spelling of `name_key`. `exact` names count only as they are written.

    `number`s in `names` of sprints and releases tell one from another. `within` are ids of what it belongs to: the
    teams of a person, those above a team, the projects of a product, the project of a sprint or release. `detail` tells
    it from a namesake.
    """

    kind: MentionKind
    id: str
    label: str
    names: tuple[tuple[str, ...], ...]
    exact: frozenset[str] = frozenset()
    within: frozenset[str] = frozenset()
    detail: str = ""
    sort: str = ""

    def candidate(self, score: float, *, telling: bool = False) -> Candidate:
        """It, as what a name may stand for; `telling` it from others of its name."""
        label = f"{self.label} ({self.detail})" if telling and self.detail else self.label
        return Candidate(kind=self.kind, id=self.id, label=label, score=round(score, 3))


Place = tuple[int, int, int]


class Vocabulary:
    """All entries, and by each word of their names where it stands: entry, name, place in the name."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.entries = list(_entries(names))
        self.places: dict[str, list[Place]] = {}
        for number, entry in enumerate(self.entries):
            for which, name in enumerate(entry.names):
                for place, word in enumerate(name):
                    self.places.setdefault(word, []).append((number, which, place))
        self.words = list(self.places)
        given = (read_name(person.display_name).plain[:1] for person in names.people)
        # As they are spelt, for their short forms, and by their keys.
        self.given = {one[0]: key for one in given if one and (key := name_key(one[0])) in self.places}

    def entry(self, kind: MentionKind, entry_id: str) -> Entry | None:
        """One of a kind by its id."""
        return next((one for one in self.entries if one.kind is kind and one.id == entry_id), None)

    def projects_of(self, kind: MentionKind, entry_id: str) -> frozenset[str]:
        """Of a project, product, sprint or release: the projects that it is, is made of, or belongs to."""
        if kind is MentionKind.PROJECT:
            return frozenset([entry_id])
        found = self.entry(kind, entry_id) if kind is not MentionKind.TEAM else None
        return found.within if found is not None and kind is not MentionKind.PERSON else frozenset()


class Vocabularies:
    """Those of organisations asked about lately, each read again when its version has changed or it is too old."""

    def __init__(self, kept_seconds: float = KEPT_SECONDS) -> None:
        self._kept_seconds = kept_seconds
        self._kept: OrderedDict[UUID, tuple[str, float, Vocabulary]] = OrderedDict()

    async def get(self, conn: Connection, org_id: UUID) -> Vocabulary:
        """The organisation's, as of now."""
        version = await vocabulary.version(conn, org_id)
        kept = self._kept.get(org_id)
        now = time.monotonic()
        if kept is None or kept[0] != version or now - kept[1] > self._kept_seconds:
            names = await vocabulary.read(conn, org_id)
            # Ten thousand names take a second to read.
            kept = (version, now, await asyncio.to_thread(Vocabulary, names))
            self._kept[org_id] = kept
        self._kept.move_to_end(org_id)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return kept[2]


def _entries(names: Names) -> Iterator[Entry]:
    teams = {one.id: one.name for one in names.teams}
    for person in names.people:
        spelt = (read_name(one).plain for one in [person.display_name, *person.names])
        logins = (
            tuple(name_key(word.text) for word in words_of(one.split("@", maxsplit=1)[0])) for one in person.logins
        )
        whole = [tuple(name_key(word) for word in one) for one in spelt if len(one) > 1]
        yield Entry(
            MentionKind.PERSON, str(person.id), person.display_name,
            _distinct([*whole, _spelt(person.display_name), *(one for one in logins if len(one) > 1 or _long(one))]),
            within=frozenset(str(one) for one in person.teams),
            detail=", ".join(sorted(teams[one] for one in person.teams if one in teams)) or str(person.id)[:8],
        )  # fmt: skip
    above = {one.id: one.parent_id for one in names.teams}
    for team in names.teams:
        yield Entry(
            MentionKind.TEAM, str(team.id), team.name, _distinct([_spelt(team.name)]), within=_above(team.id, above),
            detail=team.parent or "",
        )  # fmt: skip
    for product in names.products:
        yield Entry(
            MentionKind.PRODUCT, str(product.id), product.name, _distinct([_spelt(product.name)]),
            within=frozenset(product.projects),
        )  # fmt: skip
    yield from map(_project, names.projects)
    projects = {one.id: one.key for one in names.projects}
    yield from (_sprint(one, projects) for one in names.sprints)
    yield from (_release(one, projects) for one in names.releases)


def _above(team: UUID, above: Mapping[UUID, UUID | None]) -> frozenset[str]:
    """The teams above it; the database sees to it that there is no circle."""
    found: set[str] = set()
    at = above.get(team)
    while at is not None and str(at) not in found:
        found.add(str(at))
        at = above.get(at)
    return frozenset(found)


def _project(project: NamedProject) -> Entry:
    path = _spelt(project.key.rsplit("/", 1)[-1]) if "/" in project.key else ()
    return Entry(
        MentionKind.PROJECT, project.id, project.name, _distinct([_spelt(project.name), _spelt(project.key), path]),
        exact=frozenset([project.key]) if "/" not in project.key else frozenset(),
        detail=f"{project.kind} {project.key}", sort=project.kind,
    )  # fmt: skip


def _sprint(sprint: NamedSprint, projects: dict[str, str]) -> Entry:
    return Entry(
        MentionKind.SPRINT, sprint.id, sprint.name, _distinct([_spelt(sprint.name)]),
        within=frozenset([sprint.project]) if sprint.project else frozenset(),
        detail=projects.get(sprint.project or "", sprint.board_name or ""), sort=sprint.state,
    )  # fmt: skip


def _release(release: NamedRelease, projects: dict[str, str]) -> Entry:
    return Entry(
        MentionKind.RELEASE, release.id, release.name, _distinct([_spelt(release.name), _spelt(release.tag or "")]),
        within=frozenset([release.project]),
        detail=f"{projects.get(release.project, '')} {release.kind}".strip(), sort=release.kind,
    )  # fmt: skip


def _spelt(text: str) -> tuple[str, ...]:
    # A version's "v4" is 4, as in questions; inflections are the question's business.
    spelt = (name_key(word.text) for word in words_of(text))
    return tuple(min(name_keys(one)) if one[:1] == "v" and one[1:].isdigit() else one for one in spelt if one)


def _long(name: tuple[str, ...]) -> bool:
    return bool(name) and len(name[0]) >= 5


def _distinct(names: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    return tuple(dict.fromkeys(name for name in names if name and all(name)))
