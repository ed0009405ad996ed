"""A small organisation that questions are asked about, and plans told in one line for each thing they ask for."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from ovia_rag.planning.calendar import Clock
from ovia_rag.planning.planner import by_rules
from ovia_rag.planning.reading import must_be_question, read
from ovia_rag.planning.vocabulary import Vocabulary
from ovia_shared.database.ask.vocabulary import (
    NamedConnection,
    NamedPerson,
    NamedProduct,
    NamedProject,
    NamedRelease,
    NamedSprint,
    NamedTeam,
    Names,
)
from ovia_shared.models.ask import Filters, Plan
from ovia_shared.models.kpi import Scope, Window
from ovia_shared.models.token import Role

NOW = datetime(2026, 11, 27, 10, 30, 17, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
CLOCK = Clock(NOW, ZONE)
JIRA, GITLAB, CONFLUENCE = UUID(int=1), UUID(int=2), UUID(int=3)
ITEMS = {"GLD-12": "GLD-12", "OLD-7": "GLD-70"}


def team(number: int) -> UUID:
    return UUID(int=100 + number)


def person(number: int) -> UUID:
    return UUID(int=200 + number)


def product(number: int) -> UUID:
    return UUID(int=300 + number)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


_PEOPLE: tuple[tuple[str, list[str], list[int]], ...] = (
    ("Anna Löwenzahn", ["anna.loewenzahn"], [1]), ("Анна Щукина", ["anna.shchukina"], [2]), ("Илья Щукин", [], [2]),
    ("Александр Парамонов", ["sasha"], [3]), ("Ivan Petrov", ["ipetrov"], [1]), ("Lucía Ibáñez", ["lucia1"], [1]),
    ("Lucía Ibáñez", ["lucia2"], [2]), ("Jürgen Großkopf", [], [4]), ("Maja Ørnsted", ["mornsted"], []),
)  # fmt: skip
_OTHER_NAMES = {5: ["Иван Петров", "Ivan Petrov"], 1: ["Löwenzahn, Anna"]}
_TEAMS = ("Thermal", "Wave", "Checkout", "Platform Core")
_PROJECTS = (
    (JIRA, "1", "project", "GLD", "Glider Telemetry"), (JIRA, "2", "project", "SKY", "Sky Booking"),
    (GITLAB, "11", "repository", "fernweh/telemetry/apps/pilot-tablet", "Pilot tablet"),
    (GITLAB, "12", "repository", "fernweh/booking/services/payments", "Payments"),
    (CONFLUENCE, "21", "space", "TEL", "Glider Telemetry"),
)  # fmt: skip
_SPRINTS = (
    ("31", "GLD Sprint 10", "1", "closed", "2026-10-19T08:00", "2026-11-02T09:30:20"),
    ("41", "SKY Sprint 10", "2", "closed", "2026-10-20T08:00", "2026-11-03T09:00"),
    ("32", "GLD Sprint 11", "1", "closed", "2026-11-02T10:00", "2026-11-16T09:45"),
    ("42", "SKY Sprint 11", "2", "closed", "2026-11-03T10:00", "2026-11-17T09:15"),
    ("33", "GLD Sprint 12", "1", "active", "2026-11-16T10:00", None),
    ("43", "SKY Sprint 12", "2", "active", "2026-11-17T10:00", None),
)
_RELEASES = (
    (JIRA, "51", "version", "telemetry-1.5", None, "1", "2026-11-20T00:00"),
    (JIRA, "50", "version", "telemetry-1.4", None, "1", "2026-09-20T00:00"),
    (GITLAB, "62", "release", "Payments 4", "v4.0", "12", "2026-11-02T00:00"),
    (GITLAB, "61", "release", "Pilot tablet 4", "v4.0", "11", "2026-11-01T00:00"),
)  # fmt: skip


@cache
def names() -> Names:
    """What has names there, as the database tells it."""
    return Names(
        people=sorted(
            (
                NamedPerson(
                    person(number), name, sorted(_OTHER_NAMES.get(number, [])), logins, [team(one) for one in teams]
                )
                for number, (name, logins, teams) in enumerate(_PEOPLE, start=1)
            ),
            key=lambda one: (one.display_name, one.id),
        ),
        teams=sorted(
            (NamedTeam(team(number), name, None) for number, name in enumerate(_TEAMS, start=1)),
            key=lambda one: one.name,
        ),
        products=[
            NamedProduct(product(1), "Glider Telemetry", [f"{JIRA}:1", f"{GITLAB}:11", f"{CONFLUENCE}:21"]),
            NamedProduct(product(2), "Sky Booking", [f"{JIRA}:2", f"{GITLAB}:12"]),
        ],
        projects=sorted(
            (NamedProject(f"{source}:{one}", kind, key, name) for source, one, kind, key, name in _PROJECTS),
            key=lambda one: (one.name, one.id),
        ),
        sprints=[
            NamedSprint(
                f"{JIRA}:{one}", name, f"{JIRA}:{project}", name[:3], f"{JIRA}:{project}", state, at(start),
                at(end) if end else None, at(end) if end else None,
            )
            for one, name, project, state, start, end in sorted(_SPRINTS, key=lambda one: (one[4], one[0]))
        ],
        releases=[
            NamedRelease(f"{source}:{one}", kind, name, tag, f"{source}:{project}", at(when))
            for source, one, kind, name, tag, project, when in _RELEASES
        ],
        connections=[
            NamedConnection(GITLAB, "gitlab", "Code"), NamedConnection(JIRA, "jira", "Tickets"),
            NamedConnection(CONFLUENCE, "confluence", "Wiki"),
        ],
    )  # fmt: skip


@cache
def known() -> Vocabulary:
    """The vocabulary of it."""
    return Vocabulary(names())


def planned(question: str, *, role: Role = Role.MANAGER, filters: Filters | None = None) -> Plan:
    """The plan by rules, without a database."""
    return by_rules(read(must_be_question(question), ITEMS, known(), CLOCK), filters or Filters(), role)


def told(plan: Plan) -> list[str]:
    """A line for each thing that is asked for."""
    if plan.ambiguities:
        return [
            f"ask back {one.text}: {' | '.join(f'{c.kind} {c.label}' for c in one.candidates)}"
            for one in plan.ambiguities
        ]
    lines = [
        " ".join([one.kpi, _scope(one.scope), _window(one.window), *_extra(one.comparison, one.breakdown)])
        for one in plan.metrics
    ]
    lines += [
        " ".join(
            ["list", one.kind, _scope(one.scope), _window(one.window), *([str(one.limit)] if one.limit != 10 else [])]
        )
        for one in plan.lists
    ]
    for one in plan.people:
        about = [
            *([_label("person", str(one.person))] if one.person else []), *([_scope(one.scope)] if one.scope else []),
            *([one.item] if one.item else []), *([f"“{one.topic}”"] if one.topic else []),
        ]  # fmt: skip
        lines.append(" ".join([one.question, *about]))
    if plan.search:
        lines.append(_search(plan))
    return lines


def _search(plan: Plan) -> str:
    assert plan.search is not None
    given = plan.search.filters
    parts = ["search", *(["recent"] if plan.search.recent else []), *given.kinds, *given.systems]
    parts += [_label("project", f"{one.connection_id}:{one.external_id}") for one in given.projects]
    ids = (("product", given.product), ("team", given.team), ("person", given.person))
    parts += [_label(kind, str(one)) for kind, one in ids if one]
    if given.since:
        parts.append(f"since {_moment(given.since)}")
    return " ".join(parts)


def _extra(*what: str) -> list[str]:
    return [one for one in what if one != "nothing"]


def _scope(scope: Scope) -> str:
    return _label(scope.kind, scope.id) if scope.id else "organisation"


def _label(kind: str, wanted: str) -> str:
    plural = "people" if kind == "person" else f"{kind}s"
    one = next(one for one in getattr(names(), plural) if str(one.id) == wanted)
    called = {"person": "display_name", "project": "key"}.get(kind, "name")
    return f"{kind}:{getattr(one, called)}"


def _window(window: Window) -> str:
    return f"{_moment(window.start)}..{_moment(window.end)}"


def _moment(moment: datetime) -> str:
    if moment == CLOCK.latest:
        return "now"
    local = moment.astimezone(ZONE)
    return f"{local:%Y-%m-%d}" if (local.hour, local.minute) == (0, 0) else f"{local:%Y-%m-%dT%H:%M}"


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question and the plan it has to become: its kind and language, and a line for each thing asked for."""

    ask: str
    intent: str
    language: str
    plan: list[str]


def questions() -> list[Question]:
    """The table of questions.toml."""
    raw = (Path(__file__).parent / "questions.toml").read_bytes()
    return msgspec.toml.decode(raw, type=dict[str, list[Question]])["question"]
