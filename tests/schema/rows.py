"""The fewest words that put a row of each kind into a test's database."""

from typing import Any
from uuid import UUID

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection


async def add_person(conn: Connection, org_id: UUID, name: str = "Ada Brandt") -> UUID:
    return await _insert(conn, "people", org_id, display_name=name)


async def add_identity(conn: Connection, org_id: UUID, source: str = "jira", **values: Any) -> UUID:
    row = {"source": source, "external_id": str(new_id()), **values}
    return await _insert(conn, "identities", org_id, **row)


async def add_mapping(
    conn: Connection, org_id: UUID, identity_id: UUID, person_id: UUID | None, status: str = "auto", **values: Any
) -> UUID:
    row = {"confidence": 0.9, "rule_trace": [], "engine_version": "test", **values}
    return await _insert(conn, "mappings", org_id, identity_id=identity_id, person_id=person_id, status=status, **row)


async def add_team(conn: Connection, org_id: UUID, name: str, parent_id: UUID | None = None) -> UUID:
    return await _insert(conn, "teams", org_id, name=name, parent_id=parent_id)


async def add_event(conn: Connection, org_id: UUID, action: str = "confirm") -> UUID:
    return await _insert(conn, "identity_events", org_id, actor="a test", action=action)


async def _insert(conn: Connection, table: str, org_id: UUID, **values: Any) -> UUID:
    row_id = new_id()
    columns = {"org_id": org_id, "id": row_id, **values}
    places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    await conn.execute(f"insert into {table} ({', '.join(columns)}) values ({places})", *columns.values())
    return row_id
