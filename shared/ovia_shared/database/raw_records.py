"""Raw records: what the sources sent, one row per version that differs."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

import msgspec

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection


class RawRecord(msgspec.Struct, frozen=True):
    """One record as a source sent it. `payload` is JSON text in UTF-8."""

    external_id: str
    payload: bytes


async def store(
    conn: Connection, org_id: UUID, connection_id: UUID, stream: str, records: Sequence[RawRecord]
) -> tuple[list[UUID], int]:
    """Keeps each version that is not kept yet. Returns each record's row id, in order, and how many rows are new."""
    new = [new_id() for _ in records]
    external_ids = [record.external_id for record in records]
    hashes = [hashlib.sha256(record.payload).digest() for record in records]
    outcome = await conn.execute(
        """
        insert into raw_records (org_id, connection_id, stream, id, external_id, content_hash, payload)
        select $1, $2, $3, u.* from unnest($4::uuid[], $5::text[], $6::bytea[], $7::json[]) u
            on conflict do nothing
        """,
        org_id,
        connection_id,
        stream,
        new,
        external_ids,
        hashes,
        [record.payload for record in records],
    )
    added = int(outcome.rsplit(" ", 1)[1])
    if added == len(records):
        return new, added
    rows = await conn.fetch(
        """
        select r.id, r.external_id, r.content_hash
          from unnest($4::text[], $5::bytea[]) n (external_id, content_hash)
          join raw_records r
            on r.org_id = $1 and r.connection_id = $2 and r.stream = $3
           and r.external_id = n.external_id and r.content_hash = n.content_hash
        """,
        org_id,
        connection_id,
        stream,
        external_ids,
        hashes,
    )
    kept = {(row["external_id"], row["content_hash"]): row["id"] for row in rows}
    ids = [kept[key] for key in zip(external_ids, hashes, strict=True)]
    # A version that came back is the newest again.
    await conn.execute(
        """
        update raw_records r set fetched_at = clock_timestamp()
         where r.org_id = $1 and r.id = any ($4)
           and exists (
               select from raw_records o
                where o.org_id = $1 and o.connection_id = $2 and o.stream = $3
                  and o.external_id = r.external_id and o.fetched_at > r.fetched_at)
        """,
        org_id,
        connection_id,
        stream,
        list(set(ids) - set(new)),
    )
    return ids, added
