"""Teams: the tree as it is read and changed. Teams that were deleted are in no list."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_model, to_models
from ovia_shared.errors import Conflict, InvalidInput
from ovia_shared.models.team import Team, TeamFilter, TeamPosition

# A team and all below it; `{team}` is the placeholder of its id.
BELOW = """
with recursive below (id) as (
    select t.id from teams t where t.org_id = $1 and t.id = {team}
    union
    select t.id from teams t join below b on t.org_id = $1 and t.parent_id = b.id and t.deleted_at is null)
"""
# Who is in a team or below it now.
NOW_BELOW = f"""{BELOW}
select s.person_id from team_memberships s join below b on s.team_id = b.id
 where s.org_id = $1 and s.known_to = 'infinity' and s.valid_from <= now()
   and (s.valid_to is null or s.valid_to > now())
"""  # noqa: S608 (a constant)
_SELECT = """
select t.id, t.parent_id, t.name, up.path, t.version, t.created_at,
       (select count(distinct s.person_id) from team_memberships s
         where s.org_id = t.org_id and s.team_id = t.id and s.known_to = 'infinity' and s.valid_from <= now()
           and (s.valid_to is null or s.valid_to > now())) as members,
       (select count(*) from teams c
         where c.org_id = t.org_id and c.parent_id = t.id and c.deleted_at is null) as sub_teams
  from teams t
 cross join lateral (
    with recursive up (id, parent_id, name, depth) as (
        select t.id, t.parent_id, t.name, 0
        union all
        select a.id, a.parent_id, a.name, up.depth + 1
          from up join teams a on a.org_id = t.org_id and a.id = up.parent_id)
    select array_agg(up.name order by up.depth desc) as path from up) as up
 where t.org_id = $1 and t.deleted_at is null
"""


async def find(conn: Connection, org_id: UUID, wanted: TeamFilter, after: TeamPosition | None, most: int) -> list[Team]:
    """At most `most` teams behind `after`, by name in code point order."""
    values: list[Any] = [org_id]
    conditions = _conditions(wanted, values)
    if after is not None:
        first = len(values) + 1
        values += [after.name, after.id]
        conditions += f' and (t.name collate "C", t.id) > (${first}::text, ${first + 1}::uuid)'
    rows = await conn.fetch(f'{_SELECT}{conditions} order by t.name collate "C", t.id limit {int(most)}', *values)
    return to_models(Team, rows)


async def count(conn: Connection, org_id: UUID, wanted: TeamFilter) -> int:
    """How many teams the filter lets through."""
    values: list[Any] = [org_id]
    conditions = _conditions(wanted, values)
    total: int = await conn.fetchval(
        f"select count(*) from teams t where t.org_id = $1 and t.deleted_at is null{conditions}",  # noqa: S608
        *values,
    )
    return total


async def find_one(conn: Connection, org_id: UUID, team_id: UUID) -> Team | None:
    """This team, or None."""
    return to_model(Team, await conn.fetchrow(f"{_SELECT} and t.id = $2", org_id, team_id))


async def hold_tree(conn: Connection, org_id: UUID) -> None:
    """Nobody else changes the tree until the end of the transaction: what is found in it stays true."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, hashtext('team tree')))", str(org_id))


async def all_paths(conn: Connection, org_id: UUID) -> dict[tuple[str, ...], UUID]:
    """Every team by the names from the root down to it."""
    rows = await conn.fetch(
        """
        with recursive down (id, path) as (
            select t.id, array[t.name] from teams t
             where t.org_id = $1 and t.parent_id is null and t.deleted_at is null
            union all
            select t.id, d.path || t.name
              from down d join teams t on t.org_id = $1 and t.parent_id = d.id and t.deleted_at is null)
        select id, path from down
        """,
        org_id,
    )
    return {tuple(row["path"]): row["id"] for row in rows}


async def add(conn: Connection, org_id: UUID, name: str, parent_id: UUID | None) -> UUID:
    """Adds a team; its id. Raises `Conflict` if there is one of that name beside it."""
    team_id = new_id()
    try:
        await conn.execute(
            "insert into teams (org_id, id, parent_id, name) values ($1, $2, $3, $4)", org_id, team_id, parent_id, name
        )
    except asyncpg.UniqueViolationError:
        raise _named_alike(name) from None
    return team_id


async def put(conn: Connection, org_id: UUID, team_id: UUID, name: str, parent_id: UUID | None) -> None:
    """Names a team and places it in the tree. Raises `Conflict` for a name that is taken there, and `InvalidInput` for
    a place below itself."""
    try:
        await conn.execute(
            "update teams set name = $3, parent_id = $4, version = version + 1 where org_id = $1 and id = $2",
            org_id,
            team_id,
            name,
            parent_id,
        )
    except asyncpg.UniqueViolationError:
        raise _named_alike(name) from None
    except asyncpg.CheckViolationError:
        raise InvalidInput(
            "a team cannot stand below itself, or below a team that stands below it", field="parent_id"
        ) from None


async def is_below(conn: Connection, org_id: UUID, team_id: UUID, above: UUID) -> bool:
    """Whether a team is the other one or stands below it."""
    found: bool = await conn.fetchval(
        f"{BELOW.format(team='$3')} select exists (select from below where id = $2)",  # noqa: S608 (a constant)
        org_id,
        team_id,
        above,
    )
    return found


async def children(conn: Connection, org_id: UUID, team_id: UUID) -> list[tuple[UUID, str]]:
    """The teams directly below one: id and name."""
    rows = await conn.fetch(
        "select id, name from teams where org_id = $1 and parent_id = $2 and deleted_at is null order by id",
        org_id,
        team_id,
    )
    return [(row["id"], row["name"]) for row in rows]


async def put_away(conn: Connection, org_id: UUID, team_id: UUID) -> None:
    """Deletes a team from every list; its past memberships stay."""
    await conn.execute(
        "update teams set deleted_at = now(), version = version + 1 where org_id = $1 and id = $2", org_id, team_id
    )


async def names(conn: Connection, org_id: UUID, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of teams, deleted ones too."""
    rows = await conn.fetch("select id, name from teams where org_id = $1 and id = any($2)", org_id, list(ids))
    return {row["id"]: row["name"] for row in rows}


def _conditions(wanted: TeamFilter, values: list[Any]) -> str:
    if wanted.parent_id is not None:
        values.append(wanted.parent_id)
        return f" and t.parent_id = ${len(values)}"
    return " and t.parent_id is null" if wanted.roots else ""


def _named_alike(name: str) -> Conflict:
    return Conflict(f"there is a team called {name!r} at this place already", field="name")
