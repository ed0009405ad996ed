"""How much work is where: the counts behind a cumulative flow diagram, the items behind them, and a ledger of sprints.

What is in progress is exactly what `flow.wip` counts, what is done what `throughput.work_items` counts.
"""

# ruff: noqa: S608 (every part comes from the catalogue, which is ours)
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from ovia_shared.database.kpis import statements
from ovia_shared.database.kpis.behind import parameters, shown
from ovia_shared.database.kpis.measuring import Question
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.models.flow import FlowCategory, FlowItem, FlowPoint, SprintFlow
from ovia_shared.models.kpi import KpiRow, ResolvedScope

_BELIEVED = "f.org_id = $1 and f.known_from <= $4 and f.known_to > $4"
# A place is the number of a moment among $7. What began before one and had not ended at it is there at it: it comes at
# the first moment after its beginning, and goes after the last one that is not behind its end.
_FIRST = "width_bucket({at}, $7::timestamptz[])"
_MOVES = """
    opened as materialized (
        select f.connection_id, f.entity_id, f.occurred_at from facts f
         where f.kind = 'work_item.created' and f.occurred_at < $3 and {believed}{scope_of_created}
    ), counted as (
        select f.kind, f.occurred_at, f.until from facts f
         where f.kind = 'work_item.in_progress' and f.occurred_at < $3 and f.until >= $2 and {believed}{scope_of_going}
        union all
        select f.kind, f.occurred_at, f.until from facts f
         where f.kind = 'work_item.done' and f.occurred_at >= $2 and f.occurred_at < $3 and {believed}{scope_of_done}
    ), begun as (
        select greatest(o.occurred_at, f.occurred_at) as occurred_at, f.until
          from opened o
          join facts f on f.connection_id = o.connection_id and f.entity_id = o.entity_id
         where f.kind in ('work_item.in_progress', 'work_item.done') and f.occurred_at < $3
           and f.until > greatest(o.occurred_at, f.occurred_at) and {believed}
    ), moves as (
        select 'todo' as category, {opened_at} as place, 1 as change from opened
        union all
        select 'todo', {first}, -1 from begun
        union all
        select 'todo', {last}, 1 from begun
        union all
        select substring(kind from 11), {first}, 1 from counted
        union all
        select substring(kind from 11), {last}, -1 from counted
    )
    select category, place, sum(change)::integer as change from moves where place < cardinality($7::timestamptz[])
     group by category, place"""
# As of the end of the window; an item that was never moved has the status it has now.
_STATUS = """
    coalesce((select t.to_text from work_item_transitions t
               where t.org_id = $1 and t.connection_id = s.connection_id and t.work_item_external_id = s.entity_id
                 and t.field = 'status' and t.removed_at is null and t.occurred_at < $3
               order by t.occurred_at desc, length(t.history_external_id) desc, t.history_external_id desc,
                        t.ordinal desc limit 1),
             (select t.from_text from work_item_transitions t
               where t.org_id = $1 and t.connection_id = s.connection_id and t.work_item_external_id = s.entity_id
                 and t.field = 'status' and t.removed_at is null and t.occurred_at >= $3
               order by t.occurred_at, length(t.history_external_id), t.history_external_id, t.ordinal limit 1),
             (select w.status from work_items w
               where w.org_id = $1 and w.connection_id = s.connection_id and w.external_id = s.entity_id))"""
_KPIS = {FlowCategory.IN_PROGRESS: "flow.wip", FlowCategory.DONE: "throughput.work_items"}


async def cumulative(conn: Connection, question: Question, moments: Sequence[datetime]) -> list[FlowPoint]:
    """How much was where at each of these moments, which are in order, from the start of the window to its end.

    Empty if the scope had no work item by then.
    """
    scope = question.basis.scope
    moves = _MOVES.format(
        believed=_BELIEVED,
        scope_of_created=statements.of_scope(scope, "work_item.created"),
        scope_of_going=statements.of_scope(scope, "work_item.in_progress"),
        scope_of_done=statements.of_scope(scope, "work_item.done"),
        opened_at=_FIRST.format(at="occurred_at"),
        first=_FIRST.format(at="occurred_at"),
        last=_FIRST.format(at="until"),
    )
    rows = await conn.fetch(f"{statements.head(scope)},\n{moves}", *parameters(question), list(moments))
    if not rows and not await _ever(conn, question):
        return []
    changes = {(row["category"], row["place"]): row["change"] for row in rows}
    level = dict.fromkeys(FlowCategory, 0)
    found = []
    for place, moment in enumerate(moments):
        level = {one: count + changes.get((one.value, place), 0) for one, count in level.items()}
        found.append(FlowPoint(moment, *level.values()))
    return found


