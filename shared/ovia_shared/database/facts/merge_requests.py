"""Facts of merge requests by themselves: merged, first answered, while open, and while they wait for an answer."""

from ovia_shared.database.facts.identities import turned
from ovia_shared.database.facts.seen import changed
from ovia_shared.database.facts.words import class_of, hours

VERSION = 2
KINDS = ("merge_request.merged", "merge_request.first_response", "merge_request.open", "merge_request.waiting")

EVERYTHING = "select m.connection_id, m.external_id from merge_requests m where m.org_id = $1"
# An account that turns out to be a bot's has answered nothing; one that is a person's after all may have.
CHANGED = f"""
    with turned as materialized (
        select i.id from identities i where {changed("i", "updated_at")} and {turned("i")}
    )
    select m.connection_id, m.external_id from merge_requests m where {changed("m")}
    union
    select e.connection_id, e.merge_request_external_id from merge_request_events e where {changed("e")}
    union
    select c.connection_id, c.merge_request_external_id from merge_request_commits c where {changed("c")}
    union
    select c.connection_id, c.subject_external_id from comments c
     where {changed("c")} and c.subject_kind = 'merge_request'
    union
    select c.connection_id, c.subject_external_id
      from turned t join comments c on c.org_id = $1 and c.author_identity_id = t.id
     where c.subject_kind = 'merge_request'
    union
    select e.connection_id, e.merge_request_external_id
      from turned t join merge_request_events e on e.org_id = $1 and e.actor_identity_id = t.id
"""

# Where the answer came from a bot, nobody answered. Acts before it was ready, or after the end, are no answer.
DERIVE = (
    f"""
    with made as materialized (
        select m.connection_id, m.external_id, m.project_external_id, m.author_identity_id, m.created_at,
               m.state, m.merged_at, m.target_branch, m.additions + m.deletions as size,
               {class_of("m.labels")} as class,
               case m.state when 'merged' then m.merged_at when 'closed' then m.closed_at end as ended_at,
               c.first_commit_at, coalesce(r.ready_at, case when not m.draft then m.created_at end) as ready_at
          from touched t
          join merge_requests m on m.org_id = $1 and m.connection_id = t.connection_id and m.external_id = t.entity_id
          left join lateral (
              select min(e.occurred_at) as ready_at from merge_request_events e
               where e.org_id = $1 and e.connection_id = m.connection_id and e.removed_at is null
                 and e.merge_request_external_id = m.external_id
                 and e.kind = 'ready' and e.occurred_at >= m.created_at) r on true
          left join lateral (
              select min(c.authored_at) as first_commit_at from merge_request_commits c
               where c.org_id = $1 and c.connection_id = m.connection_id and c.removed_at is null
                 and c.merge_request_external_id = m.external_id) c on true
         where m.removed_at is null
    ), acts as materialized (
        select e.connection_id, e.merge_request_external_id as external_id, e.occurred_at as at,
               case when e.kind in ('approved', 'changes_requested', 'unapproved') then e.actor_identity_id end as actor
          from touched t
          join merge_request_events e on e.org_id = $1 and e.connection_id = t.connection_id
                                     and e.merge_request_external_id = t.entity_id
         where e.removed_at is null and e.occurred_at is not null
        union all
        select c.connection_id, c.subject_external_id, c.created_at, c.author_identity_id
          from touched t
          join comments c on c.org_id = $1 and c.connection_id = t.connection_id
                         and c.subject_kind = 'merge_request' and c.subject_external_id = t.entity_id
         where c.removed_at is null and c.created_at is not null
        union all
        select c.connection_id, c.merge_request_external_id, c.committed_at, null
          from touched t
          join merge_request_commits c on c.org_id = $1 and c.connection_id = t.connection_id
                                      and c.merge_request_external_id = t.entity_id
         where c.removed_at is null and c.committed_at is not null
    ), answered as (
        select distinct on (m.connection_id, m.external_id) m.connection_id, m.external_id, a.at, a.actor
          from made m
          join acts a on a.connection_id = m.connection_id and a.external_id = m.external_id
          join identities i on i.org_id = $1 and i.id = a.actor and not i.service_account
         where a.actor is distinct from m.author_identity_id and a.at >= m.ready_at
           and (m.ended_at is null or a.at <= m.ended_at)
         order by m.connection_id, m.external_id, a.at, a.actor
    ), moments as (
        select connection_id, external_id, at,
               lead(at) over (partition by connection_id, external_id order by at) as next
          from (
              select distinct m.connection_id, m.external_id, a.at
                from made m join acts a on a.connection_id = m.connection_id and a.external_id = m.external_id
               where a.at > m.created_at and (m.ended_at is null or a.at < m.ended_at)
              union
              select connection_id, external_id, created_at from made where created_at is not null) every
    ), quiet as (
        select connection_id, external_id, jsonb_agg(jsonb_build_array(at, next) order by at) as gaps
          from moments where next is null or next - at >= interval '1 day'
         group by connection_id, external_id
    ), whole as materialized (
        select m.*, a.at as answered_at, a.actor as responder, q.gaps
          from made m
          left join answered a on a.connection_id = m.connection_id and a.external_id = m.external_id
          left join quiet q on q.connection_id = m.connection_id and q.external_id = m.external_id
    )
    insert into derived (kind, entity_kind, connection_id, entity_id, project_external_id, actor_identity_id,
                         occurred_at, until, value, attributes)
    select 'merge_request.merged', 'merge_request', connection_id, external_id, project_external_id,
           author_identity_id, merged_at, null::timestamptz, size::double precision,
           jsonb_build_object('class', class, 'size', size, 'target_branch', target_branch,
               'coding_hours', {hours("first_commit_at", "ready_at")},
               'pickup_hours', {hours("ready_at", "answered_at")},
               'review_hours', {hours("answered_at", "merged_at")})
      from whole where state = 'merged' and merged_at is not null
    union all
    select 'merge_request.first_response', 'merge_request', connection_id, external_id, project_external_id,
           author_identity_id, answered_at, null, {hours("ready_at", "answered_at")},
           jsonb_build_object('class', class, 'responder_identity_id', responder)
      from whole where answered_at is not null
    union all
    select 'merge_request.open', 'merge_request', connection_id, external_id, project_external_id,
           author_identity_id, created_at, coalesce(ended_at, 'infinity'), null,
           jsonb_build_object('class', class, 'ready_at', ready_at, 'first_response_at', answered_at, 'quiet', gaps)
      from whole
     where created_at is not null and (state = 'open' or ended_at >= created_at)
    union all
    select 'merge_request.waiting', 'merge_request', connection_id, external_id, project_external_id,
           author_identity_id, ready_at, coalesce(answered_at, ended_at, 'infinity'), null,
           jsonb_build_object('class', class)
      from whole
     where ready_at is not null and (state = 'open' or ended_at is not null)
       and coalesce(answered_at, ended_at, 'infinity') >= ready_at
    """,
)
