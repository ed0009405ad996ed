"""What changed and is not in the index yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from ovia_shared.database.facts import seen
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.ask import SourceKind
from ovia_shared.models.ask_index import NO_CONNECTION, SourceKey

_ADD = "insert into ask_due (org_id, source_kind, connection_id, external_id, anew)"
# Who is due once more was not done with what it says now, so a failure before says nothing.
_AGAIN = """
    on conflict (org_id, source_kind, connection_id, external_id) do update
   set anew = ask_due.anew or excluded.anew, failed_at = null, failure = null
 where ask_due.failed_at is not null or excluded.anew and not ask_due.anew
"""
_TABLES = {"document": "documents", "work_item": "work_items", "merge_request": "merge_requests"}
_SUBJECTS = "('document', 'work_item', 'merge_request')"


def _changed() -> str:
    whole = [
        f"select '{kind}', t.connection_id, t.external_id from {table} t where {seen.changed('t')}"  # noqa: S608 (names of our own)
        for kind, table in _TABLES.items()
    ]
    comments = f"""
        select c.subject_kind, c.connection_id, c.subject_external_id from comments c
         where {seen.changed("c")} and c.subject_kind in {_SUBJECTS}
    """  # noqa: S608 (names of our own)
    return " union ".join((*whole, comments))


def _everything() -> str:
    whole = [
        f"select '{kind}', t.connection_id, t.external_id from {table} t where t.org_id = $1 and t.removed_at is null"  # noqa: S608 (names of our own)
        for kind, table in _TABLES.items()
    ]
    indexed = """
        select c.source_kind, c.connection_id, c.external_id from ask_chunks c
         where c.org_id = $1 and c.source_kind <> 'kpi'
    """
    return " union ".join((*whole, indexed))


async def notice_changed(conn: Connection, org_id: UUID, since: seen.Horizon) -> None:
    """All that changed since, with what is written below it: to be done before the horizon moves on."""
    await conn.execute(f"{_ADD} select $1, x.*, false from ({_changed()}) x {_AGAIN}", org_id, *since)  # noqa: S608 (constants)


async def notice_everything(conn: Connection, org_id: UUID, *, anew: bool) -> None:
    """All there is, and all that is in the index, be it there any more or not."""
    await conn.execute(f"{_ADD} select $1, x.*, $2 from ({_everything()}) x {_AGAIN}", org_id, anew)  # noqa: S608 (constants)


async def notice_kpis(conn: Connection, org_id: UUID, names: Sequence[str], *, anew: bool) -> None:
    """The descriptions of these KPIs, and of those that are in the index and no KPI any more."""
    await conn.execute(
        f"""
        {_ADD}
        select $1, 'kpi', $4::uuid, x.name, $3
          from (select unnest($2::text[]) union
                select c.external_id from ask_chunks c
                 where c.org_id = $1 and c.source_kind = 'kpi' and c.connection_id = $4) x (name)
        {_AGAIN}
        """,  # noqa: S608 (constants)
        org_id, list(names), anew, NO_CONNECTION,
    )  # fmt: skip


class Due(NamedTuple):
    """The next sources to index, and those among them that are to be cut and counted again whatever they say."""

    keys: list[SourceKey]
    anew: list[SourceKey]


async def take(conn: Connection, org_id: UUID, limit: int) -> Due:
    """The next ones, by kind. They stay due until `done`."""
    rows = await conn.fetch(
        """
        select source_kind as kind, connection_id, external_id, anew from ask_due
         where org_id = $1 and failed_at is null
         order by source_kind, connection_id, external_id
         limit $2
        """,
        org_id,
        limit,
    )
    return Due(to_models(SourceKey, rows), to_models(SourceKey, [row for row in rows if row["anew"]]))


async def done(conn: Connection, org_id: UUID, keys: Sequence[SourceKey]) -> None:
    """They are in the index as they are, in the transaction that put them there."""
    await conn.execute(
        """
        delete from ask_due d using unnest($2::text[], $3::uuid[], $4::text[]) k (kind, connection_id, external_id)
         where d.org_id = $1 and d.source_kind = k.kind and d.connection_id = k.connection_id
           and d.external_id = k.external_id
        """,
        org_id, *columns(keys),
    )  # fmt: skip


async def record_failure(conn: Connection, org_id: UUID, key: SourceKey, failure: str) -> None:
    """It cannot be indexed as it is; the others go on."""
    await conn.execute(
        """
        update ask_due set failed_at = clock_timestamp(), failure = $5
         where org_id = $1 and source_kind = $2 and connection_id = $3 and external_id = $4
        """,
        org_id, key.kind, key.connection_id, key.external_id, failure[:2000],
    )  # fmt: skip


async def try_failed_again(conn: Connection, org_id: UUID) -> None:
    """What failed an hour ago is due once more: it may have been for want of something that is there now."""
    await conn.execute(
        """
        update ask_due set failed_at = null where org_id = $1 and failed_at < clock_timestamp() - interval '1 hour'
        """,
        org_id,
    )


class Waiting(NamedTuple):
    """How many sources wait, since when the oldest does, and how many could not be indexed."""

    sources: int
    since: datetime | None
    failed: int


async def waiting(conn: Connection, org_id: UUID) -> Waiting:
    """What is not in the index yet, of what was noticed."""
    row = await conn.fetchrow(
        """
        select count(*) filter (where failed_at is null) as sources,
               min(noticed_at) filter (where failed_at is null) as since,
               count(*) filter (where failed_at is not null) as failed
          from ask_due where org_id = $1
        """,
        org_id,
    )
    assert row is not None
    return Waiting(*row)


def columns(keys: Sequence[SourceKey]) -> tuple[list[SourceKind], list[UUID], list[str]]:
    """Keys as one array a column."""
    return [key.kind for key in keys], [key.connection_id for key in keys], [key.external_id for key in keys]
