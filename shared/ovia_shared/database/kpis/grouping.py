"""The rows behind a value by groups: products, teams, or classes of work. Every row is in one group."""

# ruff: noqa: S608 (every part comes from the catalogue, which is ours)
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

import msgspec

from ovia_shared.database.kpis import statements
from ovia_shared.database.kpis.measuring import Question
from ovia_shared.database.kpis.restating import parameters
from ovia_shared.database.pool import Connection
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Rows, Spread
from ovia_shared.kpis.splitting import Side
from ovia_shared.models.kpi import ScopeKind


class By(StrEnum):
    """What rows are grouped by: the product of their project, the team of whoever they are of, or their class."""

    PRODUCT = "product"
    TEAM = "team"
    TYPE = "type"


class Group(msgspec.Struct, frozen=True):
    """A product, a team with all below it, several small teams together, or a class; `id` where it has one.

    `parts` are the products or teams whose rows are in it.
    """

    key: str
    name: str
    id: UUID | None = None
    parts: tuple[UUID, ...] = ()


# What belongs to none of them.
REST = {By.PRODUCT: Group("other", "other"), By.TEAM: Group("none", "no team"), By.TYPE: Group("none", "no type")}
SMALL = "small"

_CLASSES = (Group("bug", "bug"), Group("feature", "feature"), Group("chore", "chore"))
_PLACED = {
    By.PRODUCT: """,
product_of as materialized (
    select pp.connection_id, pp.project_external_id, min(given.place) as place
      from unnest($7::uuid[], $8::integer[]) given (product_id, place)
      join product_projects pp on pp.org_id = $1 and pp.product_id = given.product_id
     group by 1, 2),
placed as (
    select b.*, p.place
      from behind b
      left join product_of p on p.connection_id = b.connection_id and p.project_external_id = b.project_external_id)""",
    By.TEAM: """,
in_teams as materialized (
    select m.identity_id, given.place, greatest(m.valid_from, s.valid_from) as since,
           least(m.valid_to, s.valid_to) as until
      from unnest($7::uuid[], $8::integer[]) given (team_id, place)
      join team_memberships s on s.org_id = $1 and s.team_id = given.team_id
                             and s.known_from <= $5 and s.known_to > $5
      join mappings m on m.org_id = $1 and m.person_id = s.person_id and m.known_from <= $5 and m.known_to > $5
                     and (m.status = 'verified' or m.status = 'auto'
                          and m.confidence >= ($6::jsonb #>> '{settings,auto}')::double precision)),
team_of as materialized (
    select b.id, min(t.place) as place
      from behind b
      join in_teams t on t.identity_id = b.actor_identity_id and t.since <= b.occurred_at
                     and (t.until is null or t.until > b.occurred_at)
     group by b.id),
placed as (select b.*, t.place from behind b left join team_of t on t.id = b.id)""",
    By.TYPE: """,
placed as (select b.*, array_position(array['bug', 'feature', 'chore'], b.attributes->>'class') - 1 as place
             from behind b)""",
}


async def groups(conn: Connection, question: Question, by: By) -> list[Group]:
    """The groups there may be, in order; a row that fits several is in the first of them."""
    match by:
        case By.PRODUCT:
            return await _products(conn, question)
        case By.TEAM:
            return await _teams(conn, question)
        case By.TYPE:
            return list(_CLASSES)


async def sides(conn: Connection, question: Question, by: By, among: list[Group]) -> dict[str, Side]:
    """The rows behind a KPI that is no composite, by the key of their group. A group without rows is not there."""
    source = CATALOGUE[question.kpi].source
    assert isinstance(source, Rows), f"{question.kpi} is made of other KPIs"
    numbers = (
        "array_agg(number::double precision order by number)"
        if isinstance(source.aggregate, Spread)
        else "array[]::double precision[]"
    )
    given = [(part, place) for place, group in enumerate(among) for part in group.parts]
    parts = () if by is By.TYPE else ([part for part, _ in given], [place for _, place in given])
    rows = await conn.fetch(
        f"""
        {statements.rows_of(question.kpi, question.basis.scope)}{_PLACED[by]}
        select place, count(*) as n, coalesce(sum(number::numeric), 0) as number,
               coalesce(sum(weight::numeric), 0) as weight, {numbers} as numbers
          from placed group by place
        """,
        *parameters(question),
        *parts,
    )
    return {
        (REST[by] if row["place"] is None else among[row["place"]]).key: Side(
            n=row["n"], number=Fraction(row["number"]), weight=Fraction(row["weight"]), numbers=row["numbers"]
        )
        for row in rows
    }


async def _products(conn: Connection, question: Question) -> list[Group]:
    # Of the products that share a project, the one that is asked about has its rows.
    scope = question.basis.scope
    asked = UUID(scope.id) if scope.kind is ScopeKind.PRODUCT else None
    rows = await conn.fetch(
        """
        select id, name from products
         where org_id = $1 and deleted_at is null order by id is not distinct from $2 desc, name collate "C", id
        """,
        question.org_id,
        asked,
    )
    return [Group(str(row["id"]), row["name"], row["id"], (row["id"],)) for row in rows]


async def _teams(conn: Connection, question: Question) -> list[Group]:
    scope = question.basis.scope
    above = UUID(scope.id) if scope.kind is ScopeKind.TEAM else None
    rows = await conn.fetch(
        """
        with recursive down (id, top, top_name) as (
            select t.id, t.id, t.name from teams t
             where t.org_id = $1 and t.deleted_at is null and t.parent_id is not distinct from $2
            union all
            select t.id, d.top, d.top_name from down d join teams t on t.org_id = $1 and t.parent_id = d.id),
        every as (
            select id, top, top_name from down
            union all
            -- Those who are in the team itself, and in none below it.
            select t.id, t.id, t.name from teams t where t.org_id = $1 and t.id = $2)
        select e.top as id, e.top_name as name, array_agg(distinct e.id order by e.id) as teams,
               array_agg(distinct s.person_id) filter (where s.person_id is not null) as members
          from every e
          left join team_memberships s on s.org_id = $1 and s.team_id = e.id and s.known_from <= $3 and s.known_to > $3
         group by e.top, e.top_name
         order by e.top_name collate "C", e.top
        """,
        question.org_id,
        above,
        question.people_as_of,
    )
    counted = [
        (Group(str(row["id"]), row["name"], row["id"], tuple(row["teams"])), frozenset(row["members"] or ()))
        for row in rows
    ]
    return _large_enough(counted, question.basis.settings.privacy.minimum_group)


def _large_enough(counted: list[tuple[Group, frozenset[UUID]]], least: int) -> list[Group]:
    """Teams of fewer people than that are put together, with the next larger ones if they are too few even so.

    Otherwise a small team's numbers would be what is missing from the whole.
    """
    together: list[Group] = []
    people: frozenset[UUID] = frozenset()
    for group, members in sorted(counted, key=lambda one: len(one[1])):
        if len(members) >= least and (len(people) >= least or not people):
            break
        together.append(group)
        people |= members
    # Teams without anybody tell of nobody.
    if not people:
        return [group for group, _ in counted]
    small = Group(SMALL, "small teams", parts=tuple(part for group in together for part in group.parts))
    return [*(group for group, _ in counted if group not in together), small]
