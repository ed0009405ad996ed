"""Chunks, postings and terms as the database keeps them."""

from uuid import UUID

import asyncpg

from ovia_shared.database import connections
from ovia_shared.database.ask import chunks, postings, states
from ovia_shared.database.pool import Connection
from ovia_shared.models.ask import SourceKind
from ovia_shared.models.ask_index import Change, Chunk, Config, PartKind, SourceKey
from tests.conftest import OpenDatabase, SampleOrganisation

Organisations = tuple[SampleOrganisation, SampleOrganisation]
CONNECTION = UUID(int=7)


def key(name: str) -> SourceKey:
    return SourceKey(SourceKind.DOCUMENT, CONNECTION, name)


def piece(of: str, content: str, ordinal: int = 0, **values: object) -> Chunk:
    known: dict[str, object] = {
        "key": key(of), "part": PartKind.BODY, "part_external_id": "", "ordinal": ordinal,
        "project_external_id": "DOC", "title_path": ["Gliders"], "content": content, "starts_at": 0,
        "ends_at": len(content), "language": Config.ENGLISH, "identity_ids": [], "url": None, "version": "1",
        "created_at": None, "updated_at": None,
    }  # fmt: skip
    return Chunk(**(known | values))  # type: ignore[arg-type]


async def terms(conn: Connection) -> dict[str, int]:
    return {row["lexeme"]: row["chunks"] for row in await conn.fetch("select lexeme, chunks from ask_terms")}


async def test_a_piece_that_says_the_same_stays_wherever_it_moves(
    open_database: OpenDatabase, organisations: Organisations
) -> None:
    database = await open_database("ovia_rag")
    org_id = organisations[0].id
    before = [piece("1", "Wings are waxed.", 0), piece("1", "Tails are painted.", 1)]
    after = [piece("1", "Mind the wind.", 0), piece("1", "Wings are waxed.", 1), piece("1", "Tails are painted.", 2)]

    async with database.transaction(org_id) as conn:
        assert await chunks.store(conn, org_id, [key("1")], before) == Change(2, 0, 0)
        first = {row["content"]: row["id"] for row in await conn.fetch("select id, content from ask_chunks")}
        assert await chunks.store(conn, org_id, [key("1")], after) == Change(1, 0, 2)
        second = {row["content"]: row["id"] for row in await conn.fetch("select id, content from ask_chunks")}
        assert {content: second[content] for content in first} == first
        assert await chunks.store(conn, org_id, [key("1")], after) == Change(0, 0, 0)
        assert (await states.find(conn, org_id)).version == 2
        assert await chunks.count(conn, org_id) == 3


async def test_what_goes_leaves_no_word_behind(open_database: OpenDatabase, organisations: Organisations) -> None:
    database = await open_database("ovia_rag")
    org_id = organisations[0].id
    async with database.transaction(org_id) as conn:
        await chunks.store(conn, org_id, [key("1"), key("2")], [piece("1", "Waxed wings"), piece("2", "Waxed tails")])
        assert await terms(conn) == {
            "glider": 2, "wax": 2, "wing": 1, "tail": 1,
        }  # fmt: skip
        await chunks.store(conn, org_id, [key("1")], [])
        assert await terms(conn) == {"glider": 1, "wax": 1, "tail": 1}
        assert {row["lexeme"] for row in await conn.fetch("select lexeme from ask_postings")} == {
            "glider", "wax", "tail",
        }  # fmt: skip
        await chunks.store(conn, org_id, [key("2")], [])
        for table in ("ask_chunks", "ask_terms", "ask_postings"):
            assert await conn.fetchval(f"select count(*) from {table}") == 0
        state = await states.find(conn, org_id)
        assert (state.chunks, state.length) == (0, 0)


async def test_a_connection_that_is_deleted_takes_its_pieces_words_and_totals_along(
    open_database: OpenDatabase, organisations: Organisations, admin: asyncpg.Connection
) -> None:
    org_id = organisations[0].id
    await admin.execute(
        """
        insert into connections (org_id, id, kind, name, base_url, status)
        values ($1, $2, 'confluence', 'Wiki', 'https://wiki.fernweh.example', 'deleting')
        """,
        org_id,
        CONNECTION,
    )
    stays = SourceKey(SourceKind.DOCUMENT, UUID(int=8), "9")
    database = await open_database("ovia_rag")
    async with database.transaction(org_id) as conn:
        made = [*(piece(str(n), f"Waxed wings {n}") for n in range(5)), piece("9", "Waxed tails", key=stays)]
        await chunks.store(conn, org_id, [stays, *(key(str(n)) for n in range(5))], made)
    ingest = await open_database("ovia_ingest")
    deleted = 1
    while deleted:
        async with ingest.transaction(org_id) as conn:
            deleted = await connections.delete_batch(conn, org_id, CONNECTION, 2)
    async with database.transaction(org_id) as conn:
        assert await terms(conn) == {"glider": 1, "wax": 1, "tail": 1}
        assert await conn.fetchval("select count(*) from ask_postings") == 3
        state = await states.find(conn, org_id)
        assert (state.chunks, state.length) == (1, 3)
        # Nothing is left to mend.
        await postings.repair(conn, org_id)
        assert await states.find(conn, org_id) == state
