"""Projects whose facts of deployments may be others than before.

Most merge requests and work items change nothing about deployments: only those whose commit was deployed, fixes and
incidents do, be it that they are now or that they were when facts were last derived.
"""

from ovia_shared.database.facts.seen import changed, learnt
from ovia_shared.database.facts.words import end, incident, labelled, landed, place

EVERYTHING = """
    select j.connection_id, j.external_id from projects j where j.org_id = $1
    union
    select d.connection_id, d.project_external_id from deployments d where d.org_id = $1
    union
    select r.connection_id, r.project_external_id from releases r where r.org_id = $1
    union
    select p.connection_id, p.project_external_id from production_deployments p where p.org_id = $1
"""

_SHAS = "(m.merge_commit_sha, m.squash_commit_sha, m.head_sha)"


# $4 is the settings here, and $2 where facts are derived.
def _now(condition: str) -> str:
    return condition.replace("$2::jsonb", "$4::jsonb")


# Merge requests that may have become fixes, or ceased to be: they changed, or what they name did, or where they belong.
_SUSPECTS = f"""
    insert into suspects
    with items as materialized (
        select w.connection_id, w.external_id from work_items w where {changed("w")}
        union
        select k.connection_id, k.work_item_external_id from work_item_keys k where {changed("k")}
        union
        select i.connection_id, i.external_id
          from deployment_corrections c
          join corrected_incidents i on i.org_id = $1 and i.correction_id = c.id
         where {changed("c")}
        union
        {learnt("work_item.done")}
    ), incidents as materialized (
        select w.connection_id, w.external_id, w.key
          from items i
          join work_items w on w.org_id = $1 and w.connection_id = i.connection_id and w.external_id = i.external_id
         where {_now(incident("w"))}
    ), naming as (
        select i.key from incidents i
        union
        select k.key
          from incidents i
          join work_item_keys k on k.org_id = $1 and k.connection_id = i.connection_id
                               and k.work_item_external_id = i.external_id
    ), naming_requests as materialized (
        select r.connection_id, r.subject_external_id as external_id
          from source_references r
         where {changed("r")} and r.subject_kind = 'merge_request' and r.target_kind = 'work_item'
        union
        select r.connection_id, r.subject_external_id
          from naming n
          join source_references r on r.org_id = $1 and r.target_kind = 'work_item' and r.target = n.key
                                  and r.subject_kind = 'merge_request'
    )
    select m.connection_id, m.external_id from merge_requests m where {changed("m")}
    union
    select * from naming_requests
    union
    select p.connection_id, p.merge_request_external_id
      from items i
      join production_fixes p on p.org_id = $1 and p.incident_connection_id = i.connection_id
                             and p.incident_external_id = i.external_id
    union
    select m.connection_id, m.external_id
      from projects j
      join merge_requests m on m.org_id = $1 and m.connection_id = j.connection_id
                           and m.project_external_id = j.external_id and m.merged_at is not null
     where {changed("j")}
"""
_TABLE = """
    create temporary table if not exists suspects (
        connection_id uuid, external_id text, primary key (connection_id, external_id)) on commit drop
"""
BEFORE_CHANGED = (_TABLE, "truncate suspects", _SUSPECTS, "analyze suspects")
BEFORE_EVERYTHING = (
    _TABLE,
    "truncate suspects",
    "insert into suspects select m.connection_id, m.external_id from merge_requests m where m.org_id = $1",
    "analyze suspects",
)

# `spots` are changed merge requests; where a deployment ends at one that is elsewhere now, its project is touched.
CHANGED = f"""
    with requests as materialized (
        select m.connection_id, m.external_id from merge_requests m where {changed("m")}
    ), spots as materialized (
        select m.connection_id, m.external_id, m.project_external_id, m.merged_at, m.merge_commit_sha,
               m.squash_commit_sha, m.head_sha, coalesce({landed("m")}, false) as landed
          from requests r
          join merge_requests m on m.org_id = $1 and m.connection_id = r.connection_id
                               and m.external_id = r.external_id
          left join projects j on j.org_id = $1 and j.connection_id = m.connection_id
                              and j.external_id = m.project_external_id
    )
    select d.connection_id, d.project_external_id from deployments d where {changed("d")}
    union
    select p.connection_id, p.project_external_id
      from deployments d
      join production_deployments p
        on p.org_id = $1 and p.id = md5(d.connection_id || ' environments ' || d.external_id)::uuid
     where {changed("d")}
    union
    select e.connection_id, e.project_external_id from environments e where {changed("e")}
    union
    select r.connection_id, r.project_external_id from releases r where {changed("r")}
    union
    select p.connection_id, p.project_external_id
      from releases r
      join production_deployments p
        on p.org_id = $1 and p.id in (md5(r.connection_id || ' releases ' || r.external_id)::uuid,
                                      md5(r.connection_id || ' tags ' || r.external_id)::uuid)
     where {changed("r")}
    union
    select j.connection_id, j.external_id from projects j where {changed("j")}
    union
    select p.connection_id, p.project_external_id
      from deployment_corrections c
      join production_deployments p on p.org_id = $1 and p.id = c.deployment_id
     where {changed("c")}
    union
    select p.connection_id, p.project_external_id
      from spots m
      join production_deployments p on p.org_id = $1 and p.connection_id = m.connection_id
                                   and p.project_external_id = m.project_external_id
                                   and p.sha in {_SHAS}
     where m.landed and (p.until_at is null or {end("p", "until")} < {place("m")})
    union
    select p.connection_id, p.project_external_id
      from spots m
      join production_deployments p on p.org_id = $1 and p.connection_id = m.connection_id
                                   and p.until_id = m.external_id
     where not (m.landed and p.project_external_id = m.project_external_id and p.until_at = m.merged_at
                and coalesce(p.sha in {_SHAS}, false))
    union
    select p.connection_id, p.project_external_id
      from suspects m
      join production_fixes p on p.org_id = $1 and p.connection_id = m.connection_id
                             and p.merge_request_external_id = m.external_id
    union
    select m.connection_id, m.project_external_id
      from suspects r
      join merge_requests m on m.org_id = $1 and m.connection_id = r.connection_id and m.external_id = r.external_id
      join projects j on j.org_id = $1 and j.connection_id = m.connection_id and j.external_id = m.project_external_id
     where {landed("m")}
       and ({_now(labelled("m.labels", "$2::jsonb->'production'->'fix_labels'"))}
            or m.source_branch ~ ($4::jsonb->'production'->>'fix_branches')
            or exists (
                select from source_references s
                  join lateral (
                      select w.connection_id, w.external_id from work_items w where w.org_id = $1 and w.key = s.target
                      union all
                      select k.connection_id, k.work_item_external_id from work_item_keys k
                       where k.org_id = $1 and k.key = s.target) t on true
                  join work_items w on w.org_id = $1 and w.connection_id = t.connection_id
                                   and w.external_id = t.external_id
                 where s.org_id = $1 and s.connection_id = m.connection_id and s.subject_kind = 'merge_request'
                   and s.subject_external_id = m.external_id and s.target_kind = 'work_item'
                   and s.removed_at is null and w.removed_at is null and {_now(incident("w"))}))
"""
