"""Orphans as they are read: identities without an active mapping.

See `mappings` for how statements are put together.
"""

from typing import Any
from uuid import UUID

from ovia_shared.database import search
from ovia_shared.database.pool import Connection
from ovia_shared.models.orphan import Orphan, OrphanFilter, OrphanPosition

_FIELDS = "i.id, i.source, i.external_id, i.username, i.email, i.display_name, i.service_account, i.created_at"
# The few are listed apart; `offset 0` keeps their accounts from being joined the other way round, many to few.
_FROM = """
  from unmapped_identities u
 cross join lateral (select * from identities where org_id = $1 and id = u.identity_id offset 0) as i
 where u.org_id = $1
"""


async def find(
    conn: Connection, org_id: UUID, wanted: OrphanFilter, after: OrphanPosition | None, most: int
) -> list[Orphan]:
    """At most `most` orphans behind `after`, in the order they were first seen."""
    values: list[Any] = [org_id]
    conditions = _conditions(wanted, values)
    if after is not None:
        values.append(after.id)
        conditions += f" and u.identity_id > ${len(values)}"
    rows = await conn.fetch(
        f"select {_FIELDS} {_FROM}{conditions} order by u.identity_id limit {int(most)}",
        *values,
    )
    return [Orphan(*row) for row in rows]


async def count(conn: Connection, org_id: UUID, wanted: OrphanFilter) -> int:
    """How many orphans the filter lets through, exactly."""
    values: list[Any] = [org_id]
    conditions = _conditions(wanted, values)
    source = _FROM if conditions else "from unmapped_identities where org_id = $1"
    total: int = await conn.fetchval(f"select count(*) {source}{conditions}", *values)
    return total


def _conditions(wanted: OrphanFilter, values: list[Any]) -> str:
    conditions = search.of_identity(wanted.words, values)
    for column in ("source", "service_account"):
        if (value := getattr(wanted, column)) is not None:
            values.append(value)
            conditions += f" and i.{column} = ${len(values)}"
    return conditions
