"""The history of questions is read by its indexes, however many there are."""

import itertools
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from ovia_shared.database.ask import sessions
from ovia_shared.database.pool import Database
from ovia_shared.models.ask import Outcome
from ovia_shared.models.ask_sessions import AskedFilter, AskedPosition
from tests.conftest import OpenDatabase, SampleOrganisation

SESSIONS = 20_000
MIDDLE = AskedPosition(datetime(2026, 1, 8, tzinfo=UTC), UUID(int=0))


@pytest.fixture
async def asked(
    database_dsn: str, open_database: OpenDatabase, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> AsyncIterator[tuple[Database, UUID, UUID]]:
    """Questions of a minute each in two organisations, one in a hundred by the first token; a third were judged."""
    org_id = organisations[0].id
    admin = await asyncpg.connect(database_dsn)
    try:
        for one in organisations:
            tokens = [row["id"] for row in await admin.fetch("select id from tokens where org_id = $1", one.id)]
            await admin.execute(
                """
                insert into ask_answers (org_id, id, token_id, caller, query, filters, language, intent, plan, outcome,
                                         confidence, statements, citations, assumptions, looked_at, follow_ups, notes,
                                         usage, tokens, as_of, index_version, milliseconds, created_at)
                select $1, gen_random_uuid(), case when n % 100 = 0 then $2::uuid else $3::uuid end, 'somebody',
                       'What is new?', '{}', 'en', 'knowledge', jsonb_build_object('text', repeat('x', 500)),
                       case when n % 10 = 0 then 'refused' else 'answered' end, 'high', '[{}]', '[]', '[]', '[]', '[]',
                       '[]', '[]', 0, now(), 1, 1, timestamptz '2026-01-01' + n * interval '1 minute'
                  from generate_series(1, $4::integer) n
                """,
                one.id, tokens[0], tokens[1], SESSIONS,
            )  # fmt: skip
            await admin.execute(
                """
                insert into ask_feedback (org_id, answer_id, token_id, caller, helpful)
                select org_id, id, token_id, caller, true from ask_answers where org_id = $1 and milliseconds = 1
                   and extract(minute from created_at)::integer % 3 = 0
                """,
                one.id,
            )
        await admin.execute("vacuum analyze")
        token = await admin.fetchval("select id from tokens where org_id = $1 order by id limit 1", org_id)
        yield await open_database("ovia_rag"), org_id, token
    finally:
        await admin.close()


async def test_a_page_of_questions_reads_its_rows_and_no_table_from_end_to_end(
    asked: tuple[Database, UUID, UUID],
) -> None:
    database, org_id, token = asked
    for own, outcome, after in itertools.product((token, None), (None, Outcome.REFUSED), (None, MIDDLE)):
        wanted = AskedFilter(own, outcome)
        async with database.transaction(org_id) as conn:
            assert len(await sessions.find(conn, org_id, wanted, after, 51)) == 51
            found = await conn.fetchval(
                f"explain (analyze, buffers, format json) {sessions.PAGE}",
                *sessions.page_values(org_id, wanted, after, 51),
            )
        plan = (msgspec.json.decode(found) if isinstance(found, bytes | str) else found)[0]["Plan"]
        for node in _nodes(plan):
            assert node["Node Type"] != "Seq Scan", (wanted, after, node)
            # All of one token may be sorted, which are two hundred; never all there are.
            assert node["Actual Rows"] <= SESSIONS / 50, (wanted, after, node)
        assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 3000, (wanted, after)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for one in plan.get("Plans", ()):
        yield from _nodes(one)
