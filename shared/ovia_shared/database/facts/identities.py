"""Facts of accounts: which ones people use. Whose they are is told by mappings, when a number is asked for."""

from ovia_shared.database.facts.seen import changed

VERSION = 1
KINDS = ("identity.account",)
# Accounts are the organisation's, of no connection.
NOWHERE = "'00000000-0000-0000-0000-000000000000'::uuid"

EVERYTHING = f"select {NOWHERE}, i.id::text from identities i where i.org_id = $1"
CHANGED = f"select {NOWHERE}, i.id::text from identities i where {changed('i', 'updated_at')}"

DERIVE = (
    f"""
    insert into derived (kind, entity_kind, connection_id, entity_id, project_external_id, actor_identity_id,
                         occurred_at, until, value, attributes)
    select 'identity.account', 'identity', {NOWHERE}, i.id::text, null, i.id, i.created_at, 'infinity', null,
           jsonb_build_object('source', i.source)
      from touched t
      join identities i on i.org_id = $1 and i.id = t.entity_id::uuid
     where not i.service_account and i.attributes->>'active' is distinct from 'false'
    """,
)


def turned(alias: str) -> str:
    """Whether an account is a person's now and was not when facts were last derived, or the other way round.

    Told by what was believed of it since then, so it does not matter which of the families was derived first.
    """
    believed = f"""select from facts f
        where f.org_id = $1 and f.kind = 'identity.account' and f.occurred_at = {alias}.created_at
          and f.connection_id = {NOWHERE} and f.entity_id = {alias}.id::text"""
    recently = "$2::timestamptz - interval '1 hour'"
    return f"""case when {alias}.service_account then exists ({believed} and f.known_to >= {recently})
        else not exists ({believed} and f.known_to = 'infinity' and f.known_from < {recently}) end"""
