"""What forecasts are made from and judged by: work items of a scope, day by day, as told by facts.

Everything happened before the moment asked about (`end`), and is as it was then: an item that is opened again later is
still done. Facts hold the project and the assignee an item has now, so that much of a later time is in them.
"""

# ruff: noqa: S608 (every fragment comes from here)
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from ovia_shared.database import organisation_settings
from ovia_shared.database.kpis import scopes
from ovia_shared.database.pool import Connection
from ovia_shared.models.decision import MatchingSettings
from ovia_shared.models.kpi import EntityKey, ResolvedScope, Scope, ScopeKind
from ovia_shared.models.product import ProjectKey

# $1 organisation, $2 the scope, $3 as of when things are believed, $4 from which confidence a mapping is used.
_MEMBERS = """
    members as materialized (
        select m.identity_id, m.person_id, greatest(m.valid_from, s.valid_from) as since,
               least(m.valid_to, s.valid_to) as until
          from team_memberships s
          join mappings m on m.org_id = $1 and m.person_id = s.person_id
         where s.org_id = $1 and s.known_from <= $3 and s.known_to > $3
           and s.team_id in (select one::uuid from jsonb_array_elements_text($2::jsonb->'teams') one)
           and m.known_from <= $3 and m.known_to > $3
           and (m.status = 'verified' or m.status = 'auto' and m.confidence >= $4))"""
_BY_MEMBERS = """
           and exists (select from members p
                        where p.identity_id = f.actor_identity_id and p.since <= f.occurred_at
                          and (p.until is null or p.until > f.occurred_at))"""
_IN_PROJECTS = """
           and (f.connection_id, f.project_external_id) in (
               select (one->>'connection_id')::uuid, one->>'external_id'
                 from jsonb_array_elements($2::jsonb->'projects') one)"""
_AMONG_ITEMS = """
           and (f.entity_kind, f.connection_id, f.entity_id) in (
               select one->>0, (one->>1)::uuid, one->>2 from jsonb_array_elements($2::jsonb->'items') one)"""


class Day(NamedTuple):
    """One day of a scope."""

    done: int
    created: int
    in_progress: int


class DoneItem(NamedTuple):
    """An item was done from `at` until `until`; None: it still is."""

    at: datetime
    until: datetime | None


class Whose(NamedTuple):
    """Whose facts, as believed at which moment; `auto` is from which confidence on a mapping is used."""

    scope: ResolvedScope
    as_of: datetime
    auto: float


async def items_at(conn: Connection, org_id: UUID, scope: Scope, at: datetime) -> ResolvedScope:
    """What the scope was made up of at a moment: a sprint of the items that were in it then; any other of what it is
    made up of now. Raises `NotFound` and `InvalidInput` as `scopes.resolve` does."""
    found = await scopes.resolve(conn, org_id, scope)
    if scope.kind is not ScopeKind.SPRINT:
        return found
    connection_id, _, external_id = scope.id.partition(":")
    rows = await conn.fetch(
        """
        select distinct m.connection_id, m.work_item_external_id
          from sprint_memberships m
         where m.org_id = $1 and m.connection_id = $2 and m.sprint_external_id = $3 and m.removed_at is null
           and (m.added_at is null or m.added_at <= $4) and (m.left_at is null or m.left_at > $4)
         order by 1, 2
        """,
        org_id,
        UUID(connection_id),
        external_id,
        at,
    )
    return ResolvedScope(kind=scope.kind, id=scope.id, items=[EntityKey("work_item", *row) for row in rows])


async def started_sprints(conn: Connection, org_id: UUID, before: datetime) -> list[tuple[Scope, datetime]]:
    """Sprints that were begun before a moment, and when, in order."""
    rows = await conn.fetch(
        """
        select connection_id || ':' || external_id as id, start_at from sprints
         where org_id = $1 and start_at < $2 and removed_at is null order by start_at, 1
        """,
        org_id,
        before,
    )
    return [(Scope(ScopeKind.SPRINT, row["id"]), row["start_at"]) for row in rows]


