"""Who does what: what somebody works on, and who answers for an item or a project.

People are reached through the mappings of the moment `as_of`. What a source says of an item or a merge request is kept
as it is now only: what ended since then counts as open, what began since then is left out, and the rest is as it is
now. Nobody is counted or compared here: rows are in order of time. Items that their source restricts are left out
unless they may be seen.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from ovia_shared.database.ask.belonging import mapped, who
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.kpi import PersonNamed
from ovia_shared.models.product import ProjectKey

_MINE = f"""
    mine as (
        select m.identity_id from mappings m where m.org_id = $1 and m.person_id = $2 and {mapped("m", "$3")})
"""  # noqa: S608 (a constant)


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """Something somebody works on. `state` is a status, or what a merge request is."""

    kind: str
    key: str
    title: str
    url: str | None
    state: str | None
    project: str | None
    updated_at: datetime | None


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """Who is what to an item: `assignee`, `reporter`, `author`, `reviewer`."""

    kind: str
    key: str
    title: str
    url: str | None
    duty: str
    person: PersonNamed | None


class Lead(msgspec.Struct, frozen=True, kw_only=True):
    """Who the source says leads a project."""

    project: str
    name: str
    url: str | None
    person: PersonNamed


class Lately(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who worked in a project, and when last."""

    person: PersonNamed
    project: str
    at: datetime


async def works_on(conn: Connection, org_id: UUID, person_id: UUID, as_of: datetime, most: int) -> list[Work]:
    """Items in progress that are assigned to this person, and open merge requests by them; the latest change first."""
    rows = await conn.fetch(
        f"""
        with {_MINE}, found as (
            select 'work_item' as kind, w.connection_id, w.project_external_id, w.key, w.title, w.url,
                   w.status as state, w.updated_at
              from work_items w
             where w.org_id = $1 and (w.removed_at is null or w.removed_at > $3)
               and w.status_category = 'in_progress' and (w.created_at is null or w.created_at <= $3)
               and (not w.restricted or sees_restricted())
               and w.assignee_identity_id in (select identity_id from mine)
            union all
            select 'merge_request', m.connection_id, m.project_external_id, '!' || m.number, m.title, m.url,
                   case when m.draft then 'draft' else 'open' end, m.updated_at
              from merge_requests m
             where m.org_id = $1 and (m.removed_at is null or m.removed_at > $3)
               and (m.state = 'open' or coalesce(m.merged_at, m.closed_at) > $3)
               and (m.created_at is null or m.created_at <= $3)
               and m.author_identity_id in (select identity_id from mine))
        select f.kind, case f.kind when 'merge_request' then coalesce(j.key, '') || f.key else f.key end as key,
               f.title, f.url, f.state, j.key as project, f.updated_at
          from found f
          left join projects j on j.org_id = $1 and j.connection_id = f.connection_id
                              and j.external_id = f.project_external_id
         order by f.updated_at desc nulls last, f.key limit $4
        """,  # noqa: S608 (a constant)
        org_id,
        person_id,
        as_of,
        most,
    )
    return to_models(Work, rows)


async def responsible(conn: Connection, org_id: UUID, key: str, as_of: datetime) -> list[Duty]:
    """Who is what to the work item or merge request (`project!number`, or any project's `!number`) of this key."""
    rows = await conn.fetch(
        f"""
        with items as (
            select 'work_item' as kind, w.key, w.title, w.url, one.duty, one.identity_id, one.place
              from work_items w
             cross join lateral (values ('assignee', w.assignee_identity_id, 1),
                                        ('reporter', w.reporter_identity_id, 2)) one (duty, identity_id, place)
             where w.org_id = $1 and w.removed_at is null and (not w.restricted or sees_restricted())
               and (upper(w.key) = upper($2) or (w.connection_id, w.external_id) in (
                    select k.connection_id, k.work_item_external_id from work_item_keys k
                     where k.org_id = $1 and k.key = upper($2) and k.removed_at is null))
            union all
            select 'merge_request', coalesce(j.key, '') || '!' || m.number, m.title, m.url, one.duty, one.identity_id,
                   one.place
              from merge_requests m
              left join projects j on j.org_id = $1 and j.connection_id = m.connection_id
                                  and j.external_id = m.project_external_id
             cross join lateral (
                select 'author' as duty, m.author_identity_id as identity_id, 1 as place
                union all
                select 'reviewer', one.value::uuid, 2 from jsonb_array_elements_text(m.reviewer_identity_ids) one) one
             where m.org_id = $1 and m.removed_at is null
               and lower(j.key || '!' || m.number) = lower($2))
        select i.kind, i.key, i.title, i.url, i.duty,
               case when p.id is not null
                   then jsonb_build_object('id', p.id, 'display_name', p.display_name) end as person
          from items i {who("i.identity_id", "p", "$3")}
         order by i.key, i.place, p.display_name limit 20
        """,  # noqa: S608 (constants)
        org_id,
        key,
        as_of,
    )
    return to_models(Duty, rows)


async def leads(conn: Connection, org_id: UUID, projects: Sequence[ProjectKey], as_of: datetime) -> list[Lead]:
    """Who leads these projects, by their source."""
    rows = await conn.fetch(
        f"""
        select j.key as project, j.name, j.url,
               jsonb_build_object('id', p.id, 'display_name', p.display_name) as person
          from unnest($2::uuid[], $3::text[]) wanted (connection_id, external_id)
          join projects j on j.org_id = $1 and j.connection_id = wanted.connection_id
                         and j.external_id = wanted.external_id and j.removed_at is null
          {who("j.lead_identity_id", "p", "$4")}
         where p.id is not null
         order by j.key
        """,  # noqa: S608 (constants)
        org_id,
        [one.connection_id for one in projects],
        [one.external_id for one in projects],
        as_of,
    )
    return to_models(Lead, rows)


async def lately(
    conn: Connection, org_id: UUID, projects: Sequence[ProjectKey], since: datetime, as_of: datetime, most: int
) -> list[Lately]:
    """Who merged something or finished an item in these projects since then and by `as_of`, who did it last first."""
    rows = await conn.fetch(
        f"""
        with wanted as (
            select * from unnest($2::uuid[], $3::text[]) wanted (connection_id, external_id)),
        acts as (
            select m.author_identity_id as identity_id, m.connection_id, m.project_external_id, m.merged_at as at
              from merge_requests m join wanted w on w.connection_id = m.connection_id
                                                 and w.external_id = m.project_external_id
             where m.org_id = $1 and m.removed_at is null and m.merged_at >= $4 and m.merged_at <= $6
            union all
            select i.assignee_identity_id, i.connection_id, i.project_external_id, i.resolved_at
              from work_items i join wanted w on w.connection_id = i.connection_id
                                             and w.external_id = i.project_external_id
             where i.org_id = $1 and i.removed_at is null and i.resolved_at >= $4 and i.resolved_at <= $6),
        told as (
            select distinct on (p.id) p.id, p.display_name, j.key as project, a.at
              from acts a
              join projects j on j.org_id = $1 and j.connection_id = a.connection_id
                             and j.external_id = a.project_external_id
              {who("a.identity_id", "p", "$6")}
             where p.id is not null
             order by p.id, a.at desc)
        select jsonb_build_object('id', id, 'display_name', display_name) as person, project, at
          from told order by at desc, id limit $5
        """,  # noqa: S608 (constants)
        org_id,
        [one.connection_id for one in projects],
        [one.external_id for one in projects],
        since,
        most,
        as_of,
    )
    return to_models(Lately, rows)
