"""Facts of work items: created, in progress, done, blocked, and how each went through its sprints.

An item's way is cut into steps (one status each) and these joined into stretches (one category each). An item that is
done twice has two facts; counting those still open at the end of a window counts it once.
"""

from ovia_shared.database.facts.seen import changed
from ovia_shared.database.facts.words import class_of, hours, length

VERSION = 1
KINDS = ("work_item.created", "work_item.in_progress", "work_item.done", "work_item.blocked", "sprint.item")

EVERYTHING = "select w.connection_id, w.external_id from work_items w where w.org_id = $1"
# Whether an item is blocked is told by others too: those it waits for. What its project is called matters where
# somebody said what statuses mean there ($4: the settings).
CHANGED = f"""
    with own as (
        select w.connection_id, w.external_id from work_items w where {changed("w")}
        union
        select t.connection_id, t.work_item_external_id from work_item_transitions t where {changed("t")}
        union
        select w.connection_id, w.external_id
          from status_definitions s
          join work_items w on w.org_id = $1 and w.connection_id = s.connection_id
         where {changed("s")}
        union
        select w.connection_id, w.external_id
          from projects j
          join work_items w on w.org_id = $1 and w.connection_id = j.connection_id
                           and w.project_external_id = j.external_id
         where {changed("j")} and exists (
             select from jsonb_object_keys($4::jsonb->'workflow'->'categories') key where key <> '*')
        union
        select t.connection_id, t.work_item_external_id
          from field_definitions f
          join work_item_transitions t on t.org_id = $1 and t.connection_id = f.connection_id
                                      and t.field_external_id = f.external_id
         where {changed("f")}
    )
    select * from own
    union
    select l.connection_id, l.work_item_external_id
      from own join work_item_links l on l.org_id = $1 and l.connection_id = own.connection_id
                                     and l.target_external_id = own.external_id
     where l.inward
    union
    select l.connection_id, l.work_item_external_id from work_item_links l where {changed("l")}
    union
    select m.connection_id, m.work_item_external_id from sprint_memberships m where {changed("m")}
    union
    select m.connection_id, m.work_item_external_id
      from sprints s
      join sprint_memberships m on m.org_id = $1 and m.connection_id = s.connection_id
                               and m.sprint_external_id = s.external_id
     where {changed("s")}
"""

_TABLES = (
    """
    create temporary table if not exists steps (
        connection_id uuid, entity_id text, at timestamptz, until timestamptz, number integer, status text,
        category text) on commit drop
    """,
    """
    create temporary table if not exists stretches (
        connection_id uuid, entity_id text, category text, at timestamptz, until timestamptz,
        first_started timestamptz) on commit drop
    """,
    "create temporary table if not exists held_up (connection_id uuid, entity_id text, times tstzmultirange)"
    " on commit drop",
    "truncate steps, stretches, held_up",
)

# Also of the items others wait for. The source's word for a status is told by its id; GitLab has no list of statuses.
_STEPS = """
    insert into steps
    with wanted as (
        select connection_id, entity_id from touched
        union
        select l.connection_id, l.target_external_id
          from touched t join work_item_links l on l.org_id = $1 and l.connection_id = t.connection_id
                                               and l.work_item_external_id = t.entity_id
         where l.inward and l.removed_at is null and l.target_external_id is not null
    ), items as (
        select w.connection_id, w.external_id, w.created_at, w.status, w.status_category,
               ($2::jsonb->'workflow'->'categories'->coalesce(p.key, '')) as chosen
          from wanted x
          join work_items w on w.org_id = $1 and w.connection_id = x.connection_id and w.external_id = x.entity_id
          left join projects p on p.org_id = $1 and p.connection_id = w.connection_id
                              and p.external_id = w.project_external_id
         where w.removed_at is null and w.created_at is not null
    ), changes as (
        select i.connection_id, i.external_id, t.occurred_at, t.from_value, t.from_text, t.to_value, t.to_text,
               row_number() over (partition by i.connection_id, i.external_id
                                  order by t.occurred_at, length(t.history_external_id), t.history_external_id,
                                           t.ordinal)::integer as number
          from items i
          join work_item_transitions t on t.org_id = $1 and t.connection_id = i.connection_id
                                      and t.work_item_external_id = i.external_id
         where t.field = 'status' and t.removed_at is null and t.occurred_at is not null
    ), points as (
        select i.connection_id, i.external_id, i.created_at as at, 0 as number,
               case when c.number is null then i.status else c.from_text end as status, c.from_value as status_id
          from items i
          left join changes c on c.connection_id = i.connection_id and c.external_id = i.external_id and c.number = 1
        union all
        select connection_id, external_id, occurred_at, number, to_text, to_value from changes
    )
    select p.connection_id, p.external_id, p.at,
           lead(p.at, 1, 'infinity') over (partition by p.connection_id, p.external_id order by p.number),
           p.number, p.status,
           coalesce(i.chosen->>p.status, $2::jsonb->'workflow'->'categories'->'*'->>p.status, s.category,
                    case when p.status = i.status then i.status_category end,
                    case p.status when 'closed' then 'done' when 'opened' then 'todo' end)
      from points p
      join items i on i.connection_id = p.connection_id and i.external_id = p.external_id
      left join status_definitions s on s.org_id = $1 and s.connection_id = p.connection_id
                                    and s.external_id = p.status_id
"""

