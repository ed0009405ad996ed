"""Access tokens: what is stored of them, which never includes the secret."""

from datetime import datetime, timedelta
from uuid import UUID

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_model, to_models
from ovia_shared.models.token import Role, Token

_FIELDS = "id, name, role, created_at, created_by, expires_at, revoked_at, last_used_at, person_id, version"


async def add(
    conn: Connection,
    org_id: UUID,
    token_id: UUID,
    *,
    name: str,
    role: Role,
    secret_hash: bytes,
    created_by: str,
    expires_at: datetime | None,
    person_id: UUID | None = None,
) -> Token:
    """Stores a new token. Raises `InvalidInput` for an empty or overlong name."""
    row = await conn.fetchrow(
        f"""
        insert into tokens (org_id, id, name, role, secret_hash, created_by, expires_at, person_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        returning {_FIELDS}
        """,  # noqa: S608 (constant columns)
        org_id,
        token_id,
        name,
        role,
        secret_hash,
        created_by,
        expires_at,
        person_id,
    )
    added = to_model(Token, row)
    assert added is not None
    return added


async def everyone(conn: Connection, org_id: UUID) -> list[Token]:
    """All tokens of the organisation, oldest first, revoked and expired ones included."""
    return to_models(
        Token,
        await conn.fetch(
            f"select {_FIELDS} from tokens where org_id = $1 order by created_at, id",  # noqa: S608 (constant columns)
            org_id,
        ),
    )


async def lock(conn: Connection, org_id: UUID, token_id: UUID) -> Token | None:
    """The token, held against other changes until the end of the transaction; or None."""
    return to_model(
        Token,
        await conn.fetchrow(
            f"select {_FIELDS} from tokens where org_id = $1 and id = $2 for update",  # noqa: S608 (constant columns)
            org_id,
            token_id,
        ),
    )


async def revoke(conn: Connection, org_id: UUID, token_id: UUID) -> None:
    """From now on the token opens nothing. Revoking again keeps the first moment."""
    await conn.execute("select end_token($2) where current_org() = $1", org_id, token_id)


async def change(
    conn: Connection, org_id: UUID, token_id: UUID, role: Role, expires_at: datetime | None, person_id: UUID | None
) -> None:
    """Makes a usable token what is said."""
    await conn.execute(
        "select change_token($2, $3, $4, $5) where current_org() = $1", org_id, token_id, role, expires_at, person_id
    )


async def expire_within(conn: Connection, org_id: UUID, token_id: UUID, longest: timedelta) -> None:
    """The token ends this much later at the latest; an earlier end stays."""
    await conn.execute(
        """
        update tokens set expires_at = least(expires_at, now() + $3::interval), version = version + 1
         where org_id = $1 and id = $2
        """,
        org_id,
        token_id,
        longest,
    )
