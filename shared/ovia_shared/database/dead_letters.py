"""Dead letters: records that were read and could not be understood, kept whole with the reason."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

import msgspec

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection


class DeadLetter(msgspec.Struct, frozen=True):
    """A record that could not be normalised. `payload` is what was read, byte for byte."""

    external_id: str
    payload: bytes
    reason: str


async def keep(
    conn: Connection,
    org_id: UUID,
    connection_id: UUID,
    stream: str,
    normaliser_version: int,
    letters: Sequence[DeadLetter],
) -> None:
    """Keeps each letter once per version of its payload; reading the same record again adds nothing.

    One that had been resolved and is not understood again is open again.
    """
    await conn.executemany(
        """
        insert into dead_letters
               (org_id, id, connection_id, stream, external_id, content_hash, payload, reason, normaliser_version)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            on conflict (org_id, connection_id, stream, external_id, content_hash) do update
           set resolved_at = null, reason = excluded.reason, normaliser_version = excluded.normaliser_version
         where dead_letters.resolved_at is not null
        """,
        [
            (
                org_id,
                new_id(),
                connection_id,
                stream,
                letter.external_id,
                hashlib.sha256(letter.payload).digest(),
                letter.payload,
                letter.reason,
                normaliser_version,
            )
            for letter in letters
        ],
    )
