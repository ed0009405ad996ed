"""Rows of a KPI as a list: what lasts longest, or happened last, first; and incidents, which no KPI counts."""

# ruff: noqa: S608 (every part comes from the catalogue, which is ours)
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database import organisation_settings
from ovia_shared.database.ask.belonging import believed, mapped, who
from ovia_shared.database.kpis import behind, statements
from ovia_shared.database.kpis.measuring import Question
from ovia_shared.database.pool import Connection
from ovia_shared.models.fact_settings import Production
from ovia_shared.models.kpi import KpiRow, PersonNamed


class Take(StrEnum):
    """Which of the rows behind a KPI a list is of."""

    ALL = "all"
    COUNTED = "counted"
    LAST_FAILED = "last_failed"


class Order(StrEnum):
    """In which order."""

    LONGEST = "longest"
    SILENT = "silent"
    NEWEST = "newest"


class Listed(msgspec.Struct, frozen=True):
    """A row, since when it is one (or when it was), and so many days before the end of the window."""

    row: KpiRow
    since: datetime
    age_days: float


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """A work item that is an incident and is not done."""

    key: str
    title: str
    url: str | None
    status: str | None
    project: str | None
    person: PersonNamed | None
    since: datetime | None


_TAKEN = {
    Take.ALL: "behind",
    Take.COUNTED: "(select * from behind where number <> 0)",
    # One that was cancelled since says nothing: only finished pipelines are facts.
    Take.LAST_FAILED: """(
        select * from (
            select distinct on (connection_id, project_external_id, attributes->>'ref') * from behind
             order by connection_id, project_external_id, attributes->>'ref', occurred_at desc,
                      length(entity_id) desc, entity_id desc) last
         where number = 0)""",
}
# Titles of restricted items are told to nobody who may not see them; numbers count them all the same.
_SEEN = """(sees_restricted() or entity_kind <> 'work_item' or not exists (
              select from work_items w where w.org_id = $1 and w.connection_id = taken.connection_id
                 and w.external_id = taken.entity_id and w.restricted))"""
_SINCE = {
    Order.LONGEST: "occurred_at",
    Order.NEWEST: "occurred_at",
    # Since anything last happened to it.
    Order.SILENT: """coalesce(
        (select max((gap->>0)::timestamptz) from jsonb_array_elements(attributes->'quiet') gap
          where (gap->>0)::timestamptz < $3), occurred_at)""",
}


async def rows(
    conn: Connection, question: Question, take: Take, order: Order, most: int, *, named: bool
) -> tuple[list[Listed], int]:
    """At most `most` of those that may be seen, and how many there are. People are told only if `named`."""
    wanted = f"""{statements.rows_of(question.kpi, question.basis.scope)},
        taken as (select taken.*, {_SINCE[order]} as since from {_TAKEN[take]} taken)"""
    direction = "desc" if order is Order.NEWEST else "asc"
    found = await conn.fetch(
        f"""
        {wanted},
        page as (select * from taken where {_SEEN} order by since {direction}, id {direction} limit $7)
        {behind.shown("page", named=named).replace("select b.id", "select b.since, b.id", 1)}
         order by b.since {direction}, b.id {direction}
        """,
        *behind.parameters(question),
        most,
    )
    total: int = await conn.fetchval(f"{wanted} select count(*) from taken", *behind.parameters(question))
    return [_to_listed(dict(row), question.window.end) for row in found], total


async def open_incidents(
    conn: Connection, org_id: UUID, question: Question, most: int, *, named: bool
) -> tuple[list[Incident], int]:
    """Incidents by type or label (the setting `production`) that were not done at the question's moment, oldest first,
    and how many. Those that may not be seen are counted only.

    Their sources keep them as they are now only: one that was done since then is told with its status of now.
    """
    as_of = question.facts_as_of
    chosen = await organisation_settings.read(conn, org_id, "production", Production, as_of=as_of)
    scope = question.basis.scope
    found = await conn.fetch(
        f"""
        with {_OF_SCOPE}, found as (
        select w.key, w.title, w.url, w.status, j.key as project, w.created_at as since,
               case when $8 and p.id is not null
                   then jsonb_build_object('id', p.id, 'display_name', p.display_name) end as person,
               not w.restricted or sees_restricted() as seen
          from work_items w
          left join projects j on j.org_id = $1 and j.connection_id = w.connection_id
                              and j.external_id = w.project_external_id
          {who("w.assignee_identity_id", "p", "$10")}
         where w.org_id = $1 and (w.removed_at is null or w.removed_at > $10)
           and (w.status_category is distinct from 'done' or w.resolved_at > $10)
           and (w.created_at is null or w.created_at <= $10)
           and (lower(w.type) = any($2) or exists (
                   select from jsonb_array_elements_text(w.labels) one where lower(one) = any($3)))
           and ($4::jsonb is null or (w.connection_id, w.project_external_id) in (select * from in_projects))
           and ($5::jsonb is null or (w.connection_id, w.external_id) in (select * from among_items))
           and ($6::uuid[] is null and $7::uuid is null or w.assignee_identity_id in (select * from of_people))
        ), page as (select * from found where seen order by since, key limit $9)
        select (select count(*) from found) as total, page.*
          from (values (1)) one left join page on true
         order by page.since, page.key
        """,
        org_id,
        [one.lower() for one in chosen.incident_types],
        [one.lower() for one in chosen.incident_labels],
        None if scope.projects is None else msgspec.to_builtins(scope.projects),
        None if scope.items is None else msgspec.to_builtins(scope.items),
        scope.teams,
        scope.person,
        named,
        most,
        as_of,
    )
    shown = [{name: row[name] for name in Incident.__struct_fields__} for row in found if row["key"] is not None]
    return [msgspec.convert(one, Incident) for one in shown], found[0]["total"]


_OF_SCOPE = f"""
    in_projects as (
        select (one->>'connection_id')::uuid, one->>'external_id' from jsonb_array_elements($4::jsonb) one),
    among_items as (
        select (one->>1)::uuid, one->>2 from jsonb_array_elements($5::jsonb) one where one->>0 = 'work_item'),
    of_people as (
        select m.identity_id from mappings m
         where m.org_id = $1 and {mapped("m", "$10")}
           and (m.person_id = $7 or m.person_id in (
                   select s.person_id from team_memberships s
                    where s.org_id = $1 and s.team_id = any($6) and {believed("s", "$10")})))
"""


def _to_listed(told: dict[str, Any], end: datetime) -> Listed:
    since = told.pop("since")
    return Listed(msgspec.convert(told, KpiRow), since, (end - since).total_seconds() / 86400)
