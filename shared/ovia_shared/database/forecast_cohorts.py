"""Items like those of a sprint or a release, at earlier moments: how long they took from there.

Of a sprint they are those of earlier sprints of its board, as far into the sprint; of a release, items of any version
in the same projects, a fortnight apart. Only what had happened before the moment asked about (`at`) is told.
"""

# ruff: noqa: S608 (every fragment comes from here)
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from ovia_shared.database.pool import Connection
from ovia_shared.models.kpi import EntityKey, ResolvedScope
from ovia_shared.models.product import ProjectKey

MOST_SPRINTS = 12
_EVERY = timedelta(days=14)

# $1 organisation, $2 the moment asked about. Facts are those believed now: only these are found by their item.
_DONE_AT = """exists (
    select from facts d
     where d.org_id = $1 and d.kind = 'work_item.done' and d.connection_id = {item}.connection_id
       and d.entity_id = {item}.entity_id and d.occurred_at < {at} and d.until >= {at}
       and d.known_to = 'infinity')"""
# `chosen` says which items at which moment; of them those count that were there and not done.
_FATES = f"""
    select c.moment, (
               select min(d.occurred_at) from facts d
                where d.org_id = $1 and d.kind = 'work_item.done' and d.connection_id = c.connection_id
                  and d.entity_id = c.entity_id and d.occurred_at >= c.moment and d.occurred_at < $2 and d.until >= $2
                  and d.known_to = 'infinity') as done_at
      from chosen c
     where exists (
               select from facts f
                where f.org_id = $1 and f.kind = 'work_item.created' and f.connection_id = c.connection_id
                  and f.entity_id = c.entity_id and f.occurred_at < c.moment and f.known_to = 'infinity')
       and not {_DONE_AT.format(item="c", at="c.moment")}
     order by 1, 2
"""


class Fate(NamedTuple):
    """An item that was open at `moment`, and when it was done; None: not before the moment asked about."""

    moment: datetime
    done_at: datetime | None


async def of_sprint(conn: Connection, org_id: UUID, scope: ResolvedScope, at: datetime) -> list[Fate]:
    """Of earlier sprints of the board, or of the project where a sprint has no board."""
    connection_id, _, external_id = scope.id.partition(":")
    rows = await conn.fetch(
        f"""
        with this as (
            select * from sprints where org_id = $1 and connection_id = $3 and external_id = $4
        ), earlier as (
            select s.connection_id, s.external_id,
                   s.start_at + greatest(interval '0', coalesce($2 - t.start_at, interval '0')) as moment
              from this t
              join sprints s on s.org_id = $1 and s.connection_id = t.connection_id
                            and s.external_id <> t.external_id and s.removed_at is null
                            and s.board_external_id is not distinct from t.board_external_id
                            and (t.board_external_id is not null
                                 or s.project_external_id is not distinct from t.project_external_id)
             where s.start_at < least(coalesce(t.start_at, $2), $2)
               and s.start_at + greatest(interval '0', coalesce($2 - t.start_at, interval '0')) < $2
             order by s.start_at desc, s.external_id limit {MOST_SPRINTS}
        ), chosen as (
            select distinct e.moment, m.connection_id, m.work_item_external_id as entity_id
              from earlier e
              join sprint_memberships m on m.org_id = $1 and m.connection_id = e.connection_id
                                       and m.sprint_external_id = e.external_id and m.removed_at is null
             where (m.added_at is null or m.added_at <= e.moment) and (m.left_at is null or m.left_at > e.moment)
        )
        {_FATES}
        """,
        org_id,
        at,
        UUID(connection_id),
        external_id,
    )
    return [Fate(*row) for row in rows]


async def of_release(conn: Connection, org_id: UUID, projects: list[ProjectKey], at: datetime, days: int) -> list[Fate]:
    """Of items of any version in these projects, open at moments of the last so many days."""
    moments = [at - _EVERY * number for number in range(1, days // _EVERY.days + 1)]
    rows = await conn.fetch(
        f"""
        with chosen as (
            select m.moment, w.connection_id, w.external_id as entity_id
              from unnest($3::uuid[], $4::text[]) p (connection_id, external_id)
              join work_items w on w.org_id = $1 and w.connection_id = p.connection_id
                               and w.project_external_id = p.external_id
             cross join unnest($5::timestamptz[]) m (moment)
             where w.removed_at is null and jsonb_array_length(w.fix_versions) > 0
        )
        {_FATES}
        """,
        org_id,
        at,
        [one.connection_id for one in projects],
        [one.external_id for one in projects],
        moments,
    )
    return [Fate(*row) for row in rows]


async def open_keys(conn: Connection, org_id: UUID, scope: ResolvedScope, at: datetime) -> list[EntityKey]:
    """Which of the items of a sprint or release were there and not done at a moment."""
    items = [one for one in scope.items or [] if one.kind == "work_item"]
    rows = await conn.fetch(
        f"""
        select c.connection_id, c.entity_id
          from unnest($3::uuid[], $4::text[]) c (connection_id, entity_id)
         where exists (
                   select from facts f
                    where f.org_id = $1 and f.kind = 'work_item.created' and f.connection_id = c.connection_id
                      and f.entity_id = c.entity_id and f.occurred_at < $2 and f.known_to = 'infinity')
           and not {_DONE_AT.format(item="c", at="$2")}
         order by 1, 2
        """,
        org_id,
        at,
        [one.connection_id for one in items],
        [one.external_id for one in items],
    )
    return [EntityKey("work_item", *row) for row in rows]
