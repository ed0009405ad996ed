"""What a person did, newest first, over all sources.

Each branch gives each account's newest events through an index and stops; the page is the newest of those. So a page
costs the same however much there is, and only its rows are looked up for titles and links.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from ovia_shared.database.activity_branches import BRANCHES, Branch
from ovia_shared.database.pool import Connection
from ovia_shared.models.activity import (
    Activity,
    ActivityFilter,
    ActivityPosition,
    ActivityProject,
    ActivitySource,
    ActivitySubject,
    ActivityType,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# The accounts in use of the person ($2), and when each was theirs.
ACCOUNTS = """
accounts as materialized (
    select m.identity_id, m.valid_from, coalesce(m.valid_to, 'infinity') as valid_to,
           case when i.source like 'git\\_%' then 'git' else i.source end as source
      from mappings m join identities i on i.org_id = m.org_id and i.id = m.identity_id
     where m.org_id = $1 and m.person_id = $2 and m.known_to = 'infinity' and m.status in ('auto', 'verified'))
"""
_COLUMNS = "at, type, key, identity_id, source, connection_id, subject_kind, subject_id, project_id, title, url, detail"
_RESOLVED = """
select page.at, page.type, page.key, page.identity_id, page.source, page.subject_kind, page.subject_id,
       coalesce(w.key, '!' || r.number, left(case when page.subject_kind = 'commit' then page.subject_id end, 12)),
       coalesce(page.title, w.title, r.title, d.title), page.connection_id, p.external_id, p.key,
       coalesce(p.name, c.name),
       coalesce(page.url, w.url, r.url, d.url,
                p.url || case when page.subject_kind = 'commit' then '/-/commit/' || page.subject_id else '' end),
       -- What only some people see at the source is not told in its words, nor in those of its history.
       case when w.restricted or d.restricted
           then page.detail - case page.type when 'work_item_transitioned' then array['text']
                                             else array['text', 'from', 'to'] end
           else page.detail end
  from page
  -- With a limit each, so that a page's rows are looked up and no table is read for them.
  left join lateral (
        select i.key, i.title, i.url, i.project_external_id, i.restricted from work_items i
         where page.subject_kind = 'work_item' and i.org_id = $1 and i.connection_id = page.connection_id
           and i.external_id = page.subject_id limit 1) w on true
  left join lateral (
        select i.number, i.title, i.url, i.project_external_id from merge_requests i
         where page.subject_kind = 'merge_request' and i.org_id = $1 and i.connection_id = page.connection_id
           and i.external_id = page.subject_id limit 1) r on true
  left join lateral (
        select i.title, i.url, i.project_external_id, i.restricted from documents i
         where page.subject_kind = 'document' and i.org_id = $1 and i.connection_id = page.connection_id
           and i.external_id = page.subject_id limit 1) d on true
  -- A commit is found in the project whose merge request brought it.
  left join lateral (
        select b.connection_id, b.project_external_id
          from merge_request_commits k
          join merge_requests b on b.org_id = k.org_id and b.connection_id = k.connection_id
                               and b.external_id = k.merge_request_external_id
         where page.subject_kind = 'commit' and k.org_id = $1 and k.sha = page.subject_id
         order by b.connection_id, b.external_id limit 1) g on true
  left join projects p on p.org_id = $1 and p.connection_id = coalesce(g.connection_id, page.connection_id)
        and p.external_id = coalesce(g.project_external_id, page.project_id, w.project_external_id,
                                     r.project_external_id, d.project_external_id)
  left join connections c on c.org_id = $1 and c.id = page.connection_id
 order by page.at desc, page.key collate "C" desc
