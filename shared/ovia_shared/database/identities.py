"""Identities: accounts as the sources show them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import load_temporary, to_models
from ovia_shared.models.identity import NewIdentity
from ovia_shared.models.mapping import Identity


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
                _attributes(identity),
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


async def observe(conn: Connection, org_id: UUID, seen: Sequence[NewIdentity]) -> dict[tuple[str, str], UUID]:
    """Stores accounts as they were just seen, and returns the id of each, by (source, external_id).

    A known one takes what is new: values that were shown replace older ones, values that were not shown stay, and a
    display name that was replaced is kept in `attributes.previous_names`. An account once known to be no person's
    stays so. Each (source, external_id) may come once only.
    """
    ordered = sorted(seen, key=lambda identity: (identity.source, identity.external_id))
    await conn.execute(
        """
        insert into identities as i
               (org_id, id, source, external_id, username, email, display_name, service_account, attributes)
        select $1, u.* from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                                   $8::boolean[], $9::jsonb[]) u
            on conflict (org_id, source, external_id) do update
           set username = coalesce(excluded.username, i.username),
               email = coalesce(excluded.email, i.email),
               display_name = coalesce(excluded.display_name, i.display_name),
               service_account = case when i.service_account_by is null
                   then i.service_account or excluded.service_account else i.service_account end,
               attributes = case when i.display_name <> excluded.display_name
                   then jsonb_set(i.attributes || excluded.attributes, '{previous_names}',
                       coalesce(i.attributes -> 'previous_names', '[]') - i.display_name || to_jsonb(i.display_name))
                   else i.attributes || excluded.attributes end,
               updated_at = now()
         where i.username is distinct from coalesce(excluded.username, i.username)
            or i.email is distinct from coalesce(excluded.email, i.email)
            or i.display_name is distinct from coalesce(excluded.display_name, i.display_name)
            or (i.service_account < excluded.service_account and i.service_account_by is null)
            or i.attributes <> i.attributes || excluded.attributes
        """,
        org_id,
        [new_id() for _ in ordered],
        [identity.source for identity in ordered],
        [identity.external_id for identity in ordered],
        [identity.username for identity in ordered],
        [identity.email for identity in ordered],
        [identity.display_name for identity in ordered],
        [identity.service_account for identity in ordered],
        [_attributes(identity) for identity in ordered],
    )
    rows = await conn.fetch(
        """
        select i.source, i.external_id, i.id
          from unnest($2::text[], $3::text[]) n (source, external_id)
          join identities i on i.org_id = $1 and i.source = n.source and i.external_id = n.external_id
        """,
        org_id,
        [identity.source for identity in ordered],
        [identity.external_id for identity in ordered],
    )
    return {(row["source"], row["external_id"]): row["id"] for row in rows}


def _attributes(identity: NewIdentity) -> dict[str, Any]:
    attributes = {"notes": identity.notes or None, "active": identity.active, "machine": identity.machine_reason}
    return {name: value for name, value in attributes.items() if value is not None}


async def named(conn: Connection, org_id: UUID, ids: Sequence[UUID]) -> list[Identity]:
    """These accounts, in no order."""
    rows = await conn.fetch(
        """
        select id, source, external_id, username, email, display_name, service_account
          from identities where org_id = $1 and id = any($2)
        """,
        org_id,
        list(ids),
    )
    return to_models(Identity, rows)


async def exists(conn: Connection, org_id: UUID, identity_id: UUID) -> bool:
    """Whether there is such an account."""
    return bool(await named(conn, org_id, [identity_id]))
