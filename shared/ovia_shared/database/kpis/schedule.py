"""When numbers were last kept ready, and from when on there is anything to count."""

from datetime import datetime
from uuid import UUID

import msgspec

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.errors import Conflict


class LatestValue(msgspec.Struct, frozen=True, kw_only=True):
    """A number of the latest snapshot of an organisation, product or team; `age_seconds` since it was taken."""

    scope_kind: str
    scope_id: str
    scope: str
    kpi: str
    answer: str
    age_seconds: float


class Taken(msgspec.Struct, frozen=True):
    """When the first and the latest snapshot of the organisation were taken, and whether facts changed since."""

    first: datetime
    latest: datetime
    changed: bool


async def taken(conn: Connection, org_id: UUID) -> Taken | None:
    """None if there was never a snapshot."""
    row = await conn.fetchrow(
        """
        select (select min(created_at) from receipts r
                 where r.org_id = $1 and r.kpi = 'delivery_health' and r.scope_kind = 'organisation') as first,
               min(s.right_as_of) as latest
          from snapshots s
         where s.org_id = $1 and s.scope_kind = 'organisation' and s.scope_id = '' and s.grain = 'latest'
        """,
        org_id,
    )
    if row is None or row["latest"] is None:
        return None
    changed = await conn.fetchval(
        """
        select exists (select from derivations d where d.org_id = $1 and d.changed_at > $2)
        """,
        org_id,
        row["latest"],
    )
    return Taken(row["first"] or row["latest"], row["latest"], changed)


class Busy(Conflict):
    """Somebody else takes snapshots of this organisation."""


async def lock(conn: Connection, org_id: UUID, *, wait: bool) -> None:
    """One at a time takes snapshots of an organisation, until its transaction ends. Raises `Busy` unless it waits."""
    if wait:
        await conn.execute("select pg_advisory_xact_lock(hashtextextended('snapshots ' || $1, 0))", str(org_id))
    elif not await conn.fetchval(
        "select pg_try_advisory_xact_lock(hashtextextended('snapshots ' || $1, 0))", str(org_id)
    ):
        raise Busy("somebody else takes snapshots of this organisation")


async def beginning(conn: Connection, org_id: UUID) -> datetime | None:
    """When the first thing happened that is believed; None if nothing is."""
    found: datetime | None = await conn.fetchval(
        """
        select min(first) from (
            select (select f.occurred_at from facts f
                     where f.org_id = $1 and f.kind = k.kind and f.known_to = 'infinity'
                     order by f.occurred_at limit 1) as first
              from (select unnest($2::text[]) as kind) k) every
        """,
        org_id,
        ["work_item.created", "merge_request.open", "merge_request.merged", "pipeline.finished", "deployment.finished"],
    )
    return found


async def latest_values(conn: Connection, org_id: UUID) -> list[LatestValue]:
    """Of the organisation, its products and its teams."""
    rows = await conn.fetch(
        """
        select s.scope_kind, s.scope_id, coalesce(p.name, t.name, '') as scope, s.kpi, r.answer,
               extract(epoch from clock_timestamp() - s.right_as_of)::double precision as age_seconds
          from snapshots s
          join receipts r on r.org_id = s.org_id and r.id = s.receipt_id
          left join products p on s.scope_kind = 'product' and p.org_id = s.org_id and p.id::text = s.scope_id
                              and p.deleted_at is null
          left join teams t on s.scope_kind = 'team' and t.org_id = s.org_id and t.id::text = s.scope_id
                           and t.deleted_at is null
         where s.org_id = $1 and s.grain = 'latest'
           and s.window_end = (select max(o.window_end) from snapshots o
                                where o.org_id = s.org_id and o.scope_kind = s.scope_kind and o.scope_id = s.scope_id
                                  and o.kpi = s.kpi and o.grain = 'latest')
           and (s.scope_kind = 'organisation' or p.id is not null or t.id is not null)
           -- The numbers of a team of one are that person's.
           and (t.id is null or (select count(distinct m.person_id) from team_memberships m
                                  where m.org_id = $1 and m.team_id = t.id and m.known_to = 'infinity'
                                    and m.valid_from <= now() and (m.valid_to is null or m.valid_to > now())) <> 1)
        """,
        org_id,
    )
    return to_models(LatestValue, rows)