async def items(
    conn: Connection,
    question: Question,
    category: FlowCategory,
    after: tuple[datetime, UUID] | None,
    most: int,
    *,
    named: bool,
) -> list[FlowItem]:
    """At most `most` items of a category at the end of the window behind `after`, newest first."""
    found = await conn.fetch(
        f"""
        {_behind(category, question.basis.scope)},
        page as (
            select * from behind
             where $7::timestamptz is null or (occurred_at, id) < ($7, $8::uuid)
             order by occurred_at desc, id desc limit $9),
        shown as ({shown("page", named=named)})
        select s.*, {_STATUS} as status from shown s order by s.occurred_at desc, s.fact_id desc
        """,
        *parameters(question),
        *(after or (None, None)),
        most,
    )
    rows = [dict(row) for row in found]
    told = [(row.pop("status"), msgspec.convert(row, KpiRow)) for row in rows]
    return [FlowItem(row, status, _age(row, category, question.window.end)) for status, row in told]


async def count_items(conn: Connection, question: Question, category: FlowCategory) -> int:
    """How many there are."""
    counted: int = await conn.fetchval(
        f"{_behind(category, question.basis.scope)} select count(*) from behind", *parameters(question)
    )
    return counted


async def sprints(conn: Connection, question: Question, most: int) -> list[SprintFlow]:
    """At most `most` sprints that closed in the window and held items of the scope, the last one first."""
    rows = await conn.fetch(
        f"""
        {statements.head(question.basis.scope)},
        counted as (
            select f.connection_id, f.attributes->>'sprint' as sprint,
                   count(*) filter (where (f.attributes->>'committed')::boolean) as planned,
                   count(*) filter (where (f.attributes->>'added')::boolean) as added,
                   count(*) filter (where (f.attributes->>'removed')::boolean) as removed,
                   count(*) filter (where (f.attributes->>'done')::boolean) as done,
                   count(*) filter (where (f.attributes->>'in_scope')::boolean
                                      and not (f.attributes->>'done')::boolean) as spilled_over
              from facts f
             where f.kind = 'sprint.item' and f.occurred_at >= $2 and f.occurred_at < $3 and {_BELIEVED}
                   {statements.of_scope(question.basis.scope, "sprint.item")}
             group by 1, 2)
        select s.connection_id || ':' || s.external_id as id, s.name, s.start_at as started_at,
               s.completed_at as closed_at, c.planned, c.added, c.removed, c.done, c.spilled_over
          from counted c
          join sprints s on s.org_id = $1 and s.connection_id = c.connection_id and s.external_id = c.sprint
         where s.start_at is not null and s.completed_at is not null
         order by s.completed_at desc, s.connection_id, s.external_id limit $7
        """,
        *parameters(question),
        most,
    )
    return to_models(SprintFlow, rows)


def _behind(category: FlowCategory, scope: ResolvedScope) -> str:
    if category in _KPIS:
        return statements.rows_of(_KPIS[category], scope)
    return f"""{statements.head(scope)},
        behind as (
            select f.*, 1 as number, 1 as weight
              from facts f
             where f.kind = 'work_item.created' and f.occurred_at < $3 and {_BELIEVED}
                   {statements.of_scope(scope, "work_item.created")}
               and not exists (
                   select from facts d
                    where d.org_id = $1 and d.kind in ('work_item.in_progress', 'work_item.done')
                      and d.connection_id = f.connection_id and d.entity_id = f.entity_id
                      and d.occurred_at < $3 and d.until >= $3 and d.known_from <= $4 and d.known_to > $4))"""


def _age(row: KpiRow, category: FlowCategory, end: datetime) -> float | None:
    if category is FlowCategory.DONE:
        return None
    begun = row.attributes.get("first_in_progress_at")
    since = row.occurred_at if begun is None else datetime.fromisoformat(begun)
    return (end - since).total_seconds() / 3600


async def _ever(conn: Connection, question: Question) -> bool:
    scope = question.basis.scope
    there: bool = await conn.fetchval(
        f"""{statements.head(scope)}
        select exists (select from facts f where f.kind = 'work_item.created' and f.occurred_at < $3 and {_BELIEVED}
                       {statements.of_scope(scope, "work_item.created")})""",
        *parameters(question),
    )
    return there
