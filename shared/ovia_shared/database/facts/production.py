"""What was deployed to production, in order, and how far along its project each deployment reaches.

Where a project has deployments to production environments, these count; else its releases; else its tags of versions. A
deployment contains the merge request whose commit it deploys and all merged into the default branch before it.

Everything here works on `sites`, the projects looked at, and fills `line`.
"""

from ovia_shared.database.facts.words import landed

TABLES = (
    """
    create temporary table if not exists sites (
        connection_id uuid, project text, primary key (connection_id, project)) on commit drop
    """,
    """
    create temporary table if not exists candidates (
        connection_id uuid, project text, source text, external_id text, environment text, sha text, actor uuid,
        at timestamptz) on commit drop
    """,
    """
    create temporary table if not exists places (
        connection_id uuid, project text, sha text, merged_at timestamptz, external_id text, number bigint)
        on commit drop
    """,
    """
    create temporary table if not exists line (
        id uuid, connection_id uuid, project text, source text, external_id text, environment text, sha text,
        actor uuid, at timestamptz, number bigint, after_at timestamptz, after_id text, until_at timestamptz,
        until_id text, ships boolean, rollback boolean, next_rollback_at timestamptz) on commit drop
    """,
    """
    create temporary table if not exists moved (
        connection_id uuid, project text, after_at timestamptz, until_at timestamptz) on commit drop
    """,
    "truncate sites, candidates, places, line, moved",
)

_CANDIDATES = """
    insert into candidates
    with deployed as materialized (
        select d.connection_id, d.project_external_id as project, 'environments' as source, d.external_id,
               coalesce(e.name, d.environment, '') as environment, d.sha, d.actor_identity_id as actor,
               coalesce(d.finished_at, d.created_at) as at
          from sites s
          join deployments d on d.org_id = $1 and d.connection_id = s.connection_id
                            and d.project_external_id = s.project
          left join environments e on e.org_id = $1 and e.connection_id = d.connection_id
                                  and e.external_id = d.environment_external_id
         where d.removed_at is null and d.status = 'success' and coalesce(d.finished_at, d.created_at) is not null
           and (e.tier = 'production' or e.tier is null and exists (
               select from jsonb_array_elements_text($2::jsonb->'production'->'environments') pattern
                where coalesce(e.name, d.environment) ~* pattern))
    ), released as materialized (
        select r.connection_id, r.project_external_id as project,
               case r.kind when 'release' then 'releases' else 'tags' end as source, r.external_id, '' as environment,
               r.sha, r.author_identity_id as actor, coalesce(r.released_at, r.created_at) as at
          from sites s
          join releases r on r.org_id = $1 and r.connection_id = s.connection_id and r.project_external_id = s.project
         where r.removed_at is null and r.released
           and (r.kind = 'release' and coalesce(r.released_at, r.created_at) is not null
                or r.kind = 'tag' and coalesce(r.tag, r.name) ~ ($2::jsonb->'production'->>'release_tags'))
           and not exists (
               select from deployed d where d.connection_id = r.connection_id and d.project = r.project_external_id)
    )
    select * from deployed
    union all
    select * from released r
     where source = 'releases' or not exists (
         select from released o
          where o.connection_id = r.connection_id and o.project = r.project and o.source = 'releases')
"""

# The last merge request of each commit that was deployed, numbered in their order.
_OF_COMMIT = f"""
    select d.connection_id, d.project, d.sha, m.merged_at, m.external_id
      from deployed d
      join projects j on j.org_id = $1 and j.connection_id = d.connection_id and j.external_id = d.project
      join merge_requests m on m.org_id = $1 and m.connection_id = d.connection_id
                           and m.project_external_id = d.project and m.{{column}} = d.sha
     where {landed("m")}
"""
_COMMITS = ("merge_commit_sha", "squash_commit_sha", "head_sha")
_PLACES = f"""
    insert into places
    with deployed as materialized (
        select distinct connection_id, project, sha from candidates where sha is not null
    ), commits as (
        {" union all ".join(_OF_COMMIT.format(column=column) for column in _COMMITS)}
    )
    select connection_id, project, sha, merged_at, external_id,
           dense_rank() over (partition by connection_id, project
                              order by merged_at, length(external_id), external_id)
      from (
          select distinct on (connection_id, project, sha) * from commits
           order by connection_id, project, sha, merged_at desc, length(external_id) desc, external_id desc) found
"""

