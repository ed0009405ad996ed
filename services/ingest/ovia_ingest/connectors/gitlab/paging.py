"""GitLab's ways to page, each without gaps while people create, change and delete.

`keyset` follows links that hold a place in an order. `numbered` counts pages, which shift when something before them
is deleted: every page is asked for so that it begins with an item that was seen already; if it does not, the list has
shifted, and reading steps back. `moving` never counts far: each page begins at the last time seen.
"""

import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from ovia_ingest.connectors.gitlab.api import GitLab, Item, Params, item
from ovia_shared.errors import SourceError, SourceFault, SourceRefused

PAGE = 100
SEAM = 200
STEP_BACK = 8
MOST_BARREN = 10
MOST_RESTARTS = 5
# Times are shown in milliseconds and kept in microseconds.
_TICK = timedelta(milliseconds=1)


class Page(msgspec.Struct):
    """Items not seen before, the place behind them, whether more follow, and how many there are in all."""

    items: list[Item]
    place: Any
    more: bool = True
    total: int | None = None


class TooFar(SourceError):
    """GitLab counts pages only so far."""


class _NoLinks(Exception):
    """This GitLab does not page this list by links."""


class _Numbered(msgspec.Struct, omit_defaults=True):
    """How many items were read, and the keys of the last of them."""

    count: int = 0
    last: tuple[str, ...] = ()


class _Keyset(msgspec.Struct, omit_defaults=True):
    next: dict[str, list[str]] | None = None


class _Moving(msgspec.Struct, omit_defaults=True):
    """From which time on to read, the items seen that are no older, and how many were read in all."""

    bound: datetime | None = None
    seen: tuple[str, ...] = ()
    count: int = 0


async def keyset(gitlab: GitLab, path: str, params: Params, place: Any = None) -> AsyncGenerator[Page]:
    """Pages in the order of ids. A GitLab too old for this one's links counts pages instead."""
    if place is None or "next" in place:
        try:
            async for page in _linked(gitlab, path, params, msgspec.convert(place or {}, _Keyset).next):
                yield page
        except _NoLinks:
            place = None
        else:
            return
    async for page in numbered(gitlab, path, params, place):
        yield page


async def _linked(
    gitlab: GitLab, path: str, params: Params, following: dict[str, list[str]] | None
) -> AsyncGenerator[Page]:
    first: Params = {**params, "pagination": "keyset", "per_page": PAGE}
    resumed = following is not None
    followed: set[str] = set()
    while True:
        try:
            answer = await gitlab.get(path, following or first)
        except SourceRefused as error:
            if following is None and error.status == 405:
                raise _NoLinks from None
            if not (resumed and error.status == 400):
                raise
            # The link is too old: begin anew.
            following, resumed = None, False
            continue
        resumed = False
        link = answer.links().get("next")
        if link is not None:
            # Only the query: behind a proxy GitLab may not know its own address.
            query = urlsplit(link).query
            if query in followed:
                raise _stuck(path)
            followed.add(query)
            following = parse_qs(query, keep_blank_values=True)
        items = [item(raw) for raw in answer.decode(list[msgspec.Raw])]
        yield Page(items, {"next": following}, link is not None, _total(answer.header("X-Total")))
        if link is None:
            return