_STRETCHES = """
    insert into stretches
    with marked as (
        select *, category is distinct from lag(category, 1, '') over one as new
          from steps window one as (partition by connection_id, entity_id order by number)
    ), numbered as (
        select *, count(*) filter (where new) over (partition by connection_id, entity_id order by number) as stretch
          from marked
    ), joined as (
        select connection_id, entity_id, category, (array_agg(at order by number))[1] as at,
               (array_agg(until order by number desc))[1] as until, min(number) as number
          from numbered group by connection_id, entity_id, category, stretch
    )
    select connection_id, entity_id, category, at, until,
           (array_agg(at) filter (where category = 'in_progress')
                over (partition by connection_id, entity_id order by number
                      rows between unbounded preceding and unbounded following))[1]
      from joined
"""

# Reasons are intervals too; together, and cut to the time the item was not done, they are when it was held up.
_FIND_HELD_UP = """
    insert into held_up
    with raised as (
        select t.connection_id, t.entity_id, c.occurred_at as at, coalesce(c.from_text, '') <> '' as before,
               coalesce(c.to_text, '') <> '' as up,
               row_number() over one as number, lead(c.occurred_at, 1, 'infinity') over one as until
          from touched t
          join work_item_transitions c on c.org_id = $1 and c.connection_id = t.connection_id
                                      and c.work_item_external_id = t.entity_id
         where c.removed_at is null and c.occurred_at is not null
           and (c.field = 'Flagged' or exists (
               select from field_definitions f
                where f.org_id = $1 and f.connection_id = c.connection_id
                  and f.external_id = c.field_external_id and f.role = 'flagged'))
        window one as (partition by t.connection_id, t.entity_id
                       order by c.occurred_at, length(c.history_external_id), c.history_external_id, c.ordinal)
    ), reasons as (
        select connection_id, entity_id, at, until from raised where up
        union all
        select r.connection_id, r.entity_id, w.created_at, r.at
          from raised r join work_items w on w.org_id = $1 and w.connection_id = r.connection_id
                                         and w.external_id = r.entity_id
         where r.number = 1 and r.before
        union all
        select w.connection_id, w.external_id, w.created_at, 'infinity'
          from touched t join work_items w on w.org_id = $1 and w.connection_id = t.connection_id
                                          and w.external_id = t.entity_id
         where w.flagged and not exists (
             select from raised r where r.connection_id = w.connection_id and r.entity_id = w.external_id)
        union all
        select connection_id, entity_id, at, until from steps
         where ($2::jsonb->'workflow'->'blocked') ? lower(status)
        union all
        select t.connection_id, t.entity_id, greatest(s.at, coalesce(c.at, w.created_at)), s.until
          from touched t
          join work_item_links l on l.org_id = $1 and l.connection_id = t.connection_id
                                and l.work_item_external_id = t.entity_id and l.inward and l.removed_at is null
                                and ($2::jsonb->'workflow'->'blocking_links') ? lower(l.type)
          join work_items w on w.org_id = $1 and w.connection_id = t.connection_id and w.external_id = t.entity_id
          join stretches s on s.connection_id = l.connection_id and s.entity_id = l.target_external_id
                          and s.category is distinct from 'done'
          left join lateral (
              select min(c.occurred_at) as at from work_item_transitions c
               where c.org_id = $1 and c.connection_id = t.connection_id and c.work_item_external_id = t.entity_id
                 and c.field = 'Link' and c.to_value = l.target_key and c.removed_at is null
                 and (c.to_text is null or position(lower(l.description) in lower(c.to_text)) > 0)) c on true
    ), together as (
        select connection_id, entity_id, range_agg(tstzrange(at, until)) as times
          from reasons where at < until group by connection_id, entity_id
    ), not_done as (
        select connection_id, entity_id, range_agg(tstzrange(at, until)) as times
          from stretches where category is distinct from 'done' and at < until group by connection_id, entity_id
    )
    select r.connection_id, r.entity_id, r.times * n.times
      from together r
      join touched t on t.connection_id = r.connection_id and t.entity_id = r.entity_id
      join not_done n on n.connection_id = r.connection_id and n.entity_id = r.entity_id
"""


