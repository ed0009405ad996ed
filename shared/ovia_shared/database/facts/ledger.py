"""The ledger: what is believed of the entities at hand is compared with what was derived anew, and only that changes.

A derivation fills two temporary tables: `touched`, the entities it looked at, and `derived`, all facts that hold for
them. Facts believed of touched entities and not derived are closed; derived ones not believed are added.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.setting import FactChange

_TABLES = """
    create temporary table if not exists touched (
        connection_id uuid not null, entity_id text not null, primary key (connection_id, entity_id)
    ) on commit drop;
    create temporary table if not exists derived (
        kind text not null, entity_kind text not null, connection_id uuid not null, entity_id text not null,
        project_external_id text, actor_identity_id uuid, occurred_at timestamptz not null, until timestamptz,
        value double precision, attributes jsonb not null,
        row_hash uuid
    ) on commit drop;
    truncate touched, derived;
"""
# A UUIDv7, as new_id makes them, for rows that never leave the server: $4 is its first 48 bits, the time, in hex.
_NEW_ID = "overlay(overlay(gen_random_uuid()::text placing $4 from 1 for 13) placing '7' from 15 for 1)::uuid"


class Difference(NamedTuple):
    """How many facts were added and closed."""

    added: int
    closed: int


async def begin(conn: Connection) -> None:
    """Empty tables for a derivation. Times become text in UTC, so that equal facts have equal hashes everywhere."""
    await conn.execute("set local time zone 'UTC'")
    await conn.execute("set local work_mem = '64MB'")
    await conn.execute(_TABLES)


async def settle(conn: Connection, org_id: UUID, kinds: tuple[str, ...], version: int, moment: datetime) -> Difference:
    """Makes the ledger say what was derived, as of `moment`."""
    await conn.execute(
        """
        update derived
           set row_hash = md5(row(kind, connection_id, entity_id, project_external_id, actor_identity_id,
                                  occurred_at, until, value, attributes)::text)::uuid
        """
    )
    await conn.execute("create index if not exists derived_by_entity on derived (connection_id, entity_id, kind)")
    await conn.execute("analyze touched, derived")
    closed = await conn.execute(
        """
        update facts f set known_to = $2
          from touched t
         where f.org_id = $1 and f.kind = any($3) and f.known_to = 'infinity'
           and f.connection_id = t.connection_id and f.entity_id = t.entity_id
           and not exists (
               select from derived d
                where d.connection_id = f.connection_id and d.entity_id = f.entity_id and d.kind = f.kind
                  and d.row_hash = f.row_hash)
        """,
        org_id,
        moment,
        list(kinds),
    )
    added = await conn.execute(
        f"""
        insert into facts (org_id, id, kind, entity_kind, connection_id, entity_id, project_external_id,
                           actor_identity_id, occurred_at, until, value, attributes, derivation_version, row_hash,
                           known_from)
        select $1, {_NEW_ID}, d.kind, d.entity_kind, d.connection_id, d.entity_id, d.project_external_id,
               d.actor_identity_id, d.occurred_at, d.until, d.value, d.attributes, $3, d.row_hash, $2
          from (select distinct on (connection_id, entity_id, kind, row_hash) * from derived
                 order by connection_id, entity_id, kind, row_hash) d
            on conflict (org_id, kind, connection_id, entity_id, row_hash) where known_to = 'infinity' do nothing
        """,
        org_id,
        moment,
        version,
        _hex_time(moment),
    )
    return Difference(int(added.rpartition(" ")[2]), int(closed.rpartition(" ")[2]))


def _hex_time(moment: datetime) -> str:
    text = f"{int(moment.timestamp() * 1000):012x}"
    return f"{text[:8]}-{text[8:]}"


async def changed_between(conn: Connection, org_id: UUID, after: datetime, until: datetime) -> list[FactChange]:
    """By kind, what began and what ceased to be believed after one moment and until another."""
    rows = await conn.fetch(
        """
        select kind, sum(added)::integer as added, sum(closed)::integer as closed
          from (select kind, count(*) as added, 0 as closed from facts
                 where org_id = $1 and known_from > $2 and known_from <= $3 group by kind
                union all
                select kind, 0, count(*) from facts
                 where org_id = $1 and known_to > $2 and known_to <= $3 group by kind) each
         group by kind order by kind
        """,
        org_id,
        after,
        until,
    )
    return to_models(FactChange, rows)
