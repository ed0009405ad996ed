"""The stream of any source with an HTTP API: implements `sync.contract.Stream` on a `Reading` and a `Shape`."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import timedelta
from enum import StrEnum
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec

from ovia_ingest.sources.cursor import SourceCursor
from ovia_ingest.sources.reading import OVERLAP, Batch, Normalised, Reading, Shape, TellsRestrictions, Window
from ovia_ingest.sources.understanding import Understanding
from ovia_ingest.sync.contract import Page
from ovia_shared.database import canonical
from ovia_shared.database.dead_letters import DeadLetter
from ovia_shared.database.pool import Connection
from ovia_shared.database.raw_records import RawRecord

NAMED_AT_ONCE = 100
MAX_EXTERNAL_ID = 512


class Census(StrEnum):
    """When the ids a source holds are compared with ours: once a day, now, or now and nothing else is read."""

    WHEN_DUE = "when_due"
    ALWAYS = "always"
    ONLY = "only"


class SourceStream:
    """One stream of one scope of one connection. `project` is the scope's external id; None reads the connection."""

    def __init__(
        self,
        shape: Shape,
        reading: Reading,
        *,
        project: str | None = None,
        census: Census = Census.WHEN_DUE,
        overlap: timedelta = OVERLAP,
    ) -> None:
        self._shape = shape
        self._reading = reading
        self._project = project
        self._census = census
        self._overlap = overlap
        self._understanding = Understanding(shape)
        self._unknown: list[str] = []
        # What the batches of a full listing gave; a read that resumed midway cannot tell what is missing.
        self._seen: set[str] | None = None

    @property
    def name(self) -> str:
        return self._shape.name

    @property
    def normaliser_version(self) -> int:
        return self._shape.version

    async def pages(self, cursor: Any) -> AsyncGenerator[Page]:
        """Everything changed since the last complete read, then a census if one is due."""
        known = SourceCursor() if cursor is None else msgspec.convert(cursor, SourceCursor)
        if self._census is Census.ONLY and not self._reading.whole:
            async for page in self._counted(known, await self._reading.present()):
                yield page
            async for page in self._compared(known):
                yield page
            return
        walk = known if known.started is not None else known.begun(await self._reading.now(), self._overlap)
        self._seen = set() if walk.position is None and self._reading.whole else None
        async for batch in self._reading.batches(Window(walk.since, walk.position)):
            walk = walk.moved(batch.position)
            yield self._page(batch, walk)
        async for page in self._checked(walk):
            yield page

    async def _checked(self, walk: SourceCursor) -> AsyncGenerator[Page]:
        """What ends a read: a census and a comparison of restrictions if they are due, then the cursor of its end."""
        assert walk.started is not None
        always = self._census is not Census.WHEN_DUE
        if self._reading.whole:
            # What is listed whole needs no other list, and is compared every time.
            if self._seen is not None:
                async for page in self._counted(walk, sorted(self._seen)):
                    yield page
        elif always or walk.census_due(walk.started):
            async for page in self._counted(walk, await self._reading.present()):
                yield page
            walk = msgspec.structs.replace(walk, census_at=walk.started)
        if isinstance(self._reading, TellsRestrictions) and (always or walk.restrictions_due):
            async for page in self._compared(walk):
                yield page
            walk = msgspec.structs.replace(walk, restrictions_at=walk.started)
        yield Page((), walk.ended().as_json())

    async def named(self, external_ids: Sequence[str], cursor: Any) -> AsyncGenerator[Page]:
        """These records as they are now; the cursor stays."""
        wanted = iter(external_ids)
        while chunk := list(islice(wanted, NAMED_AT_ONCE)):
            records, unreadable = _readable(await self._reading.named(chunk))
            yield Page(records, cursor, unreadable=unreadable)

    def _page(self, batch: Batch, walk: SourceCursor) -> Page:
        records, unreadable = _readable(batch.records)
        if self._seen is not None:
            self._seen.update(record.external_id for record in batch.records)
        return Page(records, walk.as_json(), total=batch.total, unreadable=unreadable)

    async def _counted(self, walk: SourceCursor, present: list[str]) -> AsyncGenerator[Page]:
        """A page that carries the census, then the records it found that had been missed."""
        self._unknown = []
        yield Page((), walk.as_json(), census=_in_one(present))
        async for page in self.named(self._unknown, walk.as_json()):
            yield page

    async def _compared(self, walk: SourceCursor) -> AsyncGenerator[Page]:
        """Records that are restricted at the source and not with us, or the other way round, as they are now."""
        kind = self._shape.kind
        if kind is None or not isinstance(self._reading, TellsRestrictions):
            return
        told = await self._reading.restricted()
        otherwise: list[str] = []

        async def compare(conn: Connection, org_id: UUID, connection_id: UUID) -> None:
            otherwise.extend(await canonical.restricted_otherwise(conn, org_id, connection_id, kind, told))

        yield Page((), walk.as_json(), compare=compare)
        async for page in self.named(otherwise, walk.as_json()):
            yield page

    def normalise(self, payload: bytes) -> Normalised:
        return self._understanding.normalise(payload)

    async def store(
        self, conn: Connection, org_id: UUID, connection_id: UUID, rows: Sequence[tuple[UUID, str, Normalised]]
    ) -> None:
        await self._understanding.store(conn, org_id, connection_id, rows)

    async def remove_missing(
        self, conn: Connection, org_id: UUID, connection_id: UUID, present: AsyncIterator[list[str]]
    ) -> int:
        """Marks what the source no longer has. A record missing from the listing is asked for once more by its id.

        A listing in pages can lose a record that is there; only what is not found by its own id is gone.
        """
        kind = self._shape.kind
        if kind is None or self._shape.lost == "nothing":
            return 0
        listed = [external_id async for chunk in present for external_id in chunk]
        missing, self._unknown = await canonical.compare(
            conn, org_id, connection_id, kind, listed, project=self._project, only=self._shape.only
        )
        if self._shape.lost == "access_lost":
            return await canonical.mark_access_lost(conn, org_id, connection_id, missing)
        found: set[str] = set()
        for start in range(0, len(missing), NAMED_AT_ONCE):
            chunk = missing[start : start + NAMED_AT_ONCE]
            found.update(record.external_id for record in await self._reading.named(chunk))
        # They are somewhere else now: read with what is unknown, they are stored as they are there.
        self._unknown += sorted(found)
        return await canonical.mark_removed(
            conn, org_id, connection_id, kind, [one for one in missing if one not in found]
        )


def _readable(records: Sequence[RawRecord]) -> tuple[list[RawRecord], list[DeadLetter]]:
    """The records Postgres can keep as JSON, and the others as dead letters."""
    readable, unreadable = [], []
    for record in records:
        fault = _fault(record)
        if fault is None:
            readable.append(record)
        else:
            external_id = record.external_id[:MAX_EXTERNAL_ID].replace("\0", "") or "(empty)"
            unreadable.append(DeadLetter(external_id, record.payload, fault))
    return readable, unreadable


def _fault(record: RawRecord) -> str | None:
    if not 0 < len(record.external_id) <= MAX_EXTERNAL_ID or "\0" in record.external_id:
        return "the record's id is empty, too long, or no text"
    if not record.payload.isascii():
        try:
            record.payload.decode()
        except UnicodeDecodeError as error:
            return f"the record is not UTF-8 (byte {error.start})"
    return None


async def _in_one(ids: list[str]) -> AsyncIterator[list[str]]:
    yield ids
