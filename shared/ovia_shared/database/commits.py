"""Canonical commits of git connections."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import load_temporary
from ovia_shared.models.commit import Commit

_COLUMNS = (
    "sha",
    "raw_record_id",
    "author_identity_id",
    "committer_identity_id",
    "authored_at",
    "authored_offset_minutes",
    "committed_at",
    "committed_offset_minutes",
    "parent_count",
    "summary",
    "notes",
)


async def store(
    conn: Connection, org_id: UUID, connection_id: UUID, commits: Sequence[Commit], *, revive: bool = True
) -> None:
    """Stores commits that are new, and those that a newer normaliser reads otherwise.

    With `revive`, one that had been removed and is seen again counts as reachable again.
    """
    await load_temporary(
        conn,
        "incoming_commits",
        "sha text, raw_record_id uuid, author_identity_id uuid, committer_identity_id uuid, authored_at timestamptz,"
        " authored_offset_minutes integer, committed_at timestamptz, committed_offset_minutes integer,"
        " parent_count integer, summary text, notes text[]",
        [tuple(getattr(commit, column) for column in _COLUMNS) for commit in commits],
        _COLUMNS,
    )
    columns = ", ".join(_COLUMNS)
    ours = ", ".join(f"commits.{column}" for column in _COLUMNS)
    theirs = ", ".join(f"excluded.{column}" for column in _COLUMNS)
    removed = "null" if revive else "commits.removed_at"
    await conn.execute(
        f"""
        insert into commits (org_id, connection_id, {columns})
        select $1, $2, {columns} from incoming_commits
            on conflict (org_id, connection_id, sha) do update
           set ({columns}, removed_at) = ({theirs}, {removed})
         where ({ours}, commits.removed_at) is distinct from ({theirs}, {removed})
        """,  # noqa: S608 (a constant list of columns)
        org_id,
        connection_id,
    )
    await conn.execute("drop table incoming_commits")
    co_authors = [
        (org_id, connection_id, commit.sha, identity_id)
        for commit in commits
        for identity_id in commit.co_author_identity_ids
    ]
    if co_authors:
        await conn.executemany(
            """
            insert into commit_co_authors (org_id, connection_id, sha, identity_id) values ($1, $2, $3, $4)
                on conflict do nothing
            """,
            co_authors,
        )


async def mark_removed(conn: Connection, org_id: UUID, connection_id: UUID, present: AsyncIterator[list[str]]) -> int:
    """Marks as removed every commit that a complete census did not find; returns how many.

    `present` yields the ids of all commits the repository still reaches, in chunks.
    """
    await conn.execute("create temporary table census (sha text) on commit drop")
    async for chunk in present:
        await conn.copy_records_to_table("census", records=[(sha,) for sha in chunk], columns=["sha"])
    await conn.execute("analyze census")
    outcome = await conn.execute(
        """
        update commits c set removed_at = now()
         where c.org_id = $1 and c.connection_id = $2 and c.removed_at is null
           and not exists (select from census s where s.sha = c.sha)
        """,
        org_id,
        connection_id,
    )
    await conn.execute("drop table census")
    return int(outcome.rsplit(" ", 1)[1])
