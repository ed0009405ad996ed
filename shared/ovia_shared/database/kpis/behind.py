"""The facts behind a value, shown: with what each is about in its source, and who stands behind its account."""

# ruff: noqa: S608 (every part comes from the catalogue, which is ours)
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from ovia_shared.database.kpis import statements
from ovia_shared.database.kpis.measuring import Question
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.kpi import KpiRow, Risk

_SHOWN = """
select b.id as fact_id, b.kind, b.entity_kind, b.connection_id, b.entity_id,
       case b.entity_kind when 'work_item' then w.key when 'merge_request' then j.key || '!' || m.number
           when 'pipeline' then coalesce(j.key || ' ', '') || b.entity_id
           when 'deployment' then coalesce(j.key || ' ', '') || b.entity_id end as key,
       case b.entity_kind when 'work_item' then w.title when 'merge_request' then m.title when 'pipeline' then p.ref
           when 'deployment' then b.attributes->>'environment' when 'identity' then i.display_name end as title,
       case b.entity_kind when 'work_item' then w.url when 'merge_request' then m.url when 'pipeline' then p.url
           when 'deployment' then j.url end as url,
       j.key as project,
       case when person.id is not null
           then jsonb_build_object('id', person.id, 'display_name', person.display_name) end as person,
       b.occurred_at, nullif(b.until, 'infinity') as until, b.number::double precision as number,
       b.weight::double precision as weight, b.attributes - {hidden} as attributes
  from {behind} b
  left join work_items w on b.entity_kind = 'work_item' and w.org_id = $1 and w.connection_id = b.connection_id
                        and w.external_id = b.entity_id
  left join merge_requests m on b.entity_kind = 'merge_request' and m.org_id = $1
                            and m.connection_id = b.connection_id and m.external_id = b.entity_id
  left join pipelines p on b.entity_kind = 'pipeline' and p.org_id = $1 and p.connection_id = b.connection_id
                       and p.external_id = b.entity_id
  left join identities i on b.entity_kind = 'identity' and i.org_id = $1 and i.id = b.actor_identity_id
  left join projects j on j.org_id = $1 and j.connection_id = b.connection_id
                      and j.external_id = b.project_external_id
  left join lateral (
      select q.id, q.display_name from mappings u join people q on q.org_id = $1 and q.id = u.person_id
       where {named} and u.org_id = $1 and u.identity_id = b.actor_identity_id
         and u.known_from <= $5 and u.known_to > $5
         and u.valid_from <= b.occurred_at and (u.valid_to is null or u.valid_to > b.occurred_at)
         and (u.status = 'verified' or u.status = 'auto'
              and u.confidence >= ($6::jsonb #>> '{{settings,auto}}')::double precision)
       limit 1) person on true
"""
_RISKS = {
    "blockers.open": "blocker",
    "pipeline.failing_release_branches": "pipeline",
    "merge_request.stale_share": "stale",
}
# Since when it is one: a stale merge request since anything last happened to it.
_SINCE = """case risk when 'stale' then coalesce(
                (select max((gap->>0)::timestamptz) from jsonb_array_elements(attributes->'quiet') gap
                  where (gap->>0)::timestamptz < $3), occurred_at) else occurred_at end"""


async def rows(
    conn: Connection, question: Question, after: tuple[datetime, UUID] | None, most: int, *, named: bool
) -> list[KpiRow]:
    """At most `most` facts behind `after`, newest first. People are told only if `named`."""
    found = await conn.fetch(
        f"""
        {statements.rows_of(question.kpi, question.basis.scope)},
        page as (
            select * from behind
             where $7::timestamptz is null or (occurred_at, id) < ($7, $8::uuid)
             order by occurred_at desc, id desc limit $9)
        {shown("page", named=named)}
         order by b.occurred_at desc, b.id desc
        """,
        *parameters(question),
        *(after or (None, None)),
        most,
    )
    return to_models(KpiRow, found)


async def all_rows(conn: Connection, question: Question, *, named: bool) -> AsyncIterator[list[KpiRow]]:
    """Every fact behind a value, newest first, in parts: through a cursor, however many there are."""
    statement = f"""
        {statements.rows_of(question.kpi, question.basis.scope)}
        {shown("behind", named=named)}
         order by b.occurred_at desc, b.id desc
    """
    cursor = await conn.cursor(statement, *parameters(question))
    while part := await cursor.fetch(2000):
        yield to_models(KpiRow, part)


async def risks(
    conn: Connection, question: Question, after: tuple[datetime, UUID] | None, most: int, *, named: bool
) -> list[Risk]:
    """What endangers the next release at the end of the window, oldest first."""
    found = await conn.fetch(
        f"""
        {_all_risks(question)},
        page as (
            select * from risky where $7::timestamptz is null or (since, id) > ($7, $8::uuid)
             order by since, id limit $9)
        {shown("page", named=named).replace("select b.id", "select b.risk, b.since, b.id", 1)}
         order by b.since, b.id
        """,
        *parameters(question),
        *(after or (None, None)),
        most,
    )
    return [_to_risk(row, question.window.end) for row in found]


async def count_risks(conn: Connection, question: Question) -> int:
    """How many there are."""
    counted: int = await conn.fetchval(f"{_all_risks(question)} select count(*) from risky", *parameters(question))
    return counted


def _all_risks(question: Question) -> str:
    """The rows of the three KPIs that release risk is made of, as `risky` of a with clause."""
    scope = question.basis.scope
    each = ",\n".join(f"{risk} as ({statements.facts_of(kpi, scope)})" for kpi, risk in _RISKS.items())
    every = " union all ".join(
        f"select '{risk}' as risk, f.* from {risk} f where number <> 0" for risk in _RISKS.values()
    )
    return f"{statements.head(scope)},\n{each},\nrisky as (select *, {_SINCE} as since from ({every}) every)"


def _to_risk(row: asyncpg.Record, end: datetime) -> Risk:
    told: dict[str, Any] = dict(row)
    kind, since = told.pop("risk"), told.pop("since")
    age = (end - since).total_seconds() / 86400
    return Risk(kind=kind, row=msgspec.convert(told, KpiRow), since=since, age_days=age)


def shown(behind: str, *, named: bool) -> str:
    """Selects the facts of that name for people: what each is about, its link, and, if `named`, whose it is."""
    hidden = "'quiet'" if named else "array['quiet', 'responder_identity_id']"
    return _SHOWN.format(behind=behind, named="true" if named else "false", hidden=hidden)


def parameters(question: Question) -> tuple[Any, ...]:
    """Those of every statement of the catalogue."""
    return (
        question.org_id, question.window.start, question.window.end, question.facts_as_of, question.people_as_of,
        msgspec.to_builtins(question.basis),
    )  # fmt: skip
