"""The commits of one repository as a stream: everything reachable from any branch or tag, read once."""

import contextlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import msgspec

from ovia_ingest.connectors.git import normalise
from ovia_ingest.connectors.git.commit_object import MalformedCommit
from ovia_ingest.connectors.git.normalise import CommitRows, GitIdentity
from ovia_ingest.connectors.git.repository import Repository
from ovia_ingest.sync.contract import Page, Unusable
from ovia_shared.database import commits, identities
from ovia_shared.database.pool import Connection
from ovia_shared.database.raw_records import RawRecord
from ovia_shared.matching.normalise import is_machine
from ovia_shared.models.commit import Commit
from ovia_shared.models.identity import NewIdentity

# However few commits a page holds, it ends at this size: memory stays flat when commits are huge.
PAGE_BYTES = 4 * 1024 * 1024
CACHED_IDENTITIES = 20_000


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

    name = "commits"
    normaliser_version = normalise.VERSION

    def __init__(self, repository: Repository, page_commits: int) -> None:
        self._repository = repository
        self._page_commits = page_commits
        self._identity_ids: OrderedDict[tuple[str, str], UUID] = OrderedDict()

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
        try:
            return normalise.normalise(payload)
        except MalformedCommit as error:
            raise Unusable(str(error)) from None

    async def store(
        self, conn: Connection, org_id: UUID, connection_id: UUID, rows: Sequence[tuple[UUID, CommitRows]]
    ) -> None:
        await self._ensure_identities(conn, org_id, rows)
        await commits.store(conn, org_id, connection_id, [self._as_commit(raw_id, row) for raw_id, row in rows])

    async def remove_missing(
        self, conn: Connection, org_id: UUID, connection_id: UUID, present: AsyncIterator[list[str]]
    ) -> int:
        return await commits.mark_removed(conn, org_id, connection_id, present)

    async def _ensure_identities(self, conn: Connection, org_id: UUID, rows: Sequence[tuple[UUID, CommitRows]]) -> None:
        seen = {_key(identity): identity for _, row in rows for identity in row.identities}
        unknown = [_as_new(identity) for key, identity in seen.items() if key not in self._identity_ids]
        if unknown:
            self._identity_ids.update(await identities.ensure(conn, org_id, unknown))
        for key in seen:
            self._identity_ids.move_to_end(key)
        while len(self._identity_ids) > max(CACHED_IDENTITIES, len(seen)):
            self._identity_ids.popitem(last=False)

    def _as_commit(self, raw_id: UUID, row: CommitRows) -> Commit:
        by_role: dict[str, list[UUID]] = {"author": [], "committer": [], "co_author": []}
        for identity in row.identities:
            by_role[identity.role].append(self._identity_ids[_key(identity)])
        commit = row.commit
        return Commit(
            sha=commit.sha,
            raw_record_id=raw_id,
            author_identity_id=by_role["author"][0],
            committer_identity_id=by_role["committer"][0],
            authored_at=commit.authored_at,
            authored_offset_minutes=commit.authored_offset_minutes,
            committed_at=commit.committed_at,
            committed_offset_minutes=commit.committed_offset_minutes,
            parent_count=commit.parent_count,
            summary=commit.summary,
            notes=commit.notes,
            co_author_identity_ids=tuple(by_role["co_author"]),
        )


def _key(identity: GitIdentity) -> tuple[str, str]:
    return (identity.source, identity.external_id)


def _as_new(identity: GitIdentity) -> NewIdentity:
    return NewIdentity(
        source=identity.source,
        external_id=identity.external_id,
        email=identity.email,
        display_name=identity.display_name,
        service_account=is_machine(identity.display_name, identity.email),
        notes=identity.notes,
    )


def _as_json(cursor: CommitCursor) -> Any:
    return msgspec.to_builtins(cursor)
