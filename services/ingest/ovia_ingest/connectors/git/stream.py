"""The commits of one repository as a stream: everything reachable from any branch or tag, read once."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import msgspec

from ovia_ingest.connectors.git import normalise
from ovia_ingest.connectors.git.normalise import CommitRows
from ovia_ingest.connectors.git.repository import Repository
from ovia_ingest.connectors.git.understanding import CommitUnderstanding
from ovia_ingest.sync.contract import Page
from ovia_shared.database import commits
from ovia_shared.database.pool import Connection
from ovia_shared.database.raw_records import RawRecord

# However few commits a page holds, it ends at this size: memory stays flat when commits are huge.
PAGE_BYTES = 4 * 1024 * 1024


class CommitCursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a repository was read.

    `read`: the tips whose whole history is stored. While a read is under way, `reading` are the tips it goes for,
    `excluding` the ones it started from, and `offset` how many commits of that walk are stored: the walk between
    fixed commits always has the same order, so a crashed read resumes there.
    """

    read: tuple[str, ...] = ()
    reading: tuple[str, ...] = ()
    excluding: tuple[str, ...] = ()
    offset: int = 0


class CommitStream:
    """Implements `sync.contract.Stream` for one repository."""

    name = CommitUnderstanding.name
    normaliser_version = CommitUnderstanding.normaliser_version

    def __init__(self, repository: Repository, page_commits: int) -> None:
        self._repository = repository
        self._page_commits = page_commits
        self._understanding = CommitUnderstanding()

    async def pages(self, cursor: Any) -> AsyncGenerator[Page]:
        """Commits not stored yet. A rewritten or deleted branch makes the last page carry a census."""
        start = CommitCursor() if cursor is None else msgspec.convert(cursor, CommitCursor)
        walk = await self._resumed(start) or await self._started(start)
        if walk is None:
            return
        total = await self._repository.count(walk.reading, walk.excluding)
        offset = walk.offset
        async with contextlib.aclosing(self._batches(walk)) as batches:
            async for records in batches:
                offset += len(records)
                yield Page(records, _as_json(msgspec.structs.replace(walk, offset=offset)), total=total)
        rewritten = bool(start.read) and await self._repository.unreachable(start.read, walk.reading)
        census = self._repository.commit_ids(walk.reading, ()) if rewritten else None
        yield Page((), _as_json(CommitCursor(read=walk.reading)), total=total, census=census)

    async def _resumed(self, start: CommitCursor) -> CommitCursor | None:
        """The unfinished walk, if the repository still has both its ends."""
        ends = [*start.reading, *start.excluding]
        if start.reading and len(await self._repository.known(ends)) == len(set(ends)):
            return start
        return None

    async def _started(self, start: CommitCursor) -> CommitCursor | None:
        """A new walk from what was read to the present tips, or None when nothing changed."""
        tips = tuple(await self._repository.tips())
        if tips == start.read:
            return None
        # Tips that were force-pushed away and pruned cannot be excluded; upserts absorb what is read again.
        kept = await self._repository.known(start.read)
        return CommitCursor(read=start.read, reading=tips, excluding=tuple(sorted(kept)))

    async def _batches(self, walk: CommitCursor) -> AsyncGenerator[list[RawRecord]]:
        records: list[RawRecord] = []
        size = 0
        found = self._repository.commits(walk.reading, walk.excluding, walk.offset)
        async with contextlib.aclosing(found) as history:
            async for sha, raw in history:
                records.append(RawRecord(sha, normalise.payload(sha, raw)))
                size += len(raw)
                if len(records) >= self._page_commits or size >= PAGE_BYTES:
                    yield records
                    records, size = [], 0
        if records:
            yield records

    def normalise(self, payload: bytes) -> CommitRows:
        return self._understanding.normalise(payload)

    async def store(
        self, conn: Connection, org_id: UUID, connection_id: UUID, rows: Sequence[tuple[UUID, str, CommitRows]]
    ) -> None:
        await self._understanding.store(conn, org_id, connection_id, rows)

    async def remove_missing(
        self, conn: Connection, org_id: UUID, connection_id: UUID, present: AsyncIterator[list[str]]
    ) -> int:
        return await commits.mark_removed(conn, org_id, connection_id, present)


def _as_json(cursor: CommitCursor) -> Any:
    return msgspec.to_builtins(cursor)
