"""What accounts did, as facts: of which kinds."""

from collections.abc import Collection
from uuid import UUID

from ovia_shared.database.pool import Connection


async def kinds_done(
    conn: Connection, org_id: UUID, identity_ids: Collection[UUID], kinds: Collection[str]
) -> set[str]:
    """Of these kinds those of which there is a fact, as believed now, that one of these accounts is the actor of."""
    rows = await conn.fetch(
        """
        select wanted.kind from unnest($3::text[]) wanted (kind)
         where exists (
             select from facts f
              where f.org_id = $1 and f.kind = wanted.kind and f.known_to = 'infinity'
                and f.actor_identity_id = any($2::uuid[]))
        """,
        org_id,
        list(identity_ids),
        sorted(kinds),
    )
    return {row["kind"] for row in rows}
