"""Opening a request: the one statement that turns a transaction to an organisation and reads the token that asks."""

from uuid import UUID

from ovia_shared.database.pool import Connection
from ovia_shared.models.caller import StoredToken
from ovia_shared.models.token import Role


async def open_request(conn: Connection, org_id: UUID, token_id: UUID) -> StoredToken | None:
    """Turns this transaction to the organisation a token claims, and reads that token there; None if there is none.

    Nothing is proven by it: compare the secret, and roll back if it differs.
    """
    row = await conn.fetchrow(
        """
        select name, role, secret_hash, revoked_at is null and coalesce(expires_at > now(), true)
          from open_request($1, $2)
        """,
        org_id,
        token_id,
    )
    return None if row is None else StoredToken(row[0], Role(row[1]), row[2], row[3])
