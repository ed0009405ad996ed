"""Listing all of what GitLab numbers but does not let one page through to the end: pipelines and deployments."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import msgspec

from ovia_ingest.connectors.gitlab.api import GitLab, Item
from ovia_ingest.connectors.gitlab.paging import Page, TooFar, moving, numbered

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


class _Walk(msgspec.Struct, omit_defaults=True):
    """Which way it goes, how far, and the ids between which nothing was read yet."""

    way: str = "up"
    place: Any = None
    low: int = 0
    high: int | None = None


async def everything(gitlab: GitLab, path: str, place: Any = None) -> AsyncGenerator[Page]:
    """All items, by id: from the oldest up; where counting pages ends, from the newest down; the rest by change time.

    A filter by time leaves out what has no time, so only what cannot be counted from either end is read by one.
    """
    walk = msgspec.convert(place or {}, _Walk)
    for way, read in (("up", _up), ("down", _down), ("between", _middle)):
        if walk.way != way:
            continue
        try:
            async for page, now in read(gitlab, path, walk):
                walk = now
                yield Page(page.items, msgspec.to_builtins(walk), page.more, page.total)
        except TooFar:
            if way == "between":
                raise
            walk = _Walk("down" if way == "up" else "between", None, walk.low, walk.high)
        else:
            return


async def _up(gitlab: GitLab, path: str, walk: _Walk) -> AsyncGenerator[tuple[Page, _Walk]]:
    low = walk.low
    async for page in numbered(gitlab, path, {"order_by": "id", "sort": "asc"}, walk.place):
        low = max([low, *_ids(page.items)])
        yield page, _Walk("up", page.place, low)


async def _down(gitlab: GitLab, path: str, walk: _Walk) -> AsyncGenerator[tuple[Page, _Walk]]:
    high = walk.high
    async with aclosing(numbered(gitlab, path, {"order_by": "id", "sort": "desc"}, walk.place)) as pages:
        async for page in pages:
            high = min([*_ids(page.items), *([] if high is None else [high])], default=None)
            page.items = _between(page.items, walk.low, None)
            yield page, _Walk("down", page.place, walk.low, high)
            if high is not None and high <= walk.low:
                return


async def _middle(gitlab: GitLab, path: str, walk: _Walk) -> AsyncGenerator[tuple[Page, _Walk]]:
    async for page in moving(gitlab, path, {}, "updated", since=_EARLIEST, place=walk.place):
        page.items = _between(page.items, walk.low, walk.high)
        yield page, _Walk("between", page.place, walk.low, walk.high)


def _ids(items: list[Item]) -> list[int]:
    return [one.head.id for one in items if isinstance(one.head.id, int)]


def _between(items: list[Item], low: int, high: int | None) -> list[Item]:
    return [
        one
        for one in items
        if not isinstance(one.head.id, int) or (one.head.id > low and (high is None or one.head.id < high))
    ]
