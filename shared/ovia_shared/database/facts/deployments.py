"""Facts of deployments to production: which did harm, which put it right, and when.

A deployment that ships a fix is blamed on the one before the incident that the fix names, or before the fix was begun.
A person who says what a deployment caused has the last word on it, and on what those incidents are held against. All of
a project is derived at once, because one deployment more changes what the next ones are. Needs the facts of work items:
the end of an incident is when its work item was done.
"""

from ovia_shared.database.facts import production
from ovia_shared.database.facts.words import hours, incident, labelled, landed, said_to_be_caused, ships

KINDS = ("deployment.finished", "deployment.recovered")
VERSION = 2

_TABLES = (
    """
    create temporary table if not exists fixes (
        connection_id uuid, merge_request text, incident_connection_id uuid, incident text, project text) on commit drop
    """,
    """
    create temporary table if not exists made (
        connection_id uuid, project text, external_id text, created_at timestamptz, merged_at timestamptz)
        on commit drop
    """,
    """
    create temporary table if not exists named (
        connection_id uuid, project text, merge_request text, incident_connection_id uuid, incident text, key text,
        created_at timestamptz, said boolean) on commit drop
    """,
    """
    create temporary table if not exists shipments (
        connection_id uuid, project text, merge_request text, created_at timestamptz, merged_at timestamptz,
        deployment uuid, environment text, at timestamptz) on commit drop
    """,
    """
    create temporary table if not exists blame (deployment uuid, recovered_at timestamptz, incidents jsonb)
        on commit drop
    """,
    """
    create temporary table if not exists ends (incident_connection_id uuid, incident text, done_at timestamptz)
        on commit drop
    """,
    "truncate fixes, made, named, shipments, blame, ends",
)

# Which of the suspects are fixes, and the incidents that they name by the keys these have or had.
_FIND_FIXES = f"""
    insert into fixes
    with merged as materialized (
        select m.connection_id, m.project_external_id as project, m.external_id,
               {labelled("m.labels", "$2::jsonb->'production'->'fix_labels'")}
                   or coalesce(m.source_branch ~ ($2::jsonb->'production'->>'fix_branches'), false) as fix
          from suspects s
          join merge_requests m on m.org_id = $1 and m.connection_id = s.connection_id
                               and m.external_id = s.external_id
          join projects j on j.org_id = $1 and j.connection_id = m.connection_id
                         and j.external_id = m.project_external_id
         where {landed("m")}
    ), mentions as materialized (
        select m.connection_id, m.project, m.external_id, r.target
          from merged m
          join source_references r on r.org_id = $1 and r.connection_id = m.connection_id
                                  and r.subject_kind = 'merge_request' and r.subject_external_id = m.external_id
                                  and r.target_kind = 'work_item' and r.removed_at is null
    ), meant as (
        select n.connection_id, n.project, n.external_id, w.connection_id as item_connection_id, w.external_id as item
          from mentions n join work_items w on w.org_id = $1 and w.key = n.target
        union
        select n.connection_id, n.project, n.external_id, k.connection_id, k.work_item_external_id
          from mentions n join work_item_keys k on k.org_id = $1 and k.key = n.target
    ), naming as materialized (
        select n.connection_id, n.project, n.external_id, w.connection_id as item_connection_id, w.external_id as item
          from meant n
          join work_items w on w.org_id = $1 and w.connection_id = n.item_connection_id and w.external_id = n.item
         where w.removed_at is null and {incident("w")}
    )
    select connection_id, external_id, item_connection_id, item, project from naming
    union
    select connection_id, external_id, '00000000-0000-0000-0000-000000000000', '', project
      from merged m
     where fix and not exists (
         select from naming n where n.connection_id = m.connection_id and n.external_id = m.external_id)
"""
# Fixes are remembered: only those that may have changed are looked at, and they tell whose facts a change touches.
_FORGET_FIXES = """
    delete from production_fixes p
     using suspects s
     where p.org_id = $1 and s.connection_id = p.connection_id and s.external_id = p.merge_request_external_id
       and not exists (
           select from fixes f
            where f.connection_id = p.connection_id and f.merge_request = p.merge_request_external_id
              and f.incident_connection_id = p.incident_connection_id and f.incident = p.incident_external_id
              and f.project = p.project_external_id)
"""
_KEEP_FIXES = """
    insert into production_fixes (org_id, connection_id, merge_request_external_id, incident_connection_id,
                                  incident_external_id, project_external_id)
    select $1, f.* from fixes f
        on conflict do nothing
"""