async def lasting_scopes(conn: Connection, org_id: UUID) -> list[Scope]:
    """The organisation, its products, teams, and the projects that have work items."""
    rows = await conn.fetch(
        """
        select 0 as place, 'organisation' as kind, '' as id
        union all
        select 1, 'product', id::text from products where org_id = $1 and deleted_at is null
        union all
        select 2, 'team', id::text from teams where org_id = $1 and deleted_at is null
        union all
        select 3, 'project', p.connection_id || ':' || p.external_id from projects p
         where p.org_id = $1 and p.removed_at is null
           and exists (select from facts f
                        where f.org_id = $1 and f.kind = 'work_item.created' and f.connection_id = p.connection_id
                          and f.project_external_id = p.external_id and f.known_to = 'infinity')
         order by place, id
        """,
        org_id,
    )
    return [Scope(ScopeKind(row["kind"]), row["id"]) for row in rows]


async def own(conn: Connection, org_id: UUID, scope: ResolvedScope, as_of: datetime) -> Whose:
    """A scope's own items."""
    settings = await organisation_settings.read(conn, org_id, "matching", MatchingSettings, as_of=as_of)
    return Whose(scope, as_of, settings.auto)


async def pace_of(conn: Connection, org_id: UUID, whose: Whose) -> Whose:
    """Whose work tells the pace: the scope's own, or of a sprint or release that of the projects its items are in."""
    if whose.scope.items is None:
        return whose
    rows = await conn.fetch(
        f"""
        with {_people(whose)}
        select distinct f.connection_id, f.project_external_id from facts f
         where f.kind = 'work_item.created' and f.project_external_id is not null and {_facts(whose)}
         order by 1, 2
        """,
        *_given(org_id, whose),
    )
    projects = [ProjectKey(*row) for row in rows]
    return whose._replace(scope=ResolvedScope(kind=ScopeKind.PROJECT, projects=projects))


async def days(conn: Connection, org_id: UUID, whose: Whose, bounds: Sequence[datetime], end: datetime) -> list[Day]:
    """The days between each two bounds: items done in it and still at `end`, created in it, in progress at its end.

    `bounds` are in order and none is after `end`.
    """
    rows = await conn.fetch(
        f"""
        with {_people(whose)}, going as (
            select width_bucket(f.occurred_at, $5::timestamptz[]) as first,
                   width_bucket(least(f.until, $7), $5::timestamptz[]) as last
              from facts f
             where f.kind = 'work_item.in_progress' and f.occurred_at < $7 and f.until >= $6 and {_facts(whose)}
        ), counted as (
            select width_bucket(f.occurred_at, $5::timestamptz[]) as day, (f.kind = 'work_item.done')::integer as done,
                   (f.kind = 'work_item.created')::integer as created, 0 as change
              from facts f
             where f.kind in ('work_item.done', 'work_item.created')
               and f.occurred_at >= $6 and f.occurred_at < $7
               and (f.kind = 'work_item.created' or f.until >= $8) and {_facts(whose)}
            union all
            select first, 0, 0, 1 from going
            union all
            select last, 0, 0, -1 from going
        )
        select day, sum(done) as done, sum(created) as created, sum(change) as change from counted group by day
        """,
        *_given(org_id, whose),
        list(bounds),
        bounds[0],
        bounds[-1],
        end,
    )
    by_day = {row["day"]: row for row in rows}
    going = by_day[0]["change"] if 0 in by_day else 0
    found = []
    for number in range(1, len(bounds)):
        row = by_day.get(number)
        going += row["change"] if row else 0
        found.append(Day(row["done"], row["created"], going) if row else Day(0, 0, going))
    return found


