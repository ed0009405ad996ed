"""What things are called in an organisation: the names that questions use for people, teams, products and work."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models

# Tags of repositories grow without end, and nobody asks about old ones.
MOST_RELEASES = 5000


class NamedPerson(msgspec.Struct, frozen=True):
    """Somebody, by all names their accounts have. `teams` are those they are in now."""

    id: UUID
    display_name: str
    names: list[str]
    logins: list[str]
    teams: list[UUID]


class NamedTeam(msgspec.Struct, frozen=True):
    """A team; `parent` is the name of the one above, `parent_id` that team."""

    id: UUID
    name: str
    parent: str | None
    parent_id: UUID | None = None


class NamedProduct(msgspec.Struct, frozen=True):
    """A product, and the projects it is made of as scopes have them."""

    id: UUID
    name: str
    projects: list[str]


class NamedProject(msgspec.Struct, frozen=True):
    """A project, repository or space; `id` is that of its scope."""

    id: str
    kind: str
    key: str
    name: str


class NamedSprint(msgspec.Struct, frozen=True):
    """A sprint; `id` and `project` are those of their scopes."""

    id: str
    name: str
    board: str
    board_name: str | None
    project: str | None
    state: str
    start_at: datetime | None
    end_at: datetime | None
    completed_at: datetime | None


class NamedRelease(msgspec.Struct, frozen=True):
    """A version, release or tag; `id` and `project` are those of their scopes."""

    id: str
    kind: str
    name: str
    tag: str | None
    project: str
    released_at: datetime | None


class NamedConnection(msgspec.Struct, frozen=True):
    """Where something was read: no question names it, but filters do."""

    id: UUID
    kind: str
    name: str


class Names(msgspec.Struct, frozen=True):
    """All that can be called by a name."""

    people: list[NamedPerson]
    teams: list[NamedTeam]
    products: list[NamedProduct]
    projects: list[NamedProject]
    sprints: list[NamedSprint]
    releases: list[NamedRelease]
    connections: list[NamedConnection] = []


async def version(conn: Connection, org_id: UUID) -> str:
    """Differs when a person, team, product, project, sprint, release or connection was added, changed or put away.

    What accounts are called, and whose they are, is not in it: that is read anew with time.
    """
    found: str = await conn.fetchval(
        """
        select concat_ws(' ',
            (select concat_ws('.', count(*), sum(version), max(updated_at)) from people
              where org_id = $1 and deleted_at is null),
            (select concat_ws('.', count(*), sum(version), max(created_at)) from teams
              where org_id = $1 and deleted_at is null),
            (select concat_ws('.', count(*), sum(version), max(created_at)) from products
              where org_id = $1 and deleted_at is null),
            (select concat_ws('.', count(*), max(added_at)) from product_projects where org_id = $1),
            (select concat_ws('.', count(*), max(known_from)) from team_memberships
              where org_id = $1 and known_to = 'infinity'),
            (select concat_ws('.', count(*), max(changed_at)) from projects where org_id = $1),
            (select concat_ws('.', count(*), max(changed_at)) from sprints where org_id = $1),
            (select concat_ws('.', count(*), max(changed_at)) from releases where org_id = $1),
            (select concat_ws('.', count(*), max(updated_at)) from connections where org_id = $1))
        """,
        org_id,
    )
    return found


async def read(conn: Connection, org_id: UUID) -> Names:
    """What there is now; nothing that was removed or put away."""
    return Names(
        people=await _people(conn, org_id),
        teams=await _teams(conn, org_id),
        products=await _products(conn, org_id),
        projects=await _projects(conn, org_id),
        sprints=await _sprints(conn, org_id),
        releases=await _releases(conn, org_id),
        connections=await _connections(conn, org_id),
    )


async def work_items(conn: Connection, org_id: UUID, keys: Sequence[str]) -> dict[str, str]:
    """Of these keys those that a work item has or once had, each with its present key."""
    rows = await conn.fetch(
        """
        select k.key as asked, w.key from work_item_keys k
          join work_items w on w.org_id = k.org_id and w.connection_id = k.connection_id
                           and w.external_id = k.work_item_external_id
         where k.org_id = $1 and k.key = any($2) and k.removed_at is null and w.removed_at is null
        union all
        select key, key from work_items where org_id = $1 and key = any($2) and removed_at is null
         order by 1, 2
        """,
        org_id,
        list(keys),
    )
    return {row["asked"]: row["key"] for row in rows}


async def _people(conn: Connection, org_id: UUID) -> list[NamedPerson]:
    rows = await conn.fetch(
        """
        with accounts as (
            select m.person_id, i.display_name, i.username
              from mappings m join identities i on i.org_id = m.org_id and i.id = m.identity_id
             where m.org_id = $1 and m.known_to = 'infinity' and m.valid_to is null
               and m.status in ('auto', 'verified') and not i.service_account),
        called as (
            select person_id, coalesce(array_agg(distinct display_name) filter (where display_name is not null), '{}')
                       as names,
                   coalesce(array_agg(distinct username) filter (where username is not null), '{}') as logins
              from accounts group by person_id),
        member as (
            select person_id, array_agg(distinct team_id) as teams from team_memberships
             where org_id = $1 and known_to = 'infinity' and valid_from <= now()
               and (valid_to is null or valid_to > now())
             group by person_id)
        select p.id, p.display_name, coalesce(c.names, '{}') as names, coalesce(c.logins, '{}') as logins,
               coalesce(m.teams, '{}') as teams
          from people p
          left join called c on c.person_id = p.id
          left join member m on m.person_id = p.id
         where p.org_id = $1 and p.deleted_at is null
         order by p.display_name collate "C", p.id
        """,
        org_id,
    )
    return to_models(NamedPerson, rows)


async def _teams(conn: Connection, org_id: UUID) -> list[NamedTeam]:
    rows = await conn.fetch(
        """
        select t.id, t.name, a.name as parent, a.id as parent_id
          from teams t left join teams a on a.org_id = t.org_id and a.id = t.parent_id
         where t.org_id = $1 and t.deleted_at is null
         order by t.name collate "C", t.id
        """,
        org_id,
    )
    return to_models(NamedTeam, rows)


async def _products(conn: Connection, org_id: UUID) -> list[NamedProduct]:
    rows = await conn.fetch(
        """
        select p.id, p.name,
               coalesce((select array_agg(m.connection_id || ':' || m.project_external_id
                                           order by m.connection_id, m.project_external_id)
                           from product_projects m where m.org_id = p.org_id and m.product_id = p.id), '{}') as projects
          from products p
         where p.org_id = $1 and p.deleted_at is null
         order by p.name collate "C", p.id
        """,
        org_id,
    )
    return to_models(NamedProduct, rows)


async def _projects(conn: Connection, org_id: UUID) -> list[NamedProject]:
    rows = await conn.fetch(
        """
        select connection_id || ':' || external_id as id, kind, key, name from projects
         where org_id = $1 and removed_at is null
         order by archived, name collate "C", id
        """,
        org_id,
    )
    return to_models(NamedProject, rows)


async def _sprints(conn: Connection, org_id: UUID) -> list[NamedSprint]:
    rows = await conn.fetch(
        """
        select connection_id || ':' || external_id as id, name,
               connection_id || ':' || coalesce(board_external_id, '') as board, board_name,
               connection_id || ':' || project_external_id as project, state, start_at, end_at, completed_at
          from sprints
         where org_id = $1 and removed_at is null
         order by start_at nulls last, id
        """,
        org_id,
    )
    return to_models(NamedSprint, rows)


async def _releases(conn: Connection, org_id: UUID) -> list[NamedRelease]:
    rows = await conn.fetch(
        f"""
        select connection_id || ':' || external_id as id, kind, name, tag,
               connection_id || ':' || project_external_id as project, released_at
          from releases
         where org_id = $1 and removed_at is null
         order by kind = 'version' desc, coalesce(released_at, created_at, changed_at) desc, id
         limit {MOST_RELEASES}
        """,  # noqa: S608 (a constant)
        org_id,
    )
    return to_models(NamedRelease, rows)


async def _connections(conn: Connection, org_id: UUID) -> list[NamedConnection]:
    rows = await conn.fetch(
        "select id, kind, name from connections where org_id = $1 and status <> 'deleting' order by name, id", org_id
    )
    return to_models(NamedConnection, rows)