_MADE = """
    insert into made
    select m.connection_id, m.project_external_id, m.external_id, m.created_at, m.merged_at
      from (
          select distinct p.connection_id, p.merge_request_external_id as external_id
            from sites s
            join production_fixes p on p.org_id = $1 and p.connection_id = s.connection_id
                                   and p.project_external_id = s.project) f
      join merge_requests m on m.org_id = $1 and m.connection_id = f.connection_id and m.external_id = f.external_id
"""
_NAMED = f"""
    insert into named
    select p.connection_id, p.project_external_id, p.merge_request_external_id, w.connection_id, w.external_id, w.key,
           w.created_at, {said_to_be_caused("w")}
      from sites s
      join production_fixes p on p.org_id = $1 and p.connection_id = s.connection_id
                             and p.project_external_id = s.project
      join work_items w on w.org_id = $1 and w.connection_id = p.incident_connection_id
                       and w.external_id = p.incident_external_id
"""

_SHIPMENTS = f"""
    insert into shipments
    select m.connection_id, m.project, m.external_id, m.created_at, m.merged_at, l.id, l.environment, l.at
      from made m
      join line l on l.connection_id = m.connection_id and l.project = m.project and {ships("l", "m")}
"""

# When incidents were done, each time.
_ENDS = """
    insert into ends
    select i.connection_id, i.external_id, d.occurred_at
      from (
          select incident_connection_id as connection_id, incident as external_id from named
          union
          select i.connection_id, i.external_id
            from line l
            join deployment_corrections c on c.org_id = $1 and c.deployment_id = l.id and c.known_to = 'infinity'
            join corrected_incidents i on i.org_id = $1 and i.correction_id = c.id) i
      join facts d on d.org_id = $1 and d.kind = 'work_item.done' and d.connection_id = i.connection_id
                  and d.entity_id = i.external_id and d.known_to = 'infinity'
"""

_INCIDENT = "jsonb_build_object('connection_id', {0}.{1}, 'external_id', {0}.{2}, 'key', {0}.key)"

# What was said of one deployment is not held against another, and nothing else against the one it was said of.
_FIND_BLAME = f"""
    insert into blame
    with fixes as (
        select s.*, coalesce(n.began, s.created_at) as suspect
          from shipments s
          left join lateral (
              select min(n.created_at) filter (where not n.said and n.created_at < s.merged_at) as began,
                     bool_and(n.said) as all_said
                from named n
               where n.connection_id = s.connection_id and n.merge_request = s.merge_request) n on true
         where n.all_said is not true
    )
    select c.id, least(case when f.at >= c.at then f.at end, e.done_at), i.incidents
      from fixes f
      join lateral (
          select l.id, l.at from line l
           where l.connection_id = f.connection_id and l.project = f.project and l.environment = f.environment
             and l.id <> f.deployment and l.at <= f.suspect
           order by l.at desc, l.number desc limit 1) c on true
      left join lateral (
          select min(d.done_at) as done_at
            from named n
            join ends d on d.incident_connection_id = n.incident_connection_id and d.incident = n.incident
                       and d.done_at >= c.at
           where n.connection_id = f.connection_id and n.merge_request = f.merge_request and not n.said) e on true
      left join lateral (
          select jsonb_agg({_INCIDENT.format("n", "incident_connection_id", "incident")}) as incidents
            from named n
           where n.connection_id = f.connection_id and n.merge_request = f.merge_request and not n.said) i on true
     where not exists (
         select from deployment_corrections s
          where s.org_id = $1 and s.deployment_id = c.id and s.known_to = 'infinity')
    union all
    select l.id, least(x.shipped_at, e.done_at),
           jsonb_build_array({_INCIDENT.format("w", "connection_id", "external_id")})
      from line l
      join deployment_corrections s on s.org_id = $1 and s.deployment_id = l.id and s.known_to = 'infinity'
      join corrected_incidents i on i.org_id = $1 and i.correction_id = s.id
      join work_items w on w.org_id = $1 and w.connection_id = i.connection_id and w.external_id = i.external_id
      left join lateral (
          select min(x.at) as shipped_at
            from named n
            join shipments x on x.connection_id = n.connection_id and x.merge_request = n.merge_request
           where n.incident_connection_id = w.connection_id and n.incident = w.external_id
             and x.connection_id = l.connection_id and x.project = l.project and x.environment = l.environment
             and x.deployment <> l.id and x.at >= l.at) x on true
      left join lateral (
          select min(d.done_at) as done_at from ends d
           where d.incident_connection_id = w.connection_id and d.incident = w.external_id
             and d.done_at >= l.at) e on true
     where l.at is not null and w.removed_at is null
"""