async def numbered(
    gitlab: GitLab, path: str, params: Params, place: Any = None, *, key: str = "id", most: int = PAGE
) -> AsyncGenerator[Page]:
    """Pages by their number, in an order in which items do not change places. `most` is the size of a page."""
    read = msgspec.convert(place or {}, _Numbered)
    reach, back, barren, restarts = read.count, STEP_BACK, 0, 0
    while True:
        size, number = _reaching(reach, most)
        offset = (number - 1) * size
        try:
            answer = await gitlab.get(path, {**params, "per_page": size, "page": number})
        except SourceRefused as error:
            if offset and error.status in {400, 405}:
                raise TooFar(f"{path}: GitLab does not count pages as far as {offset:,} items") from None
            raise
        items = [item(raw, key) for raw in answer.decode(list[msgspec.Raw])]
        if offset and not (items and items[0].mark in read.last):
            reach, back = max(0, reach - back), 2 * back
            restarts += reach == 0
            if restarts > MOST_RESTARTS:
                raise _stuck(path)
            continue
        known = set(read.last)
        fresh = [one for one in items if one.mark not in known]
        barren = 0 if fresh else barren + 1
        more = "next" in answer.links()
        if more and (barren > MOST_BARREN or not items):
            raise _stuck(path)
        read = _Numbered(offset + len(items), (*read.last, *(one.mark for one in fresh))[-SEAM:])
        reach, back = read.count, STEP_BACK
        yield Page(fresh, msgspec.to_builtins(read), more, _total(answer.header("X-Total")))
        if not more:
            return


async def moving(
    gitlab: GitLab,
    path: str,
    params: Params,
    field: str,
    *,
    since: datetime | None = None,
    place: Any = None,
    most: int = PAGE,
) -> AsyncGenerator[Page]:
    """Pages in the order of `created` or `updated` time, oldest first, each from the last time seen.

    Items of one time may fill more than a page; within them pages are counted.
    """
    walk = msgspec.convert(place, _Moving) if place else _Moving(since)
    order: Params = {**params, "order_by": f"{field}_at", "sort": "asc"}
    more = True
    while more:
        lower = {} if walk.bound is None else {f"{field}_after": stamp(walk.bound - _TICK)}
        seen, bound, before = set(walk.seen), walk.bound, walk.count - len(walk.seen)
        async with aclosing(numbered(gitlab, path, {**order, **lower}, most=most)) as pages:
            async for page in pages:
                fresh = [one for one in page.items if _sighting(one) not in seen]
                total = None if page.total is None else before + page.total
                walk = _behind(walk, page.items, len(fresh), f"{field}_at")
                yield Page(fresh, msgspec.to_builtins(walk), page.more, total)
                more = page.more
                if more and walk.bound != bound:
                    break


def _behind(walk: _Moving, items: Sequence[Item], fresh: int, field: str) -> _Moving:
    times = [(one.head.time(field), one) for one in items]
    # The last, not the latest: in a list that is in no order nothing may be jumped over.
    latest = next((time for time, _ in reversed(times) if time is not None), None)
    bound = walk.bound if latest is None or (walk.bound is not None and latest <= walk.bound) else latest
    again = () if bound is None else tuple(_sighting(one) for time, one in times if time and time >= bound - 2 * _TICK)
    kept = walk.seen if bound == walk.bound else ()
    return _Moving(bound, (*kept, *again)[-SEAM:], walk.count + fresh)


def _sighting(one: Item) -> str:
    """An item as it was when it was seen: one that changed since is another."""
    return f"{one.mark} {one.head.updated_at}"


async def whole(
    gitlab: GitLab, path: str, params: Params | None = None, *, key: str = "id", most: int = PAGE
) -> list[Item]:
    """All items of a list that is short enough to hold, each once."""
    found: dict[str, Item] = {}
    async for page in numbered(gitlab, path, params or {}, key=key, most=most):
        for one in page.items:
            found[one.mark] = one
    return list(found.values())


def stamp(time: datetime) -> str:
    """A time as GitLab's filters take it, to the millisecond."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _reaching(count: int, most: int) -> tuple[int, int]:
    """(page size, page number) of the page that begins before the `count`-th item and reaches farthest behind it."""
    if count == 0:
        return most, 1
    sizes = range(most, math.ceil(most / 2) - 1, -1)
    size = max(sizes, key=lambda one: (count - 1) // one * one + one)
    return size, (count - 1) // size + 1


def _total(header: str | None) -> int | None:
    return int(header) if header is not None and header.isdecimal() and len(header) < 16 else None


def _stuck(path: str) -> SourceError:
    return SourceError(f"{path} gives the same items again and again", fault=SourceFault.RETRIABLE)
