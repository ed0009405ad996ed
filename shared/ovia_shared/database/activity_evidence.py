"""What accounts did, as evidence for matching: where they were active, and who was active on the same days."""

from collections.abc import Sequence
from uuid import UUID

from ovia_shared.database.pool import Connection

# Beyond so many accounts there is enough else to tell people by, and the question would take longer than matching.
AT_MOST = 20_000
# Two accounts of one source both active on so many days of the same are two people; fewer may be chance.
DAYS_AT_ONCE = 5

_DID = """
    select author_identity_id as identity_id, project_external_id as place, connection_id, created_at as at
      from merge_requests where org_id = $1 and author_identity_id = any($2)
    union all
    select reporter_identity_id, project_external_id, connection_id, created_at
      from work_items where org_id = $1 and reporter_identity_id = any($2)
    union all
    select e.actor_identity_id, m.project_external_id, e.connection_id, e.occurred_at
      from merge_request_events e
      join merge_requests m on m.org_id = e.org_id and m.connection_id = e.connection_id
                           and m.external_id = e.merge_request_external_id
     where e.org_id = $1 and e.actor_identity_id = any($2)
    union all
    select author_identity_id, project_external_id, connection_id, created_at
      from documents where org_id = $1 and author_identity_id = any($2)
    union all
    select author_identity_id, connection_id::text, connection_id, authored_at
      from commits where org_id = $1 and author_identity_id = any($2)
    union all
    select actor_identity_id, w.project_external_id, t.connection_id, t.occurred_at
      from work_item_transitions t
      join work_items w on w.org_id = t.org_id and w.connection_id = t.connection_id
                       and w.external_id = t.work_item_external_id
     where t.org_id = $1 and t.actor_identity_id = any($2)
"""
# Being given work says where somebody is active, not when.
_ACTED = f"""{_DID}
    union all
    select assignee_identity_id, project_external_id, connection_id, updated_at
      from work_items where org_id = $1 and assignee_identity_id = any($2)
"""  # noqa: S608 (constants)


async def places(conn: Connection, org_id: UUID, ids: Sequence[UUID], count: int) -> dict[UUID, frozenset[str]]:
    """The projects, repositories and spaces each account was active in; nothing where there are too many accounts.

    Only within one connection can places be compared, so evidence is for accounts of one source and its kin.
    """
    if not ids or count > AT_MOST:
        return {}
    rows = await conn.fetch(
        f"""
        select identity_id, array_agg(distinct connection_id::text || ' ' || place) as places
          from ({_ACTED}) acted
         where place is not null group by identity_id
        """,  # noqa: S608 (a constant)
        org_id,
        list(ids),
    )
    return {row["identity_id"]: frozenset(row["places"]) for row in rows}


async def at_once(conn: Connection, org_id: UUID, ids: Sequence[UUID], count: int) -> frozenset[tuple[UUID, UUID]]:
    """Pairs of accounts of one source and one name that were both active on several of the same days."""
    if not ids or count > AT_MOST:
        return frozenset()
    rows = await conn.fetch(
        f"""
        with days as materialized (
            select distinct a.identity_id, a.at::date as day, i.source, lower(i.display_name) as name
              from ({_ACTED}) a join identities i on i.org_id = $1 and i.id = a.identity_id
             where a.at is not null and i.username is not null)
        select one.identity_id as a, other.identity_id as b
          from days one
          join days other on other.source = one.source and other.day = one.day and other.name = one.name
                         and other.identity_id > one.identity_id
         group by 1, 2 having count(*) >= {DAYS_AT_ONCE}
        """,  # noqa: S608 (constants)
        org_id,
        list(ids),
    )
    return frozenset((row["a"], row["b"]) for row in rows)


async def habits(
    conn: Connection, org_id: UUID, ids: Sequence[UUID], at_least: int
) -> dict[UUID, tuple[int, int, int]]:
    """Of accounts that did at least so much: how much, in how many hours of the day (UTC) at least a hundredth of it,
    and how much within the busiest minute. Nothing where there are too many accounts."""
    if not ids or len(ids) > AT_MOST:
        return {}
    rows = await conn.fetch(
        f"""
        with did as materialized (select identity_id, at from ({_DID}) acted where at is not null),
             total as (select identity_id, count(*) as n from did group by 1 having count(*) >= $3),
             minutes as (
                 select identity_id, max(n) as busiest
                   from (select identity_id, count(*) as n from did group by identity_id, date_trunc('minute', at)) m
                  group by 1),
             hours as (
                 select identity_id, extract(hour from at at time zone 'UTC') as hour, count(*) as n
                   from did group by 1, 2)
        select t.identity_id, t.n, count(*) filter (where h.n * 100 >= t.n) as hours, m.busiest
          from total t join hours h using (identity_id) join minutes m using (identity_id)
         group by t.identity_id, t.n, m.busiest
        """,  # noqa: S608 (constants)
        org_id,
        list(ids),
        at_least,
    )
    return {row["identity_id"]: (row["n"], row["hours"], row["busiest"]) for row in rows}