_DERIVE = f"""
    with items as materialized (
        select w.connection_id, w.external_id, w.project_external_id, w.assignee_identity_id, w.created_at, w.type,
               {class_of("w.labels", "w.type")} as class
          from touched t
          join work_items w on w.org_id = $1 and w.connection_id = t.connection_id and w.external_id = t.entity_id
         where w.removed_at is null and w.created_at is not null
    ), ends as (
        select s.*, h.times as held_up,
               case when s.first_started <= s.at and s.category = 'done'
                    then tstzrange(s.first_started, s.at) end as way
          from stretches s
          left join held_up h on h.connection_id = s.connection_id and h.entity_id = s.entity_id
         where s.category in ('in_progress', 'done') and s.until >= s.at
    ), spent as (
        select e.*, a.active, a.waiting
          from ends e
          left join lateral (
              select {length("d.progress - d.held_up")} as active,
                     {length("d.todo")} + {length("d.progress * d.held_up")} as waiting
                from (
                    select coalesce(range_agg(tstzrange(s.at, s.until))
                                        filter (where s.category = 'in_progress'), '{{}}')
                           * tstzmultirange(e.way) as progress,
                           coalesce(range_agg(tstzrange(s.at, s.until)) filter (where s.category = 'todo'), '{{}}')
                           * tstzmultirange(e.way) as todo,
                           coalesce(e.held_up, '{{}}') as held_up
                      from stretches s
                     where s.connection_id = e.connection_id and s.entity_id = e.entity_id and s.at <= s.until) d
          ) a on e.way is not null
    )
    insert into derived (kind, entity_kind, connection_id, entity_id, project_external_id, actor_identity_id,
                         occurred_at, until, value, attributes)
    select 'work_item.created', 'work_item', connection_id, external_id, project_external_id, assignee_identity_id,
           created_at, null::timestamptz, 1::double precision, jsonb_build_object('class', class, 'type', type)
      from items
    union all
    select 'work_item.in_progress', 'work_item', i.connection_id, i.external_id, i.project_external_id,
           i.assignee_identity_id, s.at, s.until, null,
           jsonb_build_object('class', i.class, 'type', i.type, 'first_in_progress_at', s.first_started)
      from items i join ends s on s.connection_id = i.connection_id and s.entity_id = i.external_id
     where s.category = 'in_progress'
    union all
    select 'work_item.done', 'work_item', i.connection_id, i.external_id, i.project_external_id,
           i.assignee_identity_id, s.at, s.until, {hours("i.created_at", "s.at")},
           jsonb_build_object('class', i.class, 'type', i.type, 'cycle_hours', {hours("s.first_started", "s.at")},
                              'active_hours', s.active, 'waiting_hours', s.waiting)
      from items i join spent s on s.connection_id = i.connection_id and s.entity_id = i.external_id
     where s.category = 'done'
    union all
    select 'work_item.blocked', 'work_item', i.connection_id, i.external_id, i.project_external_id,
           i.assignee_identity_id, lower(r), upper(r), null, jsonb_build_object('class', i.class, 'type', i.type)
      from items i join held_up h on h.connection_id = i.connection_id and h.entity_id = i.external_id,
           unnest(h.times) r
    union all
    select 'sprint.item', 'work_item', i.connection_id, i.external_id, i.project_external_id,
           i.assignee_identity_id, s.completed_at, null, null,
           jsonb_build_object('class', i.class, 'type', i.type, 'sprint', s.external_id, 'committed', m.committed,
               'added', m.added, 'removed', m.removed, 'in_scope', m.in_scope,
               'done', m.in_scope and coalesce(c.category = 'done', false))
      from items i
      join lateral (
          select y.sprint_external_id,
                 bool_or(y.at <= p.start_at and y.left_at > p.start_at) as committed,
                 bool_or(y.at > p.start_at and y.at < p.completed_at) as added,
                 bool_or(y.left_at > p.start_at and y.left_at < p.completed_at) as removed,
                 bool_or(y.at < p.completed_at and y.left_at >= p.completed_at) as in_scope
            from (select sprint_external_id, coalesce(added_at, i.created_at) as at,
                         coalesce(left_at, 'infinity') as left_at
                    from sprint_memberships
                   where org_id = $1 and connection_id = i.connection_id and work_item_external_id = i.external_id
                     and removed_at is null) y
            join sprints p on p.org_id = $1 and p.connection_id = i.connection_id
                          and p.external_id = y.sprint_external_id and p.removed_at is null
           where p.start_at is not null and p.completed_at is not null
           group by y.sprint_external_id) m on true
      join sprints s on s.org_id = $1 and s.connection_id = i.connection_id and s.external_id = m.sprint_external_id
      left join lateral (
          select x.category from stretches x
           where x.connection_id = i.connection_id and x.entity_id = i.external_id
             and x.at < s.completed_at and x.until >= s.completed_at
           order by x.at desc limit 1) c on true
"""

DERIVE = (
    *_TABLES,
    _STEPS,
    _STRETCHES,
    "create index if not exists stretches_by_entity on stretches (connection_id, entity_id)",
    "analyze steps, stretches",
    _FIND_HELD_UP,
    "analyze held_up",
    _DERIVE,
)
