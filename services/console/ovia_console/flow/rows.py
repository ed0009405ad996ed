"""Rows behind numbers, as the metrics service tells them, and all pages of them up to a limit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from ovia_console.pages.links import web_address
from ovia_console.services import Service

# More dots than this nobody tells apart.
MOST = 1000
_PAGE = 200

Told = TypeVar("Told")


class Person(msgspec.Struct, frozen=True):
    """Whose a row is."""

    id: str
    display_name: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A fact: what it is about, in its source's words."""

    entity_id: str
    occurred_at: datetime
    key: str | None = None
    title: str | None = None
    url: str | None = None
    project: str | None = None
    person: Person | None = None
    number: float | None = None
    attributes: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """What people call it by."""
        return self.key or self.entity_id

    @property
    def link(self) -> str:
        """Where it is at its source; empty for what is no web address, which a page must not lead to."""
        return web_address(self.url)


class Item(msgspec.Struct, frozen=True):
    """A work item in its category; see `GET /team/flow/items`."""

    row: Row
    status: str | None
    age_hours: float | None


class Pages(msgspec.Struct, Generic[Told], frozen=True):
    """Rows read so far, of `total` that there are; `next` is the cursor of those behind them."""

    data: list[Told]
    next: str | None
    total: int

    @property
    def whole(self) -> bool:
        """Whether these are all."""
        return self.next is None


async def all_of(
    service: Service, path: str, kind: type[Told], parameters: Mapping[str, Any], *, most: int = MOST
) -> Pages[Told]:
    """Page after page, `most` rows or a few more."""
    found: list[Told] = []
    cursor, total = None, 0
    while True:
        page = await service.get(path, Pages[kind], cursor=cursor, limit=_PAGE, **parameters)  # type: ignore[valid-type]
        found += page.data
        cursor, total = page.next, page.total
        if cursor is None or len(found) >= most:
            return Pages(found, cursor, total)
