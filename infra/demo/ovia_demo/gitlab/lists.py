"""How GitLab gives lists: filters by time, orders, numbered pages with their limits, and keyset pages."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from ovia_demo.serving import answer, base_of, joined, raw, whole_number

LARGEST_OFFSET, LARGEST_TOTAL = 50_000, 10_000
Reading = Callable[[Any], Any]


class Listing(msgspec.Struct, kw_only=True):
    """A list resource. `orders` says which value each `order_by` sorts by; the first is the default.

    `keyset` is None where GitLab has no keyset paging, `id_after` or `cursor` by how it names the place.
    """

    rows: Sequence[Any]
    encode: Callable[[Any], bytes]
    orders: dict[str, Reading]
    descending: bool = True
    times: dict[str, Reading] = {}
    keyset: str | None = None


def bad_request(message: str, status: int = 400) -> web.Response:
    return answer({"message": message} if status != 405 else {"error": message}, status)


def respond(request: web.Request, listing: Listing) -> web.Response:
    """The page asked for, or 400 for what GitLab would not understand."""
    query = request.query
    order = query.get("order_by", next(iter(listing.orders)))
    sort = query.get("sort", "desc" if listing.descending else "asc")
    if order not in listing.orders or sort not in ("asc", "desc"):
        wrong, known = ("sort", "asc, desc") if order in listing.orders else ("order_by", ", ".join(listing.orders))
        return answer({"error": f"{wrong} does not have a valid value, allowed: {known}"}, 400)
    try:
        rows = _within(request, listing)
    except ValueError as error:
        return answer({"error": str(error)}, 400)
    value = listing.orders[order]
    keyed = sorted(
        ((value(row), _identity(row), row) for row in rows if value(row) is not None),
        key=lambda entry: entry[:2],
        reverse=sort == "desc",
    )
    # Rows without the value come last, as in a database.
    keyed += [(None, _identity(row), row) for row in rows if value(row) is None]
    size = whole_number(request, "per_page", 20, 1, 100)
    if query.get("pagination") == "keyset":
        return _keyset_page(request, listing, keyed, (order, sort, size))
    return _numbered_page(request, listing, [entry[2] for entry in keyed], size)


def _identity(row: Any) -> Any:
    return getattr(row, "id", None) or getattr(row, "tag", None) or (row[0] if isinstance(row, tuple) else 0)


def _within(request: web.Request, listing: Listing) -> list[Any]:
    rows = list(listing.rows)
    bounds: tuple[tuple[str, Callable[[datetime, datetime], bool]], ...] = (
        ("after", lambda found, bound: found >= bound),
        ("before", lambda found, bound: found <= bound),
    )
    for name, value in listing.times.items():
        # Parameters say `updated_after` for what records call `updated_at`.
        stem = name.removesuffix("_at")
        for ending, keeps in bounds:
            given = request.query.get(f"{stem}_{ending}")
            if given:
                bound = _moment(given, f"{stem}_{ending}")
                rows = [row for row in rows if value(row) is not None and keeps(value(row), bound)]
    return rows


def _moment(given: str, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise ValueError(f"{name} is invalid") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _numbered_page(
    request: web.Request, listing: Listing, rows: list[Any], size: int
) -> web.Response:  # fmt: skip
    page = whole_number(request, "page", 1, 1)
    if (page - 1) * size > LARGEST_OFFSET:
        return bad_request(
            f"Offset pagination has a maximum allowed offset of {LARGEST_OFFSET} for requests that return "
            "objects of this type. Remaining records can be retrieved using keyset pagination.", 405,
        )  # fmt: skip
    shown = rows[(page - 1) * size : page * size]
    more = page * size < len(rows)
    headers = {"X-Page": str(page), "X-Per-Page": str(size), "X-Next-Page": str(page + 1) if more else "",
               "X-Prev-Page": str(page - 1) if page > 1 else ""}  # fmt: skip
    links = [("first", 1)] + ([("prev", page - 1)] if page > 1 else []) + ([("next", page + 1)] if more else [])
    if len(rows) <= LARGEST_TOTAL:
        pages = max(1, -(-len(rows) // size))
        headers |= {"X-Total": str(len(rows)), "X-Total-Pages": str(pages)}
        links.append(("last", pages))
    headers["Link"] = ", ".join(f'<{_link(request, page=number)}>; rel="{rel}"' for rel, number in links)
    return raw(joined(listing.encode(row) for row in shown), headers=headers)


def _keyset_page(request: web.Request, listing: Listing, keyed: list[Any], how: tuple[str, str, int]) -> web.Response:
    order, sort, size = how
    if listing.keyset is None or order != "id":
        return bad_request("Keyset pagination is not yet available for this type of request", 405)
    cursor, after = request.query.get("cursor"), whole_number(request, "id_after", 0)
    if cursor:
        try:
            after = int(base64.urlsafe_b64decode(cursor))
        except (ValueError, binascii.Error):
            return answer({"error": "cursor is invalid"}, 400)
    before = whole_number(request, "id_before", 10**12, most=10**12)
    if cursor and sort == "desc":
        after, before = 0, after
    rows = [row for identity, _, row in keyed if after < identity < before]
    headers = {"X-Per-Page": str(size)}
    if len(rows) > size:
        last = keyed_id(listing, rows[size - 1])
        if listing.keyset == "cursor":
            place = {"cursor": base64.urlsafe_b64encode(str(last).encode()).decode()}
        else:
            place = {"id_after" if sort == "asc" else "id_before": str(last)}
        headers["Link"] = f'<{_link(request, **place)}>; rel="next"'
    return raw(joined(listing.encode(row) for row in rows[:size]), headers=headers)


def keyed_id(listing: Listing, row: Any) -> int:
    identity: int = listing.orders["id"](row)
    return identity


def _link(request: web.Request, **changes: Any) -> str:
    return base_of(request, str(request.rel_url.update_query(changes)))
