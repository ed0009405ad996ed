"""Facts of what reached production: deployments, what they shipped, which did harm and when that was put right.

A deployment contains the merge request whose commit it deploys and all merged into the default branch before it. All
of a project is derived at once, because one deployment more changes what the next ones are. Needs the facts of work
items: the end of an incident is when its work item was done.
"""

from ovia_shared.database.facts.seen import changed
from ovia_shared.database.facts.words import class_of, hours, labelled

VERSION = 1
KINDS = ("deployment.finished", "deployment.recovered", "change.shipped", "merge_request.deployed")
BY_PROJECT = True

EVERYTHING = "select j.connection_id, j.external_id from projects j where j.org_id = $1"
CHANGED = f"""
    select d.connection_id, d.project_external_id from deployments d where {changed("d")}
    union
    select e.connection_id, e.project_external_id from environments e where {changed("e")}
    union
    select j.connection_id, j.external_id from projects j where {changed("j")}
    union
    select m.connection_id, m.project_external_id from merge_requests m
     where {changed("m")} and m.merged_at is not null
    union
    select m.connection_id, m.project_external_id
      from merge_request_commits c
      join merge_requests m on m.org_id = $1 and m.connection_id = c.connection_id
                           and m.external_id = c.merge_request_external_id and m.merged_at is not null
     where {changed("c")}
    union
    select m.connection_id, m.project_external_id
      from source_references r
      join merge_requests m on m.org_id = $1 and m.connection_id = r.connection_id
                           and m.external_id = r.subject_external_id and m.merged_at is not null
     where {changed("r")} and r.subject_kind = 'merge_request' and r.target_kind = 'work_item'
    union
    select m.connection_id, m.project_external_id
      from (
          select w.connection_id, w.external_id from work_items w where {changed("w")}
          union
          select t.connection_id, t.work_item_external_id from work_item_transitions t where {changed("t")}) w
      join work_item_keys k on k.org_id = $1 and k.connection_id = w.connection_id
                           and k.work_item_external_id = w.external_id
      join source_references r on r.org_id = $1 and r.target_kind = 'work_item' and r.target = k.key
                              and r.subject_kind = 'merge_request'
      join merge_requests m on m.org_id = $1 and m.connection_id = r.connection_id
                           and m.external_id = r.subject_external_id and m.merged_at is not null
"""

_TABLES = """
    create temporary table if not exists line (
        connection_id uuid, project text, external_id text, environment text, sha text, actor uuid, at timestamptz,
        number bigint, after bigint, until bigint, rollback boolean, next_rollback_at timestamptz) on commit drop
"""
_MORE_TABLES = """
    create temporary table if not exists shipments (
        connection_id uuid, project text, merge_request text, author uuid, class text, created_at timestamptz,
        merged_at timestamptz, first_commit_at timestamptz, fix boolean, deployment text, environment text,
        at timestamptz) on commit drop
"""
_BLAME = """
    create temporary table if not exists blame (
        connection_id uuid, deployment text, fix_deployment text, recovered_at timestamptz) on commit drop
"""

_ORDER = """
    with made as (
        select m.connection_id, m.project_external_id, m.external_id, m.merge_commit_sha, m.squash_commit_sha,
               m.head_sha,
               row_number() over (partition by m.connection_id, m.project_external_id
                                  order by m.merged_at, length(m.external_id), m.external_id) as number
          from touched t
          join projects j on j.org_id = $1 and j.connection_id = t.connection_id and j.external_id = t.entity_id
          join merge_requests m on m.org_id = $1 and m.connection_id = j.connection_id
                               and m.project_external_id = j.external_id and m.target_branch = j.default_branch
         where m.state = 'merged' and m.merged_at is not null and m.removed_at is null
    )
"""

_LINE = f"""
    insert into line
    {_ORDER}, places as (
        select connection_id, project_external_id, sha, max(number) as number
          from made, unnest(array[merge_commit_sha, squash_commit_sha, head_sha]) sha
         where sha is not null group by connection_id, project_external_id, sha
    ), deployed as (
        select d.connection_id, d.project_external_id, d.external_id, coalesce(e.name, d.environment) as environment,
               d.sha, d.actor_identity_id, coalesce(d.finished_at, d.created_at) as at, coalesce(p.number, 0) as until
          from touched t
          join deployments d on d.org_id = $1 and d.connection_id = t.connection_id
                            and d.project_external_id = t.entity_id
          left join environments e on e.org_id = $1 and e.connection_id = d.connection_id
                                  and e.external_id = d.environment_external_id
          left join places p on p.connection_id = d.connection_id and p.project_external_id = d.project_external_id
                            and p.sha = d.sha
         where d.removed_at is null and d.status = 'success' and coalesce(d.finished_at, d.created_at) is not null
           and (e.tier = 'production' or e.tier is null and exists (
               select from jsonb_array_elements_text($2::jsonb->'production'->'environments') pattern
                where coalesce(e.name, d.environment) ~* pattern))
    ), numbered as (
        select *, row_number() over one as number, lag(sha) over one as sha_before,
               max(until) over (one rows between unbounded preceding and 1 preceding) as reached,
               row_number() over (partition by connection_id, project_external_id, environment, sha
                                  order by at, length(external_id), external_id) as time
          from deployed
        window one as (partition by connection_id, project_external_id, environment
                       order by at, length(external_id), external_id)
    ), judged as (
        select *, coalesce(time > 1 and sha <> sha_before, false) as rollback from numbered
    )
    select connection_id, project_external_id, external_id, environment, sha, actor_identity_id, at, number,
           coalesce(reached, 0), until, rollback,
           case when lead(rollback) over one then lead(at) over one end
      from judged
    window one as (partition by connection_id, project_external_id, environment order by number)
"""

