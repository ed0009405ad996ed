"""Connections: the sources of an organisation, and their sealed credentials.

`managed_connections` holds what people do to them.
"""

from collections.abc import Callable
from uuid import UUID

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_model, to_models
from ovia_shared.models.connection import ConnectionKind, SourceConnection

_FIELDS = "id, kind, name, base_url, settings, status, created_at, updated_at"


async def ensure(conn: Connection, org_id: UUID, kind: ConnectionKind | str, name: str, base_url: str) -> UUID:
    """The id of the connection to this address, made if there is none. A known one keeps its name; a removed one
    is not known.

    `base_url` must carry no credentials. Raises `InvalidInput` for an unknown kind or an overlong value.
    """
    connection_id: UUID = await conn.fetchval(
        """
        with added as (
            insert into connections (org_id, id, kind, name, base_url) values ($1, $2, $3, $4, $5)
                on conflict (org_id, kind, base_url) where status in ('active', 'paused') do nothing
            returning id
        )
        select id from added
         union all
        select id from connections
         where org_id = $1 and kind = $3 and base_url = $5 and status in ('active', 'paused')
         limit 1
        """,
        org_id,
        new_id(),
        kind,
        name,
        base_url,
    )
    return connection_id


async def find(conn: Connection, org_id: UUID, connection_id: UUID) -> SourceConnection | None:
    """This connection, whatever its status, or None."""
    return to_model(
        SourceConnection,
        await conn.fetchrow(
            f"select {_FIELDS} from connections where org_id = $1 and id = $2",  # noqa: S608 (constant columns)
            org_id,
            connection_id,
        ),
    )


async def everyone(conn: Connection, org_id: UUID) -> list[SourceConnection]:
    """All connections of the organisation, whatever their status, by kind and address."""
    return to_models(
        SourceConnection,
        await conn.fetch(
            f"select {_FIELDS} from connections where org_id = $1 order by kind, base_url, id",  # noqa: S608 (constant columns)
            org_id,
        ),
    )


async def credentials(conn: Connection, org_id: UUID, connection_id: UUID) -> bytes | None:
    """The sealed credentials, for `CredentialsVault.open`; None if the connection has none or is not there."""
    sealed: bytes | None = await conn.fetchval(
        "select credentials from connections where org_id = $1 and id = $2", org_id, connection_id
    )
    return sealed


async def set_credentials(
    conn: Connection, org_id: UUID, connection_id: UUID, sealed: bytes | None, account: str | None = None
) -> bool:
    """Stores credentials sealed by `CredentialsVault.seal`, or removes them. False if there is no such connection.

    `account` is whose they are, masked, for people to recognise.
    """
    outcome = await conn.execute(
        """
        update connections set credentials = $3, account = $4, version = version + 1, updated_at = now()
         where org_id = $1 and id = $2
        """,
        org_id,
        connection_id,
        sealed,
        account,
    )
    return outcome != "UPDATE 0"


async def reseal_all(conn: Connection, org_id: UUID, reseal: Callable[[bytes], bytes]) -> int:
    """Puts all credentials and webhook secrets of the organisation through `reseal`; returns of how many connections.

    One that cannot be resealed raises and, with the transaction, leaves all as they were.
    """
    rows = await conn.fetch(
        """
        select id, credentials, webhook_secret from connections
         where org_id = $1 and (credentials is not null or webhook_secret is not null) order by id for no key update
        """,
        org_id,
    )
    # updated_at stays: the secrets are the same, only the key around them is another.
    await conn.executemany(
        "update connections set credentials = $3, webhook_secret = $4 where org_id = $1 and id = $2",
        [
            (
                org_id,
                row["id"],
                None if row["credentials"] is None else reseal(row["credentials"]),
                None if row["webhook_secret"] is None else reseal(row["webhook_secret"]),
            )
            for row in rows
        ],
    )
    return len(rows)


async def at_address(
    conn: Connection, org_id: UUID, kind: ConnectionKind | str, base_url: str
) -> SourceConnection | None:
    """The connection of this kind to this address, read or paused, or None."""
    return to_model(
        SourceConnection,
        await conn.fetchrow(
            f"""
            select {_FIELDS} from connections
             where org_id = $1 and kind = $2 and base_url = $3 and status in ('active', 'paused')
            """,  # noqa: S608 (constant columns)
            org_id,
            kind,
            base_url,
        ),
    )


async def delete_batch(conn: Connection, org_id: UUID, connection_id: UUID, most: int) -> int:
    """Deletes at most `most` rows of a connection whose status is `deleting`, from every table, itself last.

    Returns how many; 0 when nothing is left. Identities stay: people's decisions hang on them.
    """
    # The function sees the transaction's organisation and no other; the predicate says which one is meant.
    deleted: int = await conn.fetchval(
        "select case when current_org() = $1 then delete_connection_rows($2, $3) else 0 end",
        org_id,
        connection_id,
        most,
    )
    return deleted
