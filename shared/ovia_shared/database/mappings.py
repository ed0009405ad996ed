"""Mappings as they are read: lists for review, least certain first.

Optional filters are added to the statement only when they are set: each combination is then a statement of its
own, with a plan made for it. The same goes for the page size, a number written into the statement: with `limit $n`
Postgres cannot tell a short page from a full scan and plans every execution anew.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from ovia_shared.database import search
from ovia_shared.database.pool import Connection
from ovia_shared.models.mapping import (
    Identity,
    Mapping,
    MappingFilter,
    MappingOrder,
    MappingPosition,
    PersonReference,
)
from ovia_shared.models.rule_trace import RuleTrace

# In the order of the models' fields: rows become models by position.
_COLUMNS = """
select m.id, m.status, m.confidence, m.rule_trace::text, m.engine_version,
       nullif(m.valid_from, '-infinity'), nullif(m.valid_to, 'infinity'), m.verified_by, m.verified_at, m.created_at,
       i.id, i.source, i.external_id, i.username, i.email, i.display_name, i.service_account,
       p.id, p.display_name"""
_FROM = """
  from mappings m
  join identities i on i.org_id = m.org_id and i.id = m.identity_id
  left join people p on p.org_id = m.org_id and p.id = m.person_id
 where m.org_id = $1 and m.known_to = 'infinity'
"""
_SELECT = _COLUMNS + _FROM
_ORDERS = {
    MappingOrder.CONFIDENCE_ASC: "m.confidence, m.created_at, m.id",
    MappingOrder.AGE_DESC: "m.created_at, m.id",
}
_ORDER = f" order by {_ORDERS[MappingOrder.CONFIDENCE_ASC]}"
# The team itself and all below it.
_TEAM = """
   and exists (
       with recursive below (id) as (
           select {place}::uuid
           union
           select t.id from teams t join below b on t.org_id = $1 and t.parent_id = b.id and t.deleted_at is null)
       select from team_memberships s join below b on s.org_id = $1 and s.team_id = b.id
        where s.person_id = m.person_id and s.known_to = 'infinity' and s.valid_from <= now()
          and (s.valid_to is null or s.valid_to > now()))