"""


async def find(
    conn: Connection, org_id: UUID, wanted: ActivityFilter, after: ActivityPosition | None, most: int
) -> list[Activity]:
    """At most `most` events behind `after`, newest first."""
    values: list[Any] = [org_id, wanted.person_id, wanted.since, wanted.until]
    if after is not None:
        values += [_EPOCH + after.at * _MICROSECOND, after.id]
    found = [_branch(one, wanted, most, later=after is not None) for one in BRANCHES if _concerns(one, wanted)]
    if wanted.source in (None, ActivitySource.OVIA) and wanted.type in (None, ActivityType.IDENTITY_CHANGED):
        found.append(_decisions(most, later=after is not None))
    if not found:
        return []
    accounts = ACCOUNTS
    if wanted.source is not None:
        values.append(wanted.source.value)
        accounts += f", mine as materialized (select * from accounts where source = ${len(values)})"  # noqa: S608
    else:
        accounts += ", mine as (select * from accounts)"
    statement = f"""
        with {accounts},
        page as materialized (
            select {_COLUMNS} from ({" union all ".join(found)}) as found
             order by at desc, key collate "C" desc limit {int(most)})
        {_RESOLVED}
        """  # noqa: S608 (fixed fragments)
    return [_to_activity(row) for row in await conn.fetch(statement, *values)]


def position(activity: Activity) -> ActivityPosition:
    """Where this event stands in the order of `find`."""
    return ActivityPosition((activity.occurred_at - _EPOCH) // _MICROSECOND, activity.id)


def _concerns(branch: Branch, wanted: ActivityFilter) -> bool:
    return wanted.source is not ActivitySource.OVIA and (wanted.type is None or wanted.type in branch.types)


def _branch(branch: Branch, wanted: ActivityFilter, most: int, *, later: bool) -> str:
    key = f"{branch.type} || ' ' || t.connection_id || ' ' || {branch.key}"
    kind, subject = branch.subject.split(", ", 1)
    conditions = f"{branch.at} >= greatest($3::timestamptz, a.valid_from)"
    conditions += f" and {branch.at} < least($4::timestamptz, a.valid_to) and {branch.removed} is null"
    if later:
        conditions += f' and {branch.at} <= $5::timestamptz and ({branch.at} < $5 or ({key}) collate "C" < $6::text)'
    if branch.also:
        conditions += f" and {branch.also}"
    if wanted.type is not None and len(branch.types) > 1:
        conditions += f" and {branch.type} = '{wanted.type.value}'"
    return f"""
        select e.* from mine a cross join lateral (
            select {branch.at} as at, {branch.type} as type, ({key}) collate "C" as key, a.identity_id, a.source,
                   t.connection_id, {kind} as subject_kind, {subject} as subject_id, {branch.project} as project_id,
                   {branch.title} as title, {branch.url} as url, {branch.detail}::jsonb as detail
              from {branch.table}
             where t.org_id = $1 and {branch.who} = a.identity_id and {conditions}
             order by 1 desc, 3 desc limit {int(most)}) e
        """  # noqa: S608 (fixed fragments)


def _decisions(most: int, *, later: bool) -> str:
    key = "'identity_changed ' || e.id"
    behind = f' and e.occurred_at <= $5::timestamptz and (e.occurred_at < $5 or ({key}) collate "C" < $6::text)'
    return f"""
        select * from (
            select e.occurred_at as at, 'identity_changed' as type, ({key}) collate "C" as key, e.identity_id,
                   'ovia' as source, null::uuid as connection_id, null as subject_kind, null as subject_id,
                   null as project_id, null as title, null as url,
                   jsonb_build_object('action', e.action, 'actor', e.actor, 'reason', e.reason) as detail
              from identity_events e
             where e.org_id = $1 and e.person_id = $2
               and e.occurred_at >= coalesce($3::timestamptz, '-infinity')
               and e.occurred_at < coalesce($4::timestamptz, 'infinity') {behind if later else ""}
             order by 1 desc, 3 desc limit {int(most)}) e
        """  # noqa: S608 (fixed fragments)


def _to_activity(row: Any) -> Activity:
    at, type_, key, identity, source, kind, subject, label, title, connection, project, mark, name, url, detail = row
    return Activity(
        id=key,
        occurred_at=at,
        type=ActivityType(type_),
        source=ActivitySource(source),
        identity_id=identity,
        subject=None if kind is None else ActivitySubject(kind, subject, label, title),
        project=None if connection is None or name is None else ActivityProject(connection, project, mark, name),
        url=url,
        detail={key_: value for key_, value in (detail or {}).items() if value is not None},
    )
