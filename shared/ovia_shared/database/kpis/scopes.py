"""Whose numbers: a scope by its id, made up of what it consists of now, and the scopes an organisation has."""

from typing import Any
from uuid import UUID

from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput, NotFound
from ovia_shared.models.kpi import EntityKey, ResolvedScope, Scope, ScopeKind, Window
from ovia_shared.models.product import ProjectKey

# ruff: noqa: S608 (every name comes from here)
# Work items, and the merge requests that name one of them.
_WITH_MERGE_REQUESTS = """
    select 'work_item' as kind, connection_id, external_id from items
    union
    select 'merge_request', r.connection_id, r.subject_external_id
      from items i
      join work_item_keys k on k.org_id = $1 and k.connection_id = i.connection_id
                           and k.work_item_external_id = i.external_id
      join source_references r on r.org_id = $1 and r.target_kind = 'work_item' and r.target = k.key
                              and r.subject_kind = 'merge_request' and r.removed_at is null
    order by 1, 2, 3
"""
_SPRINT_ITEMS = f"""
    with items as (
        select distinct m.connection_id, m.work_item_external_id as external_id
          from sprint_memberships m
          join sprints s on s.org_id = $1 and s.connection_id = m.connection_id
                        and s.external_id = m.sprint_external_id
         where m.org_id = $1 and m.connection_id = $2 and m.sprint_external_id = $3 and m.removed_at is null
           and (m.left_at is null or m.left_at > s.start_at))
    {_WITH_MERGE_REQUESTS}"""
_RELEASE_ITEMS = f"""
    with items as (
        select w.connection_id, w.external_id from releases r
          join work_items w on w.org_id = $1 and w.connection_id = r.connection_id
                           and w.project_external_id = r.project_external_id and w.fix_versions ? r.name
         where r.org_id = $1 and r.connection_id = $2 and r.external_id = $3 and r.kind = 'version'
           and w.removed_at is null)
    {_WITH_MERGE_REQUESTS.replace("order by 1, 2, 3", "")}
    union
    select 'merge_request', m.connection_id, m.external_id from releases r
      join merge_requests m on m.org_id = $1 and m.connection_id = r.connection_id
                           and m.project_external_id = r.project_external_id and m.milestone in (r.name, r.tag)
     where r.org_id = $1 and r.connection_id = $2 and r.external_id = $3 and r.kind <> 'version'
       and m.removed_at is null
    order by 1, 2, 3"""


async def resolve(conn: Connection, org_id: UUID, scope: Scope) -> ResolvedScope:
    """What the scope is made up of now, its id in the one spelling.

    Raises `NotFound`, and `InvalidInput` for an id that cannot be one.
    """
    match scope.kind:
        case ScopeKind.ORGANISATION:
            if scope.id:
                raise InvalidInput("the organisation is the one of the token; leave scope_id out", field="scope_id")
            return ResolvedScope(kind=scope.kind)
        case ScopeKind.PRODUCT:
            product = _uuid(scope)
            return ResolvedScope(kind=scope.kind, id=str(product), projects=await _projects(conn, org_id, product))
        case ScopeKind.TEAM:
            team = _uuid(scope)
            return ResolvedScope(kind=scope.kind, id=str(team), teams=await _teams(conn, org_id, team))
        case ScopeKind.PERSON:
            person = _uuid(scope)
            await _must_be(conn, "people", org_id, person)
            return ResolvedScope(kind=scope.kind, id=str(person), person=person)
        case _:
            return await _of_source(conn, org_id, scope)


async def name(conn: Connection, org_id: UUID, scope: Scope) -> str | None:
    """What people call it; None for the organisation, or if it is gone."""
    given: tuple[Any, ...]
    match scope.kind:
        case ScopeKind.ORGANISATION:
            statement, given = "select name from organisations where org_id = $1", ()
        case ScopeKind.PRODUCT | ScopeKind.TEAM:
            statement = f"select name from {scope.kind}s where org_id = $1 and id = $2"
            given = (_uuid(scope),)
        case ScopeKind.PERSON:
            statement, given = "select display_name from people where org_id = $1 and id = $2", (_uuid(scope),)
        case _:
            statement = f"select name from {scope.kind}s where org_id = $1 and connection_id = $2 and external_id = $3"
            given = _source_key(scope)
    found: str | None = await conn.fetchval(statement, org_id, *given)
    return found