# A tag without a date of its own was made when its commit was merged, for all we know.
_LINE = """
    insert into line
    with located as (
        select c.connection_id, c.project, c.source, c.external_id, c.environment, c.sha, c.actor,
               coalesce(c.at, p.merged_at) as at, p.merged_at, p.external_id as merge_request,
               coalesce(p.number, 0) as until
          from candidates c
          left join places p on p.connection_id = c.connection_id and p.project = c.project and p.sha = c.sha
    ), numbered as (
        select *, row_number() over one as number, lag(sha) over one as sha_before,
               coalesce(max(until) over (one rows between unbounded preceding and 1 preceding), 0) as reached,
               row_number() over (partition by connection_id, project, environment, sha
                                  order by at, length(external_id), external_id) as time
          from located where at is not null
        window one as (partition by connection_id, project, environment
                       order by at, length(external_id), external_id)
    ), judged as (
        select *, coalesce(time > 1 and sha <> sha_before, false) as rollback from numbered
    ), followed as (
        select *, case when lead(rollback) over one then lead(at) over one end as next_rollback_at
          from judged
        window one as (partition by connection_id, project, environment order by number)
    )
    select md5(f.connection_id || ' ' || f.source || ' ' || f.external_id)::uuid, f.connection_id, f.project, f.source,
           f.external_id, f.environment, f.sha, f.actor, f.at, f.number, r.merged_at, r.external_id, f.merged_at,
           f.merge_request, f.until > f.reached, f.rollback, f.next_rollback_at
      from followed f
      left join (select distinct connection_id, project, number, merged_at, external_id from places) r
             on r.connection_id = f.connection_id and r.project = f.project and r.number = f.reached
    union all
    select md5(connection_id || ' ' || source || ' ' || external_id)::uuid, connection_id, project, source, external_id,
           environment, sha, actor, null, null, null, null, null, null, false, false, null
      from located where at is null
"""

_NAMES = ("id", "connection_id", "source", "external_id", "project_external_id", "environment", "sha", "at",
          "after_at", "after_id", "until_at", "until_id", "ships")  # fmt: skip
_STORED = ", ".join(f"p.{name}" for name in _NAMES)
_FRESH = _STORED.replace("p.", "l.").replace("l.project_external_id", "l.project")

_MOVED = f"""
    insert into moved
    with stored as (
        select {_STORED}
          from sites s
          join production_deployments p on p.org_id = $1 and p.connection_id = s.connection_id
                                       and p.project_external_id = s.project
    ), fresh as (
        select {_FRESH} from line l
    ), other as (
        (select * from stored except select * from fresh) union all (select * from fresh except select * from stored)
    )
    select connection_id, project_external_id, coalesce(after_at, '-infinity'), until_at from other where ships
"""
# Those that a deployment ships now and did not, or the other way round. Equal times are looked at on both sides. Each
# stretch is read by itself: the planner would rather read everything.
_DUE = """
    insert into changes_due (org_id, connection_id, external_id)
    select distinct $1::uuid, m.connection_id, m.external_id
      from moved x
      cross join lateral (
          select m.connection_id, m.external_id from merge_requests m
           where m.org_id = $1 and m.connection_id = x.connection_id and m.project_external_id = x.project
             and m.merged_at >= x.after_at and m.merged_at <= x.until_at
          offset 0) m
     where exists (select from derivations d where d.org_id = $1 and d.name = 'changes' and d.seen_below > '0')
        on conflict do nothing
"""
_FORGET = f"""
    delete from production_deployments p
     using sites s
     where p.org_id = $1 and s.connection_id = p.connection_id and s.project = p.project_external_id
       and not exists (select from line l where l.id = p.id and ({_FRESH}) is not distinct from ({_STORED}))
"""
_KEEP = f"""
    insert into production_deployments (org_id, {", ".join(_NAMES)})
    select $1, {_FRESH} from line l
     where not exists (select from production_deployments p where p.org_id = $1 and p.id = l.id)
"""

FIND = (
    _CANDIDATES,
    "analyze candidates",
    _PLACES,
    "analyze places",
    _LINE,
    "create index if not exists line_by_time on line (connection_id, project, environment, at)",
    "analyze line",
)
REMEMBER = (_MOVED, "analyze moved", _DUE, _FORGET, _KEEP)
