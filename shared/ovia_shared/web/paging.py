"""Keyset paging: an opaque cursor names the last row given, so pages neither skip nor repeat when rows change."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar.params import QueryParameter

from ovia_shared.errors import MalformedInput

LARGEST_LIMIT = 200
# Room for the longest name a cursor may carry: 1,000 characters of four bytes each.
LONGEST_CURSOR = 8000

Limit = Annotated[int, QueryParameter(ge=1, le=LARGEST_LIMIT, description="Rows on a page.")]
CursorText = Annotated[
    str | None,
    QueryParameter(max_length=LONGEST_CURSOR, description="`next` of the page before, with the same filters."),
]

Item = TypeVar("Item")
Position = TypeVar("Position", bound=msgspec.Struct)


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """Part of a list. `next` is null on the last page; `total` counts all rows that fit the filters."""

    data: list[Item]
    next: str | None
    total: int


class Begun(msgspec.Struct, Generic[Position], frozen=True):
    """Where a later page begins, and the total counted for the first one."""

    after: Position
    total: int


class _Cursor(msgspec.Struct, array_like=True, frozen=True):
    filters: bytes
    total: Annotated[int, msgspec.Meta(ge=0)]
    position: msgspec.Raw


class Paging(Generic[Item, Position]):
    """The cursors of one list: its name, what a position in it is made of, and the position of a row."""

    def __init__(self, name: str, kind: type[Position], position_of: Callable[[Item], Position]) -> None:
        self._name = name
        self._kind = kind
        self._position_of = position_of

    def read(self, cursor: str | None, wanted: msgspec.Struct | None = None) -> Begun[Position] | None:
        """What a cursor stands for; None for the first page.

        Raises `MalformedInput` for a cursor that is broken, of another list, or of one with other filters.
        """
        if cursor is None:
            return None
        try:
            raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            decoded = msgspec.msgpack.decode(raw, type=_Cursor)
            position = msgspec.msgpack.decode(decoded.position, type=self._kind)
        except (ValueError, OverflowError, msgspec.MsgspecError):
            raise MalformedInput("this cursor cannot be read; begin again without it", field="cursor") from None
        if decoded.filters != self._digest(wanted):
            raise MalformedInput("this cursor belongs to a list with other filters", field="cursor")
        return Begun(position, decoded.total)

    def page(self, rows: Sequence[Item], limit: int, total: int, wanted: msgspec.Struct | None = None) -> Page[Item]:
        """A page of `limit` rows; one row more than that says that another page follows."""
        shown = list(rows[:limit])
        if len(rows) <= limit:
            return Page(shown, None, total)
        position = msgspec.Raw(msgspec.msgpack.encode(self._position_of(shown[-1])))
        cursor = msgspec.msgpack.encode(_Cursor(self._digest(wanted), total, position))
        return Page(shown, base64.urlsafe_b64encode(cursor).decode().rstrip("="), total)

    def _digest(self, wanted: Any) -> bytes:
        return hashlib.blake2b(msgspec.msgpack.encode([self._name, wanted]), digest_size=8).digest()
