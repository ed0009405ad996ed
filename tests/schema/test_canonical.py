"""Canonical tables and the structs they are made from agree, and storing keeps what it promises."""

from uuid import UUID

import asyncpg
import pytest

from ovia_shared.database import canonical, connections, raw_records
from ovia_shared.database.canonical import Made
from ovia_shared.database.canonical_tables import TABLES, Table, columns_of
from ovia_shared.database.pool import Connection
from ovia_shared.database.raw_records import RawRecord
from ovia_shared.models.canonical.work_items import Comment, WorkItem
from tests.conftest import OpenDatabase, SampleOrganisation

EVERYWHERE = {"org_id": "uuid", "connection_id": "uuid", "raw_record_id": "uuid"}
KEPT = {"changed_at": "timestamp with time zone", "removed_at": "timestamp with time zone"}
SPELLED = {"timestamptz": "timestamp with time zone"}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
async def test_the_columns_of_a_table_are_the_fields_of_its_struct(database_dsn: str, table: Table) -> None:
    connection = await asyncpg.connect(database_dsn)
    rows = await connection.fetch(
        "select column_name, data_type from information_schema.columns where table_name = $1", table.name
    )
    key = await connection.fetchval(
        "select array_agg(a.attname::text order by k.place) from pg_index i,"
        " unnest(i.indkey::int2[]) with ordinality k (number, place), pg_attribute a"
        " where i.indrelid = $1::text::regclass and i.indisprimary and a.attrelid = i.indrelid and a.attnum = k.number",
        table.name,
    )
    await connection.close()
    own = {column.name: SPELLED.get(column.type, column.type) for column in columns_of(table)}
    assert {row["column_name"]: row["data_type"] for row in rows} == EVERYWHERE | own | KEPT
    assert key == ["org_id", "connection_id", *table.key]


async def _stored(conn: Connection, org_id: UUID, connection_id: UUID, version: str, *comments: str) -> None:
    record = RawRecord("1", f'{{"version": "{version}"}}'.encode())
    (raw_id,), _ = await raw_records.store(conn, org_id, connection_id, "issues", [record])
    rows = [
        WorkItem(external_id="1", project_external_id="p", key="P-1", title="same"),
        *(Comment(subject_kind="work_item", subject_external_id="1", external_id=one, body=one) for one in comments),
    ]
    made = Made(raw_id, tuple(rows), ((Comment, ("work_item", "1")),))
    await canonical.store(conn, org_id, connection_id, [made], {})


async def test_changed_at_moves_only_when_a_row_says_something_else(
    open_database: OpenDatabase, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    database, org_id = await open_database("ovia_ingest"), organisations[0].id
    seen = []
    for version, comments in (("a", ["x", "y"]), ("b", ["x", "y"]), ("c", ["x"]), ("c", ["x"]), ("d", ["x", "y"])):
        async with database.transaction(org_id) as conn:
            connection_id = await connections.ensure(conn, org_id, "jira", "J", "https://j.example")
            await _stored(conn, org_id, connection_id, version, *comments)
            item = await conn.fetchrow("select changed_at, raw_record_id from work_items")
            assert item is not None
            removed = await conn.fetchval("select removed_at is not null from comments where external_id = 'y'")
            seen.append((item["changed_at"], item["raw_record_id"], removed))
    assert len({changed for changed, _, _ in seen}) == 1
    assert len({raw for _, raw, _ in seen}) == 4
    assert [removed for _, _, removed in seen] == [False, False, True, True, False]
