"""Raw records and dead letters read back: to be understood anew by a newer normaliser, or dropped by retention."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models


class StoredRecord(msgspec.Struct, frozen=True):
    """The newest version of a raw record."""

    id: UUID
    external_id: str
    payload: bytes


class WaitingLetter(msgspec.Struct, frozen=True):
    """A dead letter somebody asked to try once more."""

    id: UUID
    connection_id: UUID
    stream: str
    external_id: str
    payload: bytes


async def hold(conn: Connection, connection_id: UUID, stream: str, *, alone: bool) -> None:
    """Until the end of the transaction, keeps renormalising (`alone`) and reading of one stream apart.

    Without it a version read a moment ago could be overwritten by one that was fetched before it.
    """
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    await conn.execute(f"select {function}(hashtextextended('raw ' || $1, 0))", f"{connection_id} {stream}")


async def newest(
    conn: Connection, org_id: UUID, connection_id: UUID, stream: str, after: str, most: int
) -> list[StoredRecord]:
    """The newest version of each record behind the external id `after`, in their order, at most `most`."""
    rows = await conn.fetch(
        """
        select distinct on (external_id) id, external_id, payload
          from raw_records
         where org_id = $1 and connection_id = $2 and stream = $3 and external_id > $4
         order by external_id, fetched_at desc, id desc
         limit $5
        """,
        org_id,
        connection_id,
        stream,
        after,
        most,
    )
    return [StoredRecord(row["id"], row["external_id"], row["payload"]) for row in rows]


async def drop_replaced(conn: Connection, org_id: UUID, connection_id: UUID, older_than_days: int, most: int) -> int:
    """Deletes versions that were replaced and last seen longer ago than this; the newest of each record stays.

    Commits refer to their raw record and have one version only.
    """
    outcome = await conn.execute(
        """
        delete from raw_records where org_id = $1 and id = any (array(
            select r.id from raw_records r
             where r.org_id = $1 and r.connection_id = $2 and r.fetched_at < now() - make_interval(days => $3)
               and exists (
                   select from raw_records n
                    where n.org_id = $1 and n.connection_id = $2 and n.stream = r.stream
                      and n.external_id = r.external_id
                      and (n.fetched_at, n.id) > (r.fetched_at, r.id))
             limit $4))
        """,
        org_id,
        connection_id,
        older_than_days,
        most,
    )
    return int(outcome.rsplit(" ", 1)[1])


async def waiting(conn: Connection, org_id: UUID, connection_id: UUID, most: int) -> list[WaitingLetter]:
    """Dead letters of a connection whose replay was asked for, and that nobody else is trying."""
    rows = await conn.fetch(
        """
        select id, connection_id, stream, external_id, payload from dead_letters
         where org_id = $1 and connection_id = $2 and resolved_at is null and replay_requested_at is not null
         order by id limit $3 for update skip locked
        """,
        org_id,
        connection_id,
        most,
    )
    return to_models(WaitingLetter, rows)


async def was_replaced(conn: Connection, org_id: UUID, letter: WaitingLetter) -> bool:
    """Whether the source has sent another version of this record after the letter's, which is kept as raw."""
    return bool(
        await conn.fetchval(
            """
            select exists (
                select from raw_records r join dead_letters l on l.org_id = r.org_id and l.id = $2
                 where r.org_id = $1 and r.connection_id = l.connection_id and r.stream = l.stream
                   and r.external_id = l.external_id and r.content_hash <> l.content_hash
                   and r.fetched_at > l.created_at)
            """,
            org_id,
            letter.id,
        )
    )


async def tried(conn: Connection, org_id: UUID, letter_id: UUID, normaliser_version: int, reason: str | None) -> None:
    """Records the outcome of a replay: resolved where `reason` is None, else still not understood because of it."""
    await conn.execute(
        """
        update dead_letters
           set replay_requested_at = null, normaliser_version = $3,
               resolved_at = case when $4::text is null then now() end, reason = coalesce($4, reason)
         where org_id = $1 and id = $2
        """,
        org_id,
        letter_id,
        normaliser_version,
        reason,
    )


async def resolve_understood(
    conn: Connection, org_id: UUID, connection_id: UUID, stream: str, external_ids: Sequence[str]
) -> None:
    """Closes the dead letters of records that were understood by now: another version, or another normaliser."""
    await conn.execute(
        """
        update dead_letters set resolved_at = now(), replay_requested_at = null
         where org_id = $1 and connection_id = $2 and stream = $3 and external_id = any ($4) and resolved_at is null
        """,
        org_id,
        connection_id,
        stream,
        list(external_ids),
    )


async def has_open_letters(conn: Connection, org_id: UUID, connection_id: UUID, stream: str) -> bool:
    """Whether any record of this stream waits to be understood."""
    return bool(
        await conn.fetchval(
            """
            select exists (select from dead_letters
             where org_id = $1 and connection_id = $2 and stream = $3 and resolved_at is null)
            """,
            org_id,
            connection_id,
            stream,
        )
    )


async def streams(conn: Connection, org_id: UUID, connection_id: UUID) -> list[str]:
    """The streams a connection has raw records of."""
    rows = await conn.fetch(
        """
        with recursive known (stream) as (
            (select min(stream) from raw_records where org_id = $1 and connection_id = $2)
            union all
            select (select min(r.stream) from raw_records r
                     where r.org_id = $1 and r.connection_id = $2 and r.stream > known.stream)
              from known where known.stream is not null
        )
        select stream from known where stream is not null
        """,
        org_id,
        connection_id,
    )
    return [row["stream"] for row in rows]
