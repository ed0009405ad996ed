"""Answers to writes that named an Idempotency-Key, kept for a day."""

from uuid import UUID

import msgspec

from ovia_shared.database.pool import Connection

# Of expired answers, each new one sweeps away at most so many.
SWEEP = 100


class KeptAnswer(msgspec.Struct, frozen=True):
    """What a write was answered, and which request it was: `request` in words, `digest` exactly."""

    request: str
    digest: bytes
    status: int
    headers: dict[str, str]
    body: bytes


async def claim(conn: Connection, org_id: UUID, token_id: UUID, key: str) -> KeptAnswer | None:
    """The answer kept under this key; None if there is none, and then nobody else gets the key before this ends.

    A second request with the same key waits here for the first one's transaction.
    """
    await conn.execute(
        "select pg_advisory_xact_lock(hashtextextended($1::text || $2::text || $3, hashtext('idempotency key')))",
        str(org_id),
        str(token_id),
        key,
    )
    # A statement of its own: it has to see what the one before it waited for.
    row = await conn.fetchrow(
        """
        select request, digest, status, headers, body from idempotency_keys
         where org_id = $1 and token_id = $2 and key = $3 and created_at > now() - interval '24 hours'
        """,
        org_id,
        token_id,
        key,
    )
    return None if row is None else KeptAnswer(**dict(row))


async def keep(conn: Connection, org_id: UUID, token_id: UUID, key: str, answer: KeptAnswer) -> None:
    """Keeps the answer in the transaction of what it tells about, and sweeps away some that are older than a day."""
    await conn.execute(
        """
        insert into idempotency_keys (org_id, token_id, key, request, digest, status, headers, body)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (org_id, token_id, key) do update
               set request = excluded.request, digest = excluded.digest, status = excluded.status,
                   headers = excluded.headers, body = excluded.body, created_at = now()
        """,
        org_id,
        token_id,
        key,
        answer.request,
        answer.digest,
        answer.status,
        answer.headers,
        answer.body,
    )
    await conn.execute(
        """
        delete from idempotency_keys
         where org_id = $1 and (token_id, key) in (
               select token_id, key from idempotency_keys
                where org_id = $1 and created_at < now() - interval '24 hours'
                order by created_at limit $2 for update skip locked)
        """,
        org_id,
        SWEEP,
    )
