"""Whose value, and of which time: the organisation, a product or a team; the whole time, or a month of it."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from ovia_demo.organisation.code_model import Organisation


class Window(msgspec.Struct, frozen=True):
    """Half-open, in UTC. `name` is `whole`, or the calendar month, cut to the time that was generated."""

    name: str
    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


class Scope(msgspec.Struct, frozen=True):
    """`kind` is organisation, product or team; `id` is the key of the product, or the id of the team."""

    kind: str
    id: str
    name: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a value is made of: when it happened, in which product, and whose it is.

    An interval has begun `at` and lasts `until` (None: it still does).
    """

    at: datetime
    product: str
    actor: str | None
    value: float | None = None
    until: datetime | None = None
    kind: str = ""
    good: bool = False
    parts: dict[str, float | None] = {}
    moments: tuple[datetime, ...] = ()

    def open_at(self, moment: datetime) -> bool:
        return self.at < moment and (self.until is None or self.until >= moment)


class Membership(msgspec.Struct, frozen=True):
    """Somebody was in a team from `since` until `until`; None: still is."""

    person: str
    team: str
    since: datetime
    until: datetime | None


def memberships(organisation: Organisation) -> list[Membership]:
    found = []
    for one in organisation.people:
        since = one.joined_at
        if one.former_team is not None and one.changed_team_at is not None:
            found.append(Membership(one.id, one.former_team, since, one.changed_team_at))
            since = one.changed_team_at
        found.append(Membership(one.id, one.team, since, one.left_at))
    return found


class Places:
    """Which rows are a scope's."""

    def __init__(self, organisation: Organisation) -> None:
        self._teams: dict[str, list[Membership]] = {}
        for one in memberships(organisation):
            self._teams.setdefault(one.person, []).append(one)

    def team(self, actor: str | None, moment: datetime) -> str | None:
        """The team that somebody was in at that time. Machines are in none."""
        for one in self._teams.get(actor or "", []):
            if one.since <= moment and (one.until is None or moment < one.until):
                return one.team
        return None

    def of(self, scope: Scope, rows: Iterable[Row]) -> list[Row]:
        match scope.kind:
            case "product":
                return [one for one in rows if one.product == scope.id]
            case "team":
                return [one for one in rows if self.team(one.actor, one.at) == scope.id]
            case _:
                return list(rows)


def scopes(organisation: Organisation) -> list[Scope]:
    return [
        Scope("organisation", "", organisation.name),
        *(Scope("product", one.key, one.name) for one in organisation.products),
        *(Scope("team", one.id, one.name) for one in organisation.teams),
    ]


def windows(organisation: Organisation) -> list[Window]:
    """The whole time first, then its months."""
    found = [Window("whole", organisation.start, organisation.until)]
    begin = organisation.start
    while begin < organisation.until:
        following = begin.replace(
            year=begin.year + begin.month // 12, month=begin.month % 12 + 1, day=1, hour=0, minute=0, second=0,
            microsecond=0,
        )  # fmt: skip
        found.append(Window(f"{begin:%Y-%m}", begin, min(following, organisation.until)))
        begin = following
    return found
