"""Facts of merge requests that reached production: how long each took to get there.

Needs to know what each deployment ships, which deriving the facts of deployments finds out.
"""

from ovia_shared.database.facts.seen import changed
from ovia_shared.database.facts.words import class_of, hours, landed, place, ships

VERSION = 1
KINDS = ("change.shipped", "merge_request.deployed")

EVERYTHING = "select m.connection_id, m.external_id from merge_requests m where m.org_id = $1"
# Those that another deployment ships than before are in `changes_due`.
CHANGED = f"""
    select q.connection_id, q.external_id from changes_due q where q.org_id = $1
    union
    select m.connection_id, m.external_id from merge_requests m where {changed("m")}
    union
    select c.connection_id, c.merge_request_external_id from merge_request_commits c where {changed("c")}
    union
    select m.connection_id, m.external_id
      from projects j
      join merge_requests m on m.org_id = $1 and m.connection_id = j.connection_id
                           and m.project_external_id = j.external_id and m.merged_at is not null
     where {changed("j")}
"""

# What the deployments of one environment ship has no overlaps: the first that ends at or behind a request is the one,
# unless it begins behind it too.
DERIVE = (
    f"""
    with made as materialized (
        select m.connection_id, m.external_id, m.project_external_id, m.author_identity_id, m.merged_at,
               {class_of("m.labels")} as class
          from touched t
          join merge_requests m on m.org_id = $1 and m.connection_id = t.connection_id and m.external_id = t.entity_id
          join projects j on j.org_id = $1 and j.connection_id = m.connection_id
                         and j.external_id = m.project_external_id
         where {landed("m")}
    ), environments as materialized (
        select distinct p.connection_id, p.project_external_id, p.environment
          from (select distinct connection_id, project_external_id from made) s
          join production_deployments p on p.org_id = $1 and p.connection_id = s.connection_id
                                       and p.project_external_id = s.project_external_id
    ), first as (
        select distinct on (m.connection_id, m.external_id)
               m.*, d.external_id as deployment, d.at, c.first_commit_at
          from made m
          join environments e on e.connection_id = m.connection_id and e.project_external_id = m.project_external_id
          join lateral (
              select p.* from production_deployments p
               where p.org_id = $1 and p.connection_id = m.connection_id
                 and p.project_external_id = m.project_external_id and p.environment = e.environment
                 and p.until_at >= m.merged_at and p.ships
                 and (p.until_at, length(p.until_id), p.until_id) >= {place("m")}
               order by p.until_at, length(p.until_id), p.until_id limit 1) d on {ships("d", "m")}
          left join lateral (
              select min(c.authored_at) as first_commit_at from merge_request_commits c
               where c.org_id = $1 and c.connection_id = m.connection_id and c.removed_at is null
                 and c.merge_request_external_id = m.external_id) c on true
         order by m.connection_id, m.external_id, d.at, d.external_id
    )
    insert into derived (kind, entity_kind, connection_id, entity_id, project_external_id, actor_identity_id,
                         occurred_at, until, value, attributes)
    select 'change.shipped', 'merge_request', connection_id, external_id, project_external_id, author_identity_id, at,
           null::timestamptz, {hours("first_commit_at", "at")},
           jsonb_build_object('class', class, 'deployment', deployment)
      from first
    union all
    select 'merge_request.deployed', 'merge_request', connection_id, external_id, project_external_id,
           author_identity_id, merged_at, null, {hours("merged_at", "at")},
           jsonb_build_object('class', class, 'deployment', deployment, 'shipped_at', at,
                              'total_hours', {hours("first_commit_at", "at")})
      from first
    """,
    "delete from changes_due where org_id = $1",
)