_TOUCH = """
    insert into touched
    select f.connection_id, f.entity_id
      from sites s
      join facts f on f.org_id = $1 and f.connection_id = s.connection_id and f.project_external_id = s.project
                  and f.known_to = 'infinity' and f.kind in ('deployment.finished', 'deployment.recovered')
    union
    select connection_id, external_id from line
"""

_DERIVE = f"""
    with blamed as (
        select b.deployment, min(b.recovered_at) as recovered_at,
               jsonb_agg(distinct one order by one) filter (where one is not null) as incidents
          from blame b left join jsonb_array_elements(b.incidents) one on true
         group by b.deployment
    ), fixing as (
        select distinct deployment from shipments
    ), said as (
        select deployment_id from deployment_corrections where org_id = $1 and known_to = 'infinity'
    ), outcome as (
        select l.*, b.deployment is not null or l.next_rollback_at is not null as failed,
               f.deployment is not null as fix, least(b.recovered_at, l.next_rollback_at) as recovered_at,
               coalesce(b.incidents, '[]') as incidents, s.deployment_id is not null as corrected
          from line l
          left join blamed b on b.deployment = l.id
          left join fixing f on f.deployment = l.id
          left join said s on s.deployment_id = l.id
         where l.at is not null
    )
    insert into derived (kind, entity_kind, connection_id, entity_id, project_external_id, actor_identity_id,
                         occurred_at, until, value, attributes)
    select 'deployment.finished', case source when 'environments' then 'deployment' else 'release' end, connection_id,
           external_id, project, actor, at, null::timestamptz, 1::double precision,
           jsonb_build_object('environment', nullif(environment, ''), 'failed', failed, 'rollback', rollback,
                              'fix', fix, 'rework', rollback or fix, 'recovered_at', recovered_at, 'source', source,
                              'incidents', incidents, 'corrected', corrected)
      from outcome
    union all
    select 'deployment.recovered', case source when 'environments' then 'deployment' else 'release' end, connection_id,
           external_id, project, actor, recovered_at, null, {hours("at", "recovered_at")},
           jsonb_build_object('environment', nullif(environment, ''), 'failed_at', at, 'source', source)
      from outcome where failed and recovered_at is not null
"""

DERIVE = (
    *production.TABLES,
    *_TABLES,
    "insert into sites select connection_id, entity_id from touched",
    "analyze sites",
    *production.FIND,
    _FIND_FIXES,
    "analyze fixes",
    _FORGET_FIXES,
    _KEEP_FIXES,
    _MADE,
    "analyze made",
    _NAMED,
    "create index if not exists named_by_request on named (connection_id, merge_request)",
    "analyze named",
    _SHIPMENTS,
    "analyze shipments",
    _ENDS,
    "create index if not exists ends_by_incident on ends (incident_connection_id, incident)",
    "analyze ends",
    _FIND_BLAME,
    "analyze blame",
    "truncate touched",
    _TOUCH,
    _DERIVE,
    *production.REMEMBER,
)