async def people(conn: Connection, org_id: UUID, whose: Whose, start: datetime, end: datetime) -> int:
    """How many finished items in this time: people, and accounts that are nobody's yet."""
    found: int = await conn.fetchval(
        f"""
        with {_people(whose)}
        select count(distinct coalesce(m.person_id, f.actor_identity_id))
          from facts f
          left join mappings m on m.org_id = $1 and m.identity_id = f.actor_identity_id
                              and m.known_from <= $3 and m.known_to > $3 and m.valid_from <= f.occurred_at
                              and (m.valid_to is null or m.valid_to > f.occurred_at)
                              and (m.status = 'verified' or m.status = 'auto' and m.confidence >= $4)
         where f.kind = 'work_item.done' and f.occurred_at >= $5 and f.occurred_at < $6 and {_facts(whose)}
        """,
        *_given(org_id, whose),
        start,
        end,
    )
    return found


async def begins(conn: Connection, org_id: UUID, whose: Whose) -> datetime | None:
    """When the first item was created; None if there is none."""
    found: datetime | None = await conn.fetchval(
        f"""
        with {_people(whose)}
        select min(f.occurred_at) from facts f where f.kind = 'work_item.created' and {_facts(whose)}
        """,
        *_given(org_id, whose),
    )
    return found


async def open_items(conn: Connection, org_id: UUID, whose: Whose, end: datetime) -> int:
    """How many items were created before a moment and not done at it."""
    found: int = await conn.fetchval(
        f"""
        with {_people(whose)}
        select count(*) from facts f
         where f.kind = 'work_item.created' and f.occurred_at < $5 and {_facts(whose)}
           and not exists (
               select from facts d
                where d.org_id = $1 and d.kind = 'work_item.done' and d.connection_id = f.connection_id
                  and d.entity_id = f.entity_id and d.occurred_at < $5 and d.until >= $5
                  and d.known_from <= $3 and d.known_to > $3)
        """,
        *_given(org_id, whose),
        end,
    )
    return found


async def done(conn: Connection, org_id: UUID, whose: Whose, start: datetime, end: datetime) -> list[DoneItem]:
    """What was done in this time, in order; more than once if it was opened again in between."""
    rows = await conn.fetch(
        f"""
        with {_people(whose)}
        select f.occurred_at, nullif(f.until, 'infinity') as until from facts f
         where f.kind = 'work_item.done' and f.occurred_at >= $5 and f.occurred_at < $6 and {_facts(whose)}
         order by f.occurred_at, f.row_hash
        """,
        *_given(org_id, whose),
        start,
        end,
    )
    return [DoneItem(row["occurred_at"], row["until"]) for row in rows]


async def known_until(conn: Connection, org_id: UUID) -> datetime | None:
    """Up to when what happened to work items has been looked at; None before it was for the first time."""
    found: datetime | None = await conn.fetchval(
        "select seen_until from derivations where org_id = $1 and name = 'work_items' and seen_below > '0'", org_id
    )
    return found


async def latest(conn: Connection, org_id: UUID, before: datetime) -> datetime | None:
    """When a work item was last created or done before a moment; None if none ever was."""
    found: datetime | None = await conn.fetchval(
        """
        select max(moment) from unnest(array['work_item.created', 'work_item.done']) k (kind), lateral (
            select max(f.occurred_at) as moment from facts f
             where f.org_id = $1 and f.kind = k.kind and f.occurred_at < $2 and f.known_to = 'infinity') l
        """,
        org_id,
        before,
    )
    return found


def _given(org_id: UUID, whose: Whose) -> tuple[object, ...]:
    return org_id, msgspec.to_builtins(whose.scope), whose.as_of, whose.auto


def _people(whose: Whose) -> str:
    # A constant where there is no team, so that all statements take the same parameters.
    return _MEMBERS if whose.scope.teams is not None else "members as (select $4::double precision)"


def _facts(whose: Whose) -> str:
    narrowed = [_IN_PROJECTS] if whose.scope.projects is not None else []
    narrowed += [_AMONG_ITEMS] if whose.scope.items is not None else []
    narrowed += [_BY_MEMBERS] if whose.scope.teams is not None else []
    return f"""f.org_id = $1 and f.known_from <= $3 and f.known_to > $3 and $2::jsonb is not null{"".join(narrowed)}"""
