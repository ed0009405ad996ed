"""Filters of a search as conditions on chunks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database.ask import sight
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.models.ask import Filters

# ruff: noqa: S608 (every piece comes from here)
_FIRST = 6


class Narrowing(msgspec.Struct, frozen=True):
    """Conditions on a chunk `c`, and their values, the first of which is $6. `by_date`: on nothing but its date."""

    conditions: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()
    by_date: bool = False

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.conditions)

    @property
    def passes(self) -> str:
        """All conditions as one."""
        return " and ".join(self.conditions) or "true"

    def eligible(self, most: int) -> str:
        """Expressions of a `with` clause: `eligible`, the chunks that pass if they are few, and `counted.few`."""
        passing = f"ask_chunks c where c.org_id = $1 and {self.passes} limit {most + 1}"
        if self.by_date:
            # An index answers how many there are. Reading ten thousand chunks takes ten times as long, and dates mostly
            # let through more than that.
            return f"""
    counted as materialized (select count(*) <= {most} as few from (select from {passing}) x),
    eligible as materialized (select c.id from {passing.replace("where", "where (select few from counted) and", 1)})"""
        return f"""
    eligible as materialized (select c.id from {passing}),
    counted as materialized (select count(*) <= {most} as few from eligible)"""


ANYTHING = Narrowing()


async def narrowing(conn: Connection, org_id: UUID, filters: Filters, as_of: datetime) -> Narrowing:
    """The filters as conditions: a product is the projects it has, people are the accounts they had at `as_of`.

    Texts that this transaction may not see are filtered out, too. Raises `InvalidInput` for what filters name and there
    is not: nothing found would look like nothing written.
    """
    await must_be_known(conn, org_id, filters)
    conditions: list[str] = []
    values: list[Any] = []
    if await sight.hides(conn):
        # Row-level security leaves them out in any case; but what is not seen must not take the places of what is.
        conditions.append("not c.restricted")

    def place(value: Any) -> str:
        values.append(value)
        return f"${_FIRST + len(values) - 1}"

    if filters.kinds:
        conditions.append(f"c.source_kind = any({place([str(kind) for kind in filters.kinds])}::text[])")
    if filters.systems or filters.connections:
        read = await _connections(conn, org_id, filters)
        conditions.append(f"c.connection_id = any({place(read)}::uuid[])")
    projects = [[(one.connection_id, one.external_id) for one in filters.projects]] if filters.projects else []
    if filters.product is not None:
        projects.append(await _projects(conn, org_id, filters.product))
    conditions.extend(
        f"(c.connection_id, c.project_external_id) in (select * from unnest({place([c for c, _ in wanted])}::uuid[],"
        f" {place([e for _, e in wanted])}::text[]))"
        for wanted in projects
    )
    conditions.extend(
        "exists (select from ask_chunk_identities i where i.org_id = $1 and i.chunk_id = c.id"
        f" and i.identity_id = any({place(list(accounts))}::uuid[]))"
        for accounts in await _accounts(conn, org_id, filters, as_of)
    )
    others = len(conditions)
    if filters.since is not None:
        conditions.append(f"c.updated_at >= {place(filters.since)}::timestamptz")
    if filters.until is not None:
        conditions.append(f"c.updated_at < {place(filters.until)}::timestamptz")
    return Narrowing(tuple(conditions), tuple(values), by_date=bool(conditions) and not others)


async def must_be_known(conn: Connection, org_id: UUID, filters: Filters) -> None:
    """Raises `InvalidInput`, with the field, for a person, team, product or connection that there is not."""
    given = {
        "product": [filters.product] if filters.product else [],
        "team": [filters.team] if filters.team else [],
        "person": [filters.person] if filters.person else [],
        "connections": filters.connections,
    }
    if not any(given.values()):
        return
    row = await conn.fetchrow(
        """
        select array(select id from unnest($2::uuid[]) id
                     except select id from products where org_id = $1 and deleted_at is null) as product,
               array(select id from unnest($3::uuid[]) id
                     except select id from teams where org_id = $1 and deleted_at is null) as team,
               array(select id from unnest($4::uuid[]) id
                     except select id from people where org_id = $1 and deleted_at is null) as person,
               array(select id from unnest($5::uuid[]) id
                     except select id from connections where org_id = $1 and status <> 'deleting') as connections
        """,
        org_id,
        *given.values(),
    )
    assert row is not None
    for name in given:
        if row[name]:
            what = "connection" if name == "connections" else name
            raise InvalidInput(f"there is no such {what}: {min(row[name])}", field=f"filters.{name}")


async def projects_must_be_known(conn: Connection, org_id: UUID, filters: Filters) -> None:
    """Raises `InvalidInput`, with the field, for a project that was never read."""
    missing = await conn.fetchrow(
        """
        select w.connection_id, w.external_id from unnest($2::uuid[], $3::text[]) w (connection_id, external_id)
        except select connection_id, external_id from projects where org_id = $1
         order by 1, 2 limit 1
        """,
        org_id,
        [one.connection_id for one in filters.projects],
        [one.external_id for one in filters.projects],
    )
    if missing is not None:
        raise InvalidInput(
            f"there is no such project: {missing['external_id']} of connection {missing['connection_id']}",
            field="filters.projects",
        )


async def _connections(conn: Connection, org_id: UUID, filters: Filters) -> list[UUID]:
    """Those that both filters let through."""
    rows = await conn.fetch(
        """
        select id from connections
         where org_id = $1 and ($2::text[] = '{}' or kind = any($2)) and ($3::uuid[] = '{}' or id = any($3))
        """,
        org_id,
        [str(one) for one in filters.systems],
        filters.connections,
    )
    return [row["id"] for row in rows]


async def _projects(conn: Connection, org_id: UUID, product: UUID) -> list[tuple[UUID, str]]:
    rows = await conn.fetch(
        """
        select connection_id, project_external_id from product_projects where org_id = $1 and product_id = $2
        """,
        org_id,
        product,
    )
    return [(row[0], row[1]) for row in rows]


async def _accounts(conn: Connection, org_id: UUID, filters: Filters, as_of: datetime) -> list[Sequence[UUID]]:
    """The accounts of the team's members, and those of the person, where they are asked for."""
    found: list[Sequence[UUID]] = []
    if filters.team is not None:
        rows = await conn.fetch(
            f"""
            with recursive below (id) as (
                select $3::uuid
                union
                select t.id from teams t join below b on t.org_id = $1 and t.parent_id = b.id and t.deleted_at is null)
            {_MAPPED} and m.person_id in (
                select s.person_id from team_memberships s join below b on s.org_id = $1 and s.team_id = b.id
                 where s.known_from <= $2 and s.known_to > $2
                   and s.valid_from <= $2 and (s.valid_to is null or s.valid_to > $2))
            """,
            org_id,
            as_of,
            filters.team,
        )
        found.append([row[0] for row in rows])
    if filters.person is not None:
        rows = await conn.fetch(f"{_MAPPED} and m.person_id = $3", org_id, as_of, filters.person)
        found.append([row[0] for row in rows])
    return found


_MAPPED = """
    select distinct m.identity_id from mappings m
     where m.org_id = $1 and m.known_from <= $2 and m.known_to > $2 and m.status in ('auto', 'verified')
       and m.valid_from <= $2 and (m.valid_to is null or m.valid_to > $2)"""