async def snapshot_scopes(conn: Connection, org_id: UUID) -> list[Scope]:
    """Those that numbers are kept ready of: the organisation, every product and team, and open sprints."""
    rows = await conn.fetch(
        """
        select 'organisation' as kind, '' as id, 0 as place, '' as name
        union all
        select 'product', id::text, 1, name from products where org_id = $1 and deleted_at is null
        union all
        select 'team', id::text, 2, name from teams where org_id = $1 and deleted_at is null
        union all
        select 'sprint', connection_id || ':' || external_id, 3, name from sprints
         where org_id = $1 and state = 'active' and start_at is not null and completed_at is null and removed_at is null
         order by place, name, id
        """,
        org_id,
    )
    return [Scope(ScopeKind(row["kind"]), row["id"]) for row in rows]


async def members(conn: Connection, org_id: UUID, scope: ResolvedScope, window: Window) -> int | None:
    """How many people were in a team scope within the window, as is believed now; None for what is no group."""
    if scope.teams is None:
        return None
    counted: int = await conn.fetchval(
        """
        select count(distinct person_id) from team_memberships
         where org_id = $1 and team_id = any($2) and known_to = 'infinity'
           and valid_from < $4 and (valid_to is null or valid_to > $3)
        """,
        org_id,
        scope.teams,
        window.start,
        window.end,
    )
    return counted


async def is_kept_ready(conn: Connection, org_id: UUID, scope: ResolvedScope) -> bool:
    """Whether snapshots are taken of it: of the organisation, products, teams, and sprints as long as they are open."""
    if scope.kind is not ScopeKind.SPRINT:
        return scope.kind in (ScopeKind.ORGANISATION, ScopeKind.PRODUCT, ScopeKind.TEAM)
    return Scope(scope.kind, scope.id) in await snapshot_scopes(conn, org_id)


async def time_zone(conn: Connection, org_id: UUID) -> str:
    """The organisation's, as an IANA name."""
    zone: str = await conn.fetchval("select time_zone from organisations where org_id = $1", org_id)
    return zone


async def _projects(conn: Connection, org_id: UUID, product: UUID) -> list[ProjectKey]:
    await _must_be(conn, "products", org_id, product)
    rows = await conn.fetch(
        """
        select connection_id, project_external_id from product_projects
         where org_id = $1 and product_id = $2 order by 1, 2
        """,
        org_id,
        product,
    )
    return [ProjectKey(*row) for row in rows]


async def _teams(conn: Connection, org_id: UUID, team: UUID) -> list[UUID]:
    await _must_be(conn, "teams", org_id, team)
    # Those that were deleted too: what was done in them stays a part of what they were a part of.
    rows = await conn.fetch(
        """
        with recursive below (id) as (
            select $2::uuid
            union
            select t.id from teams t join below b on t.org_id = $1 and t.parent_id = b.id)
        select id from below order by id
        """,
        org_id,
        team,
    )
    return [row["id"] for row in rows]


async def _of_source(conn: Connection, org_id: UUID, scope: Scope) -> ResolvedScope:
    connection_id, external_id = _source_key(scope)
    there = await conn.fetchval(
        f"""
        select exists (select from {scope.kind}s where org_id = $1 and connection_id = $2 and external_id = $3)
        """,
        org_id,
        connection_id,
        external_id,
    )
    if not there:
        raise _not_there(scope)
    canonical = f"{connection_id}:{external_id}"
    if scope.kind is ScopeKind.PROJECT:
        return ResolvedScope(kind=scope.kind, id=canonical, projects=[ProjectKey(connection_id, external_id)])
    of_sprint = scope.kind is ScopeKind.SPRINT
    rows = await conn.fetch(_SPRINT_ITEMS if of_sprint else _RELEASE_ITEMS, org_id, connection_id, external_id)
    return ResolvedScope(
        kind=scope.kind, id=canonical, items=[EntityKey(*row) for row in rows], sprint=canonical if of_sprint else None
    )


async def _must_be(conn: Connection, table: str, org_id: UUID, wanted: UUID) -> None:
    there = await conn.fetchval(
        f"select exists (select from {table} where org_id = $1 and id = $2 and deleted_at is null)",
        org_id,
        wanted,
    )
    if not there:
        raise NotFound(f"there is no such {_ONE[table]}", field="scope_id")


_ONE: dict[str, Any] = {"products": "product", "teams": "team", "people": "person"}


def _not_there(scope: Scope) -> NotFound:
    return NotFound(f"there is no such {scope.kind}", field="scope_id")


def _uuid(scope: Scope) -> UUID:
    try:
        return UUID(scope.id)
    except ValueError:
        raise InvalidInput(f"scope_id of a {scope.kind} is its id, a UUID", field="scope_id") from None


def _source_key(scope: Scope) -> tuple[UUID, str]:
    connection, _, external_id = scope.id.partition(":")
    try:
        key = UUID(connection), external_id
    except ValueError:
        key = None
    if key is None or not 1 <= len(external_id) <= 512:
        raise InvalidInput(
            f"scope_id of a {scope.kind} is the id of its connection, a colon and the id it has there", field="scope_id"
        )
    return key