"""
_TOTAL = "(select coalesce(sum(c.change), 0)::bigint from mapping_counts c where c.org_id = $1{conditions})"
# What the unfiltered first page asks; the benches measure the service against this statement alone.
FIRST_PAGE_SQL = f"{_COLUMNS}, {_TOTAL.format(conditions='')}{_FROM}{_ORDER} limit 51"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TRACES = msgspec.json.Decoder(list[tuple[RuleTrace, ...]])


async def find(
    conn: Connection, org_id: UUID, wanted: MappingFilter, after: MappingPosition | None, most: int
) -> list[Mapping]:
    """At most `most` mappings in force behind `after`: by confidence, least certain first, then by age."""
    values: list[Any] = [org_id]
    conditions = _conditions(wanted, values)
    if after is not None:
        first = len(values) + 1
        values += [_EPOCH + after.created_at * _MICROSECOND, after.id]
        places = f"(${first}, ${first + 1})"
        if wanted.order is MappingOrder.CONFIDENCE_ASC:
            values.append(after.confidence)
            places = f"(${first + 2}, ${first}, ${first + 1})"
        conditions += f" and ({_ORDERS[wanted.order]}) > {places}"
    order = f" order by {_ORDERS[wanted.order]}"
    return to_mappings(await conn.fetch(f"{_SELECT}{conditions}{order} limit {int(most)}", *values))


async def find_first(conn: Connection, org_id: UUID, wanted: MappingFilter, most: int) -> tuple[list[Mapping], int]:
    """The first of `find`, and how many there are in all: one statement where the number is known without counting."""
    if _must_be_counted(wanted):
        return await find(conn, org_id, wanted, None, most), await count(conn, org_id, wanted)
    values: list[Any] = [org_id]
    conditions = _conditions(wanted, values)
    total = _total(wanted, values)
    order = f" order by {_ORDERS[wanted.order]}"
    rows = await conn.fetch(f"{_COLUMNS}, {total}{_FROM}{conditions}{order} limit {int(most)}", *values)
    return to_mappings(rows), rows[0][-1] if rows else 0


async def of_person(conn: Connection, org_id: UUID, person_id: UUID) -> list[Mapping]:
    """Every mapping in force to this person, whatever its status, the surest first."""
    return to_mappings(
        await conn.fetch(
            f"{_SELECT} and m.person_id = $2 order by m.confidence desc, m.created_at, m.id", org_id, person_id
        )
    )


async def of_identities(conn: Connection, org_id: UUID, identity_ids: Sequence[UUID]) -> list[Mapping]:
    """Every mapping in force of these accounts, whatever its status."""
    return to_mappings(
        await conn.fetch(
            f"{_SELECT} and m.identity_id = any($2) order by m.identity_id, m.created_at, m.id",
            org_id,
            list(identity_ids),
        )
    )


async def find_one(conn: Connection, org_id: UUID, mapping_id: UUID) -> Mapping | None:
    """A mapping by id, if it is in force."""
    rows = to_mappings(await conn.fetch(f"{_SELECT} and m.id = $2", org_id, mapping_id))
    return rows[0] if rows else None


async def people_named(conn: Connection, org_id: UUID, ids: Sequence[UUID]) -> list[PersonReference]:
    """These people, by name, deleted or not."""
    rows = await conn.fetch("select id, display_name from people where org_id = $1 and id = any($2)", org_id, list(ids))
    return [PersonReference(row["id"], row["display_name"]) for row in rows]


async def count(conn: Connection, org_id: UUID, wanted: MappingFilter) -> int:
    """How many mappings in force the filter lets through, exactly."""
    if _must_be_counted(wanted):
        return await _count_rows(conn, org_id, wanted)
    values: list[Any] = [org_id]
    total: int = await conn.fetchval(f"select {_total(wanted, values)}", *values)
    return total


def position(mapping: Mapping) -> MappingPosition:
    """Where this mapping stands in the order of `find`."""
    return MappingPosition(mapping.confidence, (mapping.created_at - _EPOCH) // _MICROSECOND, mapping.id)


def to_mappings(rows: Sequence[asyncpg.Record]) -> list[Mapping]:
    """Rows of `_SELECT` as models."""
    # All traces at one go: fifty calls for a page cost more than what they decode.
    traces = _TRACES.decode(f"[{','.join([row[3] for row in rows])}]")
    return [
        Mapping(
            row[0],
            row[1],
            row[2],
            trace,
            row[4],
            row[5],
            row[6],
            row[7],
            row[8],
            row[9],
            Identity(*row[10:17]),
            None if row[17] is None else PersonReference(row[17], row[18]),
        )
        for row, trace in zip(rows, traces, strict=True)
    ]


def _must_be_counted(wanted: MappingFilter) -> bool:
    bounds = (wanted.min_confidence, wanted.max_confidence, wanted.team_id)
    return bool(wanted.words) or any(bound is not None for bound in bounds)


def _total(wanted: MappingFilter, values: list[Any]) -> str:
    conditions = ""
    for column in ("status", "source"):
        if (value := getattr(wanted, column)) is not None:
            values.append(value)
            conditions += f" and c.{column} = ${len(values)}"
    return _TOTAL.format(conditions=conditions)


async def _count_rows(conn: Connection, org_id: UUID, wanted: MappingFilter) -> int:
    values: list[Any] = [org_id]
    conditions = _conditions(wanted, values)
    joined = "join identities i on i.org_id = m.org_id and i.id = m.identity_id" if "i." in conditions else ""
    total: int = await conn.fetchval(
        f"""
        select count(*) from mappings m {joined} where m.org_id = $1 and m.known_to = 'infinity'{conditions}
        """,  # noqa: S608 (fixed fragments)
        *values,
    )
    return total


def _conditions(wanted: MappingFilter, values: list[Any]) -> str:
    conditions = ""
    for value, condition in (
        (wanted.status, "m.status ="),
        (wanted.source, "i.source ="),
        (wanted.min_confidence, "m.confidence >="),
        (wanted.max_confidence, "m.confidence <="),
    ):
        if value is not None:
            values.append(value)
            conditions += f" and {condition} ${len(values)}"
    if wanted.team_id is not None:
        values.append(wanted.team_id)
        conditions += _TEAM.format(place=f"${len(values)}")
    return conditions + search.of_identity(wanted.words, values)


def select_all(wanted: MappingFilter) -> tuple[str, list[Any]]:
    """The statement of the whole list, without a page, and its values behind the organisation."""
    values: list[Any] = [None]
    conditions = _conditions(wanted, values)
    return f"{_SELECT}{conditions} order by {_ORDERS[wanted.order]}", values[1:]