_SHIPMENTS = f"""
    insert into shipments
    {_ORDER}
    select m.connection_id, m.project_external_id, m.external_id, m.author_identity_id, {class_of("m.labels")},
           m.created_at, m.merged_at, c.first_commit_at,
           {labelled("m.labels", "$2::jsonb->'production'->'fix_labels'")}
               or coalesce(m.source_branch ~ ($2::jsonb->'production'->>'fix_branches'), false),
           l.external_id, l.environment, l.at
      from made o
      join line l on l.connection_id = o.connection_id and l.project = o.project_external_id
                 and o.number > l.after and o.number <= l.until
      join merge_requests m on m.org_id = $1 and m.connection_id = o.connection_id and m.external_id = o.external_id
      left join lateral (
          select min(c.authored_at) as first_commit_at from merge_request_commits c
           where c.org_id = $1 and c.connection_id = m.connection_id and c.removed_at is null
             and c.merge_request_external_id = m.external_id) c on true
"""

# Which earlier deployment a fix mends: the last one before the incident began, or before the fix was begun.
_FIND_BLAME = f"""
    insert into blame
    with incidents as materialized (
        select w.connection_id, w.external_id, w.created_at
          from work_items w
         where w.org_id = $1 and w.removed_at is null
           and (($2::jsonb->'production'->'incident_types') ? lower(w.type)
                or {labelled("w.labels", "$2::jsonb->'production'->'incident_labels'")})
    ), names as (
        select i.connection_id, i.external_id, i.created_at, k.key
          from incidents i join work_item_keys k on k.org_id = $1 and k.connection_id = i.connection_id
                                                and k.work_item_external_id = i.external_id
        union
        select i.connection_id, i.external_id, i.created_at, w.key
          from incidents i join work_items w on w.org_id = $1 and w.connection_id = i.connection_id
                                            and w.external_id = i.external_id
    ), named as (
        select distinct s.connection_id, s.merge_request, s.deployment, n.connection_id as incident_connection,
               n.external_id as incident, n.created_at
          from shipments s
          join source_references r on r.org_id = $1 and r.connection_id = s.connection_id
                                  and r.subject_kind = 'merge_request' and r.subject_external_id = s.merge_request
                                  and r.target_kind = 'work_item' and r.removed_at is null
          join names n on n.key = r.target
    ), fixes as (
        select s.*, coalesce(n.began, s.created_at) as suspect
          from shipments s
          left join lateral (
              select min(n.created_at) filter (where n.created_at < s.merged_at) as began, count(*) as incidents
                from named n
               where n.connection_id = s.connection_id and n.merge_request = s.merge_request
                 and n.deployment = s.deployment) n on true
         where s.fix or n.incidents > 0
    )
    select f.connection_id, c.external_id, f.deployment,
           least(case when f.at >= c.at then f.at end, e.done_at)
      from fixes f
      left join lateral (
          select l.external_id, l.at from line l
           where l.connection_id = f.connection_id and l.project = f.project and l.environment = f.environment
             and l.external_id <> f.deployment and l.at <= f.suspect
           order by l.number desc limit 1) c on true
      left join lateral (
          select min(d.occurred_at) as done_at
            from named n
            join facts d on d.org_id = $1 and d.kind = 'work_item.done' and d.connection_id = n.incident_connection
                        and d.entity_id = n.incident and d.known_to = 'infinity' and d.occurred_at >= c.at
           where n.connection_id = f.connection_id and n.merge_request = f.merge_request
             and n.deployment = f.deployment) e on true
"""

_DERIVE = f"""
    with outcome as (
        select l.*, b.blamed or l.next_rollback_at is not null as failed, f.fix,
               least(b.recovered_at, l.next_rollback_at) as recovered_at
          from line l
          left join lateral (
              select count(*) > 0 as blamed, min(b.recovered_at) as recovered_at from blame b
               where b.connection_id = l.connection_id and b.deployment = l.external_id) b on true
          left join lateral (
              select count(*) > 0 as fix from blame b
               where b.connection_id = l.connection_id and b.fix_deployment = l.external_id) f on true
    ), first as (
        select distinct on (connection_id, merge_request) * from shipments
         order by connection_id, merge_request, at, deployment
    )
    insert into derived (kind, entity_kind, connection_id, entity_id, project_external_id, actor_identity_id,
                         occurred_at, until, value, attributes)
    select 'deployment.finished', 'deployment', connection_id, external_id, project, actor, at, null::timestamptz,
           1::double precision,
           jsonb_build_object('environment', environment, 'failed', failed, 'rollback', rollback, 'fix', fix,
                              'rework', rollback or fix, 'recovered_at', recovered_at, 'source', 'environments')
      from outcome
    union all
    select 'deployment.recovered', 'deployment', connection_id, external_id, project, actor, recovered_at, null,
           {hours("at", "recovered_at")}, jsonb_build_object('environment', environment, 'failed_at', at)
      from outcome where failed and recovered_at is not null
    union all
    select 'change.shipped', 'merge_request', connection_id, merge_request, project, author, at, null,
           {hours("first_commit_at", "at")}, jsonb_build_object('class', class, 'deployment', deployment)
      from first
    union all
    select 'merge_request.deployed', 'merge_request', connection_id, merge_request, project, author, merged_at, null,
           {hours("merged_at", "at")},
           jsonb_build_object('class', class, 'deployment', deployment, 'shipped_at', at,
                              'total_hours', {hours("first_commit_at", "at")})
      from first
"""

DERIVE = (
    _TABLES,
    _MORE_TABLES,
    _BLAME,
    "truncate line, shipments, blame",
    _LINE,
    "analyze line",
    _SHIPMENTS,
    "analyze shipments",
    _FIND_BLAME,
    "analyze blame",
    _DERIVE,
)
