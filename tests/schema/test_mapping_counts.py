"""The sum of the recorded changes is the number of believed mappings, whatever happened before."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ovia_shared.database import prepare
from ovia_shared.database.pool import Connection, Database
from tests.conftest import OpenDatabase, SampleOrganisation
from tests.schema.rows import add_identity, add_mapping, add_person

Two = tuple[SampleOrganisation, SampleOrganisation]

SOURCES = ("git_commit_author", "jira", "gitlab")
CHANGES = {
    "stop believing": "update mappings set known_to = now() + interval '1 hour' where id = any ($1)",
    "believe again": "update mappings set known_to = 'infinity' where id = any ($1)",
    "dispute": "update mappings set status = 'conflict' where id = any ($1)",
    "ignore": "update mappings set status = 'ignored' where id = any ($1)",
    "doubt": "update mappings set confidence = 0.5 where id = any ($1)",
    "turn about": (
        "update mappings set status = case status when 'auto' then 'conflict' else 'auto' end where id = any ($1)"
    ),
    "delete": "delete from mappings where id = any ($1)",
}

steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from(SOURCES), st.integers(1, 4)),
        st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 5), st.integers(1, 3)),
        st.just(("compact", 0, 0)),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=steps)
@pytest.mark.parametrize("database", [prepare.OWNER], indirect=True)
async def test_the_counts_are_right_after_any_history(
    database: Database, organisations: Two, history: list[tuple[str, Any, int]]
) -> None:
    mine, theirs = organisations
    async with database.transaction(mine.id) as conn:
        made: list[UUID] = []
        for step, detail, amount in history:
            if step == "add":
                made += [await _mapped(conn, mine.id, detail) for _ in range(amount)]
            elif step == "compact":
                await conn.execute("select compact_mapping_counts($1)", mine.id)
            else:
                await conn.execute(CHANGES[step], made[detail : detail + amount])
        assert await _counted(conn) == await _real(conn)
        await conn.execute("select compact_mapping_counts($1)", mine.id)
        assert await _counted(conn) == await _real(conn)
        assert await conn.fetchval("select count(*) from mapping_counts") == len(await _real(conn))
    async with database.transaction(theirs.id) as conn:
        assert await _counted(conn) == {}


async def test_writers_and_a_compaction_at_once_lose_no_count(open_database: OpenDatabase, organisations: Two) -> None:
    org_id = organisations[0].id
    ingest = await open_database("ovia_ingest")

    async def write() -> None:
        for _ in range(10):
            async with ingest.transaction(org_id) as conn:
                await _mapped(conn, org_id, "jira")

    async def compact() -> None:
        for _ in range(20):
            async with ingest.transaction(org_id) as conn:
                await conn.execute("select compact_mapping_counts($1)", org_id)

    await asyncio.gather(write(), compact(), write(), compact())
    async with ingest.transaction(org_id) as conn:
        assert await _counted(conn) == {("auto", "jira"): 20}


async def _mapped(conn: Connection, org_id: UUID, source: str) -> UUID:
    identity = await add_identity(conn, org_id, source)
    return await add_mapping(conn, org_id, identity, await add_person(conn, org_id))


async def _counted(conn: Connection) -> dict[tuple[str, str], int]:
    rows = await conn.fetch(
        "select status, source, sum(change) as n from mapping_counts group by status, source having sum(change) <> 0"
    )
    return {(row["status"], row["source"]): int(row["n"]) for row in rows}


async def _real(conn: Connection) -> dict[tuple[str, str], int]:
    rows = await conn.fetch(
        """
        select m.status, i.source, count(*) as n
          from mappings m join identities i on i.org_id = m.org_id and i.id = m.identity_id
         where m.known_to = 'infinity' group by m.status, i.source
        """
    )
    return {(row["status"], row["source"]): row["n"] for row in rows}
