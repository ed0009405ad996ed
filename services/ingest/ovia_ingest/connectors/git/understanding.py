"""From raw commits to canonical rows in the database. Knows nothing of repositories."""

from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

from ovia_ingest.connectors.git import normalise
from ovia_ingest.connectors.git.commit_object import MalformedCommit
from ovia_ingest.connectors.git.normalise import CommitRows, GitIdentity
from ovia_ingest.sync.contract import Unusable
from ovia_shared.database import canonical, commits, identities
from ovia_shared.database.canonical import Made
from ovia_shared.database.pool import Connection
from ovia_shared.matching.service_accounts import detect
from ovia_shared.models.canonical.references import Reference
from ovia_shared.models.commit import Commit
from ovia_shared.models.identity import NewIdentity

CACHED_IDENTITIES = 20_000


class CommitUnderstanding:
    """What commits mean, and how they are stored. Remembers the ids of identities it has stored."""

    name = "commits"
    normaliser_version = normalise.VERSION

    def __init__(self) -> None:
        self._identity_ids: OrderedDict[tuple[str, str], UUID] = OrderedDict()

    def normalise(self, payload: bytes) -> CommitRows:
        """The rows of one raw commit. Raises `Unusable`."""
        try:
            return normalise.normalise(payload)
        except MalformedCommit as error:
            raise Unusable(str(error)) from None

    async def store(
        self,
        conn: Connection,
        org_id: UUID,
        connection_id: UUID,
        rows: Sequence[tuple[UUID, str, CommitRows]],
        *,
        revive: bool = True,
    ) -> None:
        """Upserts commits and what they name. With `revive` false one that was removed stays so."""
        await self._ensure_identities(conn, org_id, [row for _, _, row in rows])
        commits_found = [self._as_commit(raw_id, row) for raw_id, _, row in rows]
        await commits.store(conn, org_id, connection_id, commits_found, revive=revive)
        made = [
            Made(raw_id, row.references, ((Reference, ("commit", row.commit.sha)),))
            for raw_id, _, row in rows
            if row.references
        ]
        await canonical.store(conn, org_id, connection_id, made, {})

    async def _ensure_identities(self, conn: Connection, org_id: UUID, rows: Sequence[CommitRows]) -> None:
        seen = {_key(identity): identity for row in rows for identity in row.identities}
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
    reason = detect(None, identity.display_name, identity.email).reason
    return NewIdentity(
        source=identity.source,
        external_id=identity.external_id,
        email=identity.email,
        display_name=identity.display_name,
        service_account=reason is not None,
        notes=identity.notes,
        machine_reason=reason,
    )
