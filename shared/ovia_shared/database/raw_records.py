"""Raw records: what the sources sent, one row per version that differs."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

import msgspec

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import load_temporary


class RawRecord(msgspec.Struct, frozen=True):
    """One record as a source sent it. `payload` is JSON text in UTF-8."""

    external_id: str
    payload: bytes


async def store(
    conn: Connection, org_id: UUID, connection_id: UUID, stream: str, records: Sequence[RawRecord]
) -> tuple[list[UUID], int]:
    """Keeps each version that is not kept yet. Returns each record's row id, in order, and how many rows are new."""
    rows = [
        (new_id(), record.external_id, hashlib.sha256(record.payload).digest(), record.payload) for record in records
    ]
    await load_temporary(
        conn,
        "incoming_raw",
        "id uuid, external_id text, content_hash bytea, payload json",
        rows,
        ("id", "external_id", "content_hash", "payload"),
    )
    outcome = await conn.execute(
        """
        insert into raw_records (org_id, id, connection_id, stream, external_id, content_hash, payload)
        select $1, id, $2, $3, external_id, content_hash, payload from incoming_raw
            on conflict do nothing
        """,
        org_id,
        connection_id,
        stream,
    )
    added = int(outcome.rsplit(" ", 1)[1])
    ids = [row[0] for row in rows]
    if added < len(rows):
        # A version that came back is the newest again.
        await conn.execute(
            """
            update raw_records r set fetched_at = clock_timestamp()
              from incoming_raw n
             where r.org_id = $1 and r.connection_id = $2 and r.stream = $3
               and r.external_id = n.external_id and r.content_hash = n.content_hash and r.id <> n.id
               and exists (
                   select from raw_records o
                    where o.org_id = $1 and o.connection_id = $2 and o.stream = $3
                      and o.external_id = r.external_id and o.fetched_at > r.fetched_at)
            """,
            org_id,
            connection_id,
            stream,
        )
        kept = await conn.fetch(
            """
            select n.id as incoming_id, r.id
              from incoming_raw n
              join raw_records r
                on r.org_id = $1 and r.connection_id = $2 and r.stream = $3
               and r.external_id = n.external_id and r.content_hash = n.content_hash
            """,
            org_id,
            connection_id,
            stream,
        )
        stored = {row["incoming_id"]: row["id"] for row in kept}
        ids = [stored[incoming] for incoming in ids]
    await conn.execute("drop table incoming_raw")
    return ids, added
