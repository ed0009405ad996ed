"""Facts of finished pipelines of default and release branches."""

from ovia_shared.database.facts.seen import changed

VERSION = 1
KINDS = ("pipeline.finished",)

EVERYTHING = "select p.connection_id, p.external_id from pipelines p where p.org_id = $1"
# Whether one was flaky is told by others of the commit it has, or had; which branch counts, by the project.
CHANGED = f"""
    select p.connection_id, p.external_id from pipelines p where {changed("p")}
    union
    select o.connection_id, o.external_id
      from pipelines p
      join pipelines o on o.org_id = $1 and o.connection_id = p.connection_id
                      and o.project_external_id = p.project_external_id and o.sha = p.sha
     where {changed("p")}
    union
    select o.connection_id, o.external_id
      from pipelines p
      join facts f on f.org_id = $1 and f.kind = 'pipeline.finished' and f.connection_id = p.connection_id
                  and f.entity_id = p.external_id and f.known_to = 'infinity'
      join pipelines o on o.org_id = $1 and o.connection_id = p.connection_id
                      and o.project_external_id = f.project_external_id and o.sha = f.attributes->>'sha'
     where {changed("p")}
    union
    select p.connection_id, p.external_id
      from projects j
      join pipelines p on p.org_id = $1 and p.connection_id = j.connection_id and p.project_external_id = j.external_id
     where {changed("j")}
"""

DERIVE = (
    """
    insert into derived (kind, entity_kind, connection_id, entity_id, project_external_id, actor_identity_id,
                         occurred_at, until, value, attributes)
    select 'pipeline.finished', 'pipeline', p.connection_id, p.external_id, p.project_external_id,
           p.actor_identity_id, p.finished_at, null,
           case when p.finished_at >= p.started_at
                then (extract(epoch from p.finished_at - p.started_at) / 60)::double precision end,
           jsonb_build_object(
               'success', p.status = 'success', 'ref', p.ref, 'sha', p.sha,
               'release', p.ref ~ ($2::jsonb->'production'->>'release_branches')
                          and p.ref is distinct from j.default_branch,
               'flaky', p.status = 'failed' and exists (
                   select from pipelines o
                    where o.org_id = $1 and o.connection_id = p.connection_id
                      and o.project_external_id = p.project_external_id and o.sha = p.sha and o.ref = p.ref
                      and o.status = 'success' and o.created_at > p.created_at and o.removed_at is null
                      and o.finished_at is not null and o.tag is not true))
      from touched t
      join pipelines p on p.org_id = $1 and p.connection_id = t.connection_id and p.external_id = t.entity_id
      join projects j on j.org_id = $1 and j.connection_id = p.connection_id and j.external_id = p.project_external_id
     where p.removed_at is null and p.status in ('success', 'failed') and p.tag is not true
       and p.finished_at is not null
       and (p.ref = j.default_branch or p.ref ~ ($2::jsonb->'production'->>'release_branches'))
    """,
)
