"""Whose numbers and of when: read from the address of a page, written into addresses, offered as a choice.

`scope` is empty for the organisation, or a kind and an id: `team:…`, `product:…`. `from` and `to` are dates.
"""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from litestar import Request

from ovia_console.pages.visit import Visit
from ovia_shared.errors import InvalidInput

DAYS = 30
MOST_DAYS = 3660
KINDS = ("team", "product", "project", "sprint", "release", "person")
_CHOICES = 200


class Scope(msgspec.Struct, frozen=True):
    """`kind` is `organisation` or one of `KINDS`; the window holds `since` and not `until`, as everywhere in Ovia."""

    kind: str
    id: str
    since: date
    until: date

    @property
    def key(self) -> str:
        """As it stands in addresses."""
        return "" if self.kind == "organisation" else f"{self.kind}:{self.id}"

    def asked(self) -> dict[str, str]:
        """As the services are asked for it: pass it on as `**scope.asked()`."""
        window = {"from_": self.since.isoformat(), "to": self.until.isoformat()}
        whose = {} if self.kind == "organisation" else {"scope_kind": self.kind, "scope_id": self.id}
        return window | whose

    def shown(self) -> dict[str, str]:
        """As the addresses of pages hold it, the end included, as people say it."""
        return {"scope": self.key, "from": self.since.isoformat(), "to": self.last.isoformat()}

    @property
    def last(self) -> date:
        """The last day of the window."""
        return self.until - timedelta(days=1)

    @property
    def days(self) -> int:
        """How long the window is."""
        return (self.until - self.since).days


class Choice(msgspec.Struct, frozen=True):
    """A scope somebody may choose. `depth` is how far down the tree of teams it stands."""

    key: str
    name: str
    depth: int = 0


class Choices(msgspec.Struct, frozen=True):
    """All teams and products, and what the chosen one is called."""

    teams: list[Choice]
    products: list[Choice]

    def name_of(self, key: str) -> str | None:
        """What a scope is called, or None for one that is none of these."""
        return next((one.name for one in (*self.teams, *self.products) if one.key == key), None)


def scope_of(request: Request[Any, Any, Any], *, days: int = DAYS) -> Scope:
    """As the address says; without a word, the organisation's last `days` days.

    Raises `InvalidInput` for dates that are none, or in the wrong order, and for a scope of no kind there is.
    """
    query = request.query_params
    kind, _, scope_id = query.get("scope", "").partition(":")
    if kind and (kind not in KINDS or not scope_id):
        raise InvalidInput("this scope is of no kind Ovia knows", field="scope")
    today = datetime.now(UTC).date()
    last = _date(query.get("to", ""), "to") or today
    since = _date(query.get("from", ""), "from") or last - timedelta(days=days - 1)
    if since > last:
        raise InvalidInput("the first day is behind the last one", field="from")
    if (last - since).days > MOST_DAYS:
        raise InvalidInput("a window holds at most ten years", field="from")
    return Scope(kind or "organisation", scope_id, since, last + timedelta(days=1))


async def choices_of(visit: Visit) -> Choices:
    """What there is to choose from."""
    teams, products = await asyncio.gather(
        visit.api.page("/team/teams", limit=_CHOICES), visit.api.page("/team/products", limit=_CHOICES)
    )
    return Choices(_tree(teams.data), [Choice(f"product:{one['id']}", one["name"]) for one in products.data])


def _tree(teams: list[dict[str, Any]]) -> list[Choice]:
    """Each team behind the one it belongs to."""
    known = {one["id"] for one in teams}
    below: dict[str | None, list[dict[str, Any]]] = {}
    for one in teams:
        parent = one.get("parent_id")
        below.setdefault(parent if parent in known else None, []).append(one)
    found: list[Choice] = []

    def walk(parent: str | None, depth: int) -> None:
        for one in below.get(parent, []):
            found.append(Choice(f"team:{one['id']}", one["name"], depth))
            walk(one["id"], depth + 1)

    walk(None, 0)
    return found


def _date(text: str, field: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text[:40]!r} is no date such as 2026-11-01", field=field) from None
