"""Orphans as they are read: identities without an active mapping.

See `mappings` for how statements are put together.
"""

from typing import Any
from uuid import UUID

from ovia_shared.database import search
from ovia_shared.database.pool import Connection
from ovia_shared.models.orphan import Orphan, OrphanFilter, OrphanPosition

_ACTIVE = "known_to = 'infinity' and valid_to is null and status <> 'rejected'"
# Ids alone: they are found in two indexes side by side. Nearly all accounts are mapped, so reading the row of each
# on the way to the few that are not would be most of the work.
_IDS = f"""
select i.id
  from identities i
 where i.org_id = $1
   and not exists (select from mappings m where m.org_id = $1 and m.identity_id = i.id and {_ACTIVE})
"""  # noqa: S608 (a fixed fragment)
# `offset 0` keeps this a look-up of each id; merged with the join above, it would read every account again.
_ROWS = "cross join lateral (select * from identities where org_id = $1 and id = orphan.id offset 0) as i"
_FIELDS = "i.id, i.source, i.external_id, i.username, i.email, i.display_name, i.service_account, i.created_at"


async def find(
    conn: Connection, org_id: UUID, wanted: OrphanFilter, after: OrphanPosition | None, most: int
) -> list[Orphan]:
    """At most `most` orphans behind `after`, in the order they were first seen."""
    values: list[Any] = [org_id]
    conditions = search.of_identity(wanted.words, values)
    if after is not None:
        values.append(after.id)
        conditions += f" and i.id > ${len(values)}"
    columns = _column_conditions(wanted, values)
    limit = f"limit {int(most)}"
    rows = await conn.fetch(
        f"""
        with orphan as materialized ({_IDS}{conditions} order by i.id {"" if columns else limit})
        select {_FIELDS}
          from orphan {_ROWS} where true{columns}
         order by orphan.id {limit}
        """,  # noqa: S608 (fixed fragments)
        *values,
    )
    return [Orphan(*row) for row in rows]


async def count(conn: Connection, org_id: UUID, wanted: OrphanFilter) -> int:
    """How many orphans the filter lets through, exactly."""
    values: list[Any] = [org_id]
    conditions = search.of_identity(wanted.words, values)
    columns = _column_conditions(wanted, values)
    if not conditions and not columns:
        # An identity has one active mapping or none, so the difference of two index-only counts is the answer.
        statement = f"""
        select (select count(*) from identities where org_id = $1)
             - (select count(*) from mappings where org_id = $1 and {_ACTIVE})
        """  # noqa: S608 (a fixed fragment)
    else:
        statement = f"""
        with orphan as materialized ({_IDS}{conditions})
        select count(*) from orphan {_ROWS if columns else ""} where true{columns}
        """  # noqa: S608 (fixed fragments)
    total: int = await conn.fetchval(statement, *values)
    return total


def _column_conditions(wanted: OrphanFilter, values: list[Any]) -> str:
    conditions = ""
    for column in ("source", "service_account"):
        if (value := getattr(wanted, column)) is not None:
            values.append(value)
            conditions += f" and i.{column} = ${len(values)}"
    return conditions
