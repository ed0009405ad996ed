"""Products, and the projects that make them. Deleted products are in no list."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.errors import Conflict
from ovia_shared.models.product import Product, ProductPosition, Project, ProjectFilter, ProjectKey, ProjectPosition

_PROJECT = "p.connection_id, p.external_id, c.kind as source, p.kind, p.key, p.name, p.url, p.archived"
_KNOWN = """
  from projects p join connections c on c.org_id = p.org_id and c.id = p.connection_id
 where p.org_id = $1 and p.removed_at is null
   and ($2::text is null or c.kind = $2) and ($3::uuid is null or p.connection_id = $3)
   and ($4::text is null or strpos(lower(p.name || ' ' || p.key), lower($4)) > 0)
"""


async def find(conn: Connection, org_id: UUID, after: ProductPosition | None, most: int) -> list[Product]:
    """At most `most` products behind `after`, by name, each with its projects."""
    rows = await conn.fetch(
        """
        select id, name, description, version, created_at from products
         where org_id = $1 and deleted_at is null
           and ($2::text is null or (name collate "C", id) > ($2, $3::uuid))
         order by name collate "C", id limit $4
        """,
        org_id,
        None if after is None else after.name,
        None if after is None else after.id,
        most,
    )
    return await _with_projects(conn, org_id, rows)


async def count(conn: Connection, org_id: UUID) -> int:
    """How many products there are."""
    total: int = await conn.fetchval("select count(*) from products where org_id = $1 and deleted_at is null", org_id)
    return total


async def find_one(conn: Connection, org_id: UUID, product_id: UUID, *, lock: bool = False) -> Product | None:
    """This product, or None; held against other changes until the end of the transaction if `lock`."""
    held = "for no key update" if lock else ""
    rows = await conn.fetch(
        f"""
        select id, name, description, version, created_at from products
         where org_id = $1 and id = $2 and deleted_at is null {held}
        """,  # noqa: S608 (fixed fragments)
        org_id,
        product_id,
    )
    found = await _with_projects(conn, org_id, rows)
    return found[0] if found else None


async def add(conn: Connection, org_id: UUID, name: str, description: str | None) -> UUID:
    """Adds a product without projects; its id. Raises `Conflict` for a name that is taken."""
    product_id = new_id()
    try:
        await conn.execute(
            "insert into products (org_id, id, name, description) values ($1, $2, $3, $4)",
            org_id,
            product_id,
            name,
            description,
        )
    except asyncpg.UniqueViolationError:
        raise _named_alike(name) from None
    return product_id


async def put(conn: Connection, org_id: UUID, product_id: UUID, name: str, description: str | None) -> None:
    """Names a product, and counts the version. Raises `Conflict` for a name that is taken."""
    try:
        await conn.execute(
            """
            update products set name = $3, description = $4, version = version + 1 where org_id = $1 and id = $2
            """,
            org_id,
            product_id,
            name,
            description,
        )
    except asyncpg.UniqueViolationError:
        raise _named_alike(name) from None


async def put_away(conn: Connection, org_id: UUID, product_id: UUID) -> None:
    """Deletes a product from every list."""
    await conn.execute(
        "update products set deleted_at = now(), version = version + 1 where org_id = $1 and id = $2",
        org_id,
        product_id,
    )


async def set_projects(conn: Connection, org_id: UUID, product_id: UUID, wanted: Sequence[ProjectKey]) -> None:
    """Makes these, which must be known, the projects of a product, and no others."""
    connections = [one.connection_id for one in wanted]
    externals = [one.external_id for one in wanted]
    await conn.execute(
        """
        delete from product_projects j where j.org_id = $1 and j.product_id = $2
           and not exists (select from unnest($3::uuid[], $4::text[]) w (connection_id, external_id)
                            where w.connection_id = j.connection_id and w.external_id = j.project_external_id)
        """,
        org_id,
        product_id,
        connections,
        externals,
    )
    await conn.execute(
        """
        insert into product_projects (org_id, product_id, connection_id, project_external_id)
        select $1, $2, w.* from unnest($3::uuid[], $4::text[]) w on conflict do nothing
        """,
        org_id,
        product_id,
        connections,
        externals,
    )


async def unknown(conn: Connection, org_id: UUID, wanted: Sequence[ProjectKey]) -> list[int]:
    """The places, from 0, of those among `wanted` that are no projects here."""
    rows = await conn.fetch(
        """
        select w.place - 1 as place
          from unnest($2::uuid[], $3::text[]) with ordinality w (connection_id, external_id, place)
         where not exists (select from projects p where p.org_id = $1 and p.connection_id = w.connection_id
                              and p.external_id = w.external_id)
         order by 1
        """,
        org_id,
        [one.connection_id for one in wanted],
        [one.external_id for one in wanted],
    )
    return [row["place"] for row in rows]


async def find_projects(
    conn: Connection, org_id: UUID, wanted: ProjectFilter, after: ProjectPosition | None, most: int
) -> list[Project]:
    """At most `most` projects behind `after`, by name."""
    rows = await conn.fetch(
        f"""
        select {_PROJECT} {_KNOWN}
           and ($5::text is null or (p.name collate "C", p.connection_id, p.external_id collate "C") > ($5, $6, $7))
         order by p.name collate "C", p.connection_id, p.external_id collate "C" limit $8
        """,
        org_id,
        wanted.source,
        wanted.connection_id,
        wanted.text,
        None if after is None else after.name,
        None if after is None else after.connection_id,
        None if after is None else after.external_id,
        most,
    )
    return to_models(Project, rows)


async def count_projects(conn: Connection, org_id: UUID, wanted: ProjectFilter) -> int:
    """How many projects the filter lets through."""
    total: int = await conn.fetchval(
        f"select count(*) {_KNOWN}",
        org_id,
        wanted.source,
        wanted.connection_id,
        wanted.text,
    )
    return total


async def _with_projects(conn: Connection, org_id: UUID, rows: Sequence[asyncpg.Record]) -> list[Product]:
    made = await conn.fetch(
        f"""
        select j.product_id, {_PROJECT}
          from product_projects j
          join projects p on p.org_id = j.org_id and p.connection_id = j.connection_id
                         and p.external_id = j.project_external_id
          join connections c on c.org_id = p.org_id and c.id = p.connection_id
         where j.org_id = $1 and j.product_id = any($2)
         order by p.name collate "C", p.connection_id, p.external_id
        """,  # noqa: S608 (a constant list of columns)
        org_id,
        [row["id"] for row in rows],
    )
    projects: dict[UUID, list[Project]] = {row["id"]: [] for row in rows}
    for row, project in zip(made, to_models(Project, made), strict=True):
        projects[row["product_id"]].append(project)
    return [
        Product(row["id"], row["name"], row["description"], projects[row["id"]], row["version"], row["created_at"])
        for row in rows
    ]


def _named_alike(name: str) -> Conflict:
    return Conflict(f"there is a product called {name!r} already", field="name")
