"""Connections: the sources of an organisation, and their sealed credentials."""

from collections.abc import Callable
from uuid import UUID

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_model, to_models
from ovia_shared.models.connection import ConnectionKind, SourceConnection

_FIELDS = "id, kind, name, base_url, settings, status, created_at, updated_at"


async def ensure(conn: Connection, org_id: UUID, kind: ConnectionKind | str, name: str, base_url: str) -> UUID:
    """The id of the connection to this address, made if there is none. A known one keeps its name.

    `base_url` must carry no credentials. Raises `InvalidInput` for an unknown kind or an overlong value.
    """
    connection_id: UUID = await conn.fetchval(
        """
        with added as (
            insert into connections (org_id, id, kind, name, base_url) values ($1, $2, $3, $4, $5)
                on conflict (org_id, kind, base_url) do nothing
            returning id
        )
        select id from added
         union all
        select id from connections where org_id = $1 and kind = $3 and base_url = $5
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
    """This connection, or None."""
    return to_model(
        SourceConnection,
        await conn.fetchrow(
            f"select {_FIELDS} from connections where org_id = $1 and id = $2",  # noqa: S608 (constant columns)
            org_id,
            connection_id,
        ),
    )


async def everyone(conn: Connection, org_id: UUID) -> list[SourceConnection]:
    """All connections of the organisation, by kind and address."""
    return to_models(
        SourceConnection,
        await conn.fetch(
            f"select {_FIELDS} from connections where org_id = $1 order by kind, base_url",  # noqa: S608 (constant columns)
            org_id,
        ),
    )


async def credentials(conn: Connection, org_id: UUID, connection_id: UUID) -> bytes | None:
    """The sealed credentials, for `CredentialsVault.open`; None if the connection has none or is not there."""
    sealed: bytes | None = await conn.fetchval(
        "select credentials from connections where org_id = $1 and id = $2", org_id, connection_id
    )
    return sealed


async def set_credentials(conn: Connection, org_id: UUID, connection_id: UUID, sealed: bytes | None) -> bool:
    """Stores credentials sealed by `CredentialsVault.seal`, or removes them. False if there is no such connection."""
    outcome = await conn.execute(
        "update connections set credentials = $3, updated_at = now() where org_id = $1 and id = $2",
        org_id,
        connection_id,
        sealed,
    )
    return outcome != "UPDATE 0"


async def reseal_all(conn: Connection, org_id: UUID, reseal: Callable[[bytes], bytes]) -> int:
    """Puts every credential of the organisation through `reseal` and returns how many there were.

    One that cannot be resealed raises and, with the transaction, leaves all as they were.
    """
    rows = await conn.fetch(
        "select id, credentials from connections where org_id = $1 and credentials is not null order by id for update",
        org_id,
    )
    # updated_at stays: the credentials are the same, only the key around them is another.
    await conn.executemany(
        "update connections set credentials = $3 where org_id = $1 and id = $2",
        [(org_id, row["id"], reseal(row["credentials"])) for row in rows],
    )
    return len(rows)


async def at_address(
    conn: Connection, org_id: UUID, kind: ConnectionKind | str, base_url: str
) -> SourceConnection | None:
    """The connection of this kind to this address, or None."""
    return to_model(
        SourceConnection,
        await conn.fetchrow(
            f"select {_FIELDS} from connections where org_id = $1 and kind = $2 and base_url = $3",  # noqa: S608 (constant columns)
            org_id,
            kind,
            base_url,
        ),
    )
