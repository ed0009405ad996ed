"""Identities: accounts as the sources show them."""

from collections.abc import Sequence
from uuid import UUID

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import load_temporary
from ovia_shared.models.identity import NewIdentity


async def ensure(conn: Connection, org_id: UUID, wanted: Sequence[NewIdentity]) -> dict[tuple[str, str], UUID]:
    """Stores the identities that are new and returns the id of each, by (source, external_id).

    Known ones are left as they are. Written in one order by everybody, so concurrent readers cannot deadlock.
    """
    ordered = sorted(wanted, key=lambda identity: (identity.source, identity.external_id))
    await load_temporary(
        conn,
        "incoming_identities",
        "id uuid, source text, external_id text, username text, email text, display_name text,"
        " service_account boolean, attributes jsonb",
        [
            (
                new_id(),
                identity.source,
                identity.external_id,
                identity.username,
                identity.email,
                identity.display_name,
                identity.service_account,
                {"notes": identity.notes} if identity.notes else {},
            )
            for identity in ordered
        ],
        ("id", "source", "external_id", "username", "email", "display_name", "service_account", "attributes"),
    )
    await conn.execute(
        """
        insert into identities
               (org_id, id, source, external_id, username, email, display_name, service_account, attributes)
        select $1, id, source, external_id, username, email, display_name, service_account, attributes
          from incoming_identities
         order by source, external_id
            on conflict do nothing
        """,
        org_id,
    )
    rows = await conn.fetch(
        """
        select i.source, i.external_id, i.id
          from incoming_identities n
          join identities i on i.org_id = $1 and i.source = n.source and i.external_id = n.external_id
        """,
        org_id,
    )
    await conn.execute("drop table incoming_identities")
    return {(row["source"], row["external_id"]): row["id"] for row in rows}
