"""The pages, or the blog posts, of one space."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from ovia_ingest.connectors.confluence.api import Found, Place, identify
from ovia_ingest.connectors.confluence.restrictions import Restrictions
from ovia_ingest.sources.reading import Batch, Window
from ovia_shared.database.raw_records import RawRecord
from ovia_shared.errors import SourceRefused

AT_ONCE = 50
MOST_WALKS = 5


class Changed(msgspec.Struct):
    """Ids of documents that changed; `paged` if they came on more than one page, between which the list may move."""

    ids: set[str]
    paged: bool


class Library(Protocol):
    """The documents of one kind in one space, as Cloud or as Data Center shows them."""

    restrictions: Restrictions

    async def now(self) -> datetime: ...

    def listing(self, place: Place | None, *, whole: bool) -> AsyncGenerator[Found]:
        """All documents that are current, with their bodies if `whole`."""

    async def changed(self, since: datetime) -> Changed:
        """The documents that were edited or commented on."""

    async def document(self, external_id: str) -> msgspec.Raw | None:
        """One document as it is now; None if it is no longer there."""

    async def envelope(self, document: msgspec.Raw) -> bytes:
        """The payload of a document: itself and all that belongs to it."""


class Position(msgspec.Struct, omit_defaults=True):
    """Where a read stands: the place in the whole list, or the last id read of those that changed."""

    place: Place | None = None
    after: str | None = None
    done: bool = False


class DocumentsReading:
    """Implements `sources.reading.Reading` and `TellsRestrictions`.

    A first read goes through the whole list. Later reads first find out what changed, by ids alone, then fetch it in
    the order of ids, which no edit changes.
    """

    whole = False

    def __init__(self, library: Library) -> None:
        self._library = library

    async def now(self) -> datetime:
        return await self._library.now()

    async def batches(self, window: Window) -> AsyncGenerator[Batch]:
        position = msgspec.convert(window.position or {}, Position)
        if position.done:
            return
        read = self._all(position.place) if window.since is None else self._changed(window.since, position.after)
        async for batch in read:
            yield batch

    async def present(self) -> list[str]:
        ids: set[str] = set()
        async for found in self._library.listing(None, whole=False):
            ids.update(filter(None, map(identify, found.items)))
        return sorted(ids, key=_order)

    async def named(self, external_ids: Sequence[str]) -> list[RawRecord]:
        documents = await asyncio.gather(*(self._library.document(external_id) for external_id in external_ids))
        return await self._records([raw for raw in documents if raw is not None])

    async def restricted(self) -> dict[str, bool]:
        return await self._library.restrictions.listed()

    async def _all(self, place: Place | None) -> AsyncGenerator[Batch]:
        # All at once is a hundredth of the requests that one by one would be.
        await self._library.restrictions.listed()
        resumed = place is not None
        while True:
            try:
                async for found in self._library.listing(place, whole=True):
                    resumed = False
                    behind = Position(found.place, done=found.place is None)
                    yield Batch(await self._records(found.items), _json(behind))
            except SourceRefused as error:
                # A place kept from an earlier run may have grown too old for the source.
                if not (resumed and error.status == 400):
                    raise
                place, resumed = None, False
            else:
                return

    async def _changed(self, since: datetime, after: str | None) -> AsyncGenerator[Batch]:
        ids = await self._changed_ids(since)
        waiting = [one for one in ids if after is None or _order(one) > _order(after)]
        for start in range(0, len(waiting), AT_ONCE):
            chunk = waiting[start : start + AT_ONCE]
            done = start + AT_ONCE >= len(waiting)
            yield Batch(await self.named(chunk), _json(Position(after=chunk[-1], done=done)), total=len(ids))

    async def _changed_ids(self, since: datetime) -> list[str]:
        # A list that loses an entry moves up under whoever is between two of its pages. Where there are several,
        # they are read again until they say nothing new.
        ids: set[str] = set()
        for _ in range(MOST_WALKS):
            known = len(ids)
            found = await self._library.changed(since)
            ids |= found.ids
            if not found.paged or len(ids) == known:
                break
        return sorted(ids, key=_order)

    async def _records(self, documents: Sequence[msgspec.Raw]) -> list[RawRecord]:
        found = await asyncio.gather(*(self._record(raw) for raw in documents))
        return [record for record in found if record is not None]

    async def _record(self, document: msgspec.Raw) -> RawRecord | None:
        """The document with its parts; None if it went away while they were fetched."""
        external_id = identify(document)
        if not external_id:
            return RawRecord("", bytes(document))
        try:
            return RawRecord(external_id, await self._library.envelope(document))
        except SourceRefused as error:
            if error.status != 404 or await self._library.document(external_id) is not None:
                raise
            return None


def _order(external_id: str) -> tuple[int, str]:
    # Ids are numbers of growing length.
    return len(external_id), external_id


def _json(position: Position) -> Any:
    return msgspec.to_builtins(position)
