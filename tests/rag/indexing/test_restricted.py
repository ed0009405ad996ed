"""The database itself keeps restricted chunks from whoever did not say that they may be seen."""

from datetime import UTC, datetime

import asyncpg
import pytest

from ovia_rag.retrieval.finding import Finder
from ovia_shared.database import connections
from ovia_shared.database.ask import sight
from ovia_shared.models.ask import Search
from tests.conftest import OpenDatabase, SampleOrganisation
from tests.rag.indexing.conftest import Hashed, Texts

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
async def shelf(texts: Texts) -> Texts:
    """An open page, a restricted one, and an open item with a restricted comment."""
    await texts.put("documents", "1", body="The rudder is open.")
    await texts.put("documents", "2", body="The rudder is secret.", restricted=True)
    await texts.put("work_items", "1", description="The rudder is late.")
    await texts.put("comments", "9", body="The rudder is whispered about.", restricted=True)
    await texts.index()
    return texts


async def _restrict(texts: Texts, table: str, external_id: str, restricted: bool) -> None:
    """As ingest does."""
    async with texts.admin.transaction():
        await texts.admin.execute("select set_config('ovia.org_id', $1, true)", str(texts.org_id))
        await texts.admin.execute(
            f"update {table} set restricted = $2, changed_at = clock_timestamp() where external_id = $1",
            external_id,
            restricted,
        )


async def _all(texts: Texts) -> set[str]:
    async with texts.database.seeing_restricted().transaction(texts.org_id) as conn:
        return {row[0] for row in await conn.fetch("select content from ask_chunks where source_kind <> 'kpi'")}


async def test_no_statement_sees_a_restricted_chunk_without_saying_so(shelf: Texts) -> None:
    assert await shelf.told() == ["The rudder is open.", "The rudder is late."]
    assert await _all(shelf) == {
        "The rudder is open.", "The rudder is secret.", "The rudder is late.", "The rudder is whispered about.",
    }  # fmt: skip
    async with shelf.database.transaction(shelf.org_id) as conn:
        for setting in ("", "off", "ON", "true"):
            await conn.execute("select set_config('ovia.sees_restricted', $1, true)", setting)
            assert await conn.fetchval("select count(*) from ask_chunks where restricted") == 0
            assert await sight.hides(conn)
        await conn.execute("select set_config('ovia.sees_restricted', 'on', true)")
        assert not await sight.hides(conn)


async def test_seeing_ends_with_the_transaction(shelf: Texts) -> None:
    for _ in range(20):
        async with shelf.database.seeing_restricted().transaction(shelf.org_id) as conn:
            assert await conn.fetchval("select count(*) from ask_chunks where restricted") == 2
        async with shelf.database.transaction(shelf.org_id) as conn:
            assert await conn.fetchval("select count(*) from ask_chunks where restricted") == 0


async def test_whoever_sees_restricted_texts_sees_none_of_another_organisation(
    shelf: Texts, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    async with shelf.database.seeing_restricted().transaction(organisations[1].id) as conn:
        assert await conn.fetchval("select count(*) from ask_chunks where restricted") == 0
        assert not await sight.hides(conn)


@pytest.mark.parametrize("by_vectors", [True, False])
async def test_a_search_finds_what_may_be_seen_though_the_best_of_it_may_not(texts: Texts, by_vectors: bool) -> None:
    for number in range(300):
        await texts.put("documents", f"s{number}", body=f"rudder rudder rudder {number}", restricted=True)
    await texts.put("documents", "open", body="Somewhere in this long text about oxygen there is a rudder.")
    await texts.index()
    finder = Finder(Hashed() if by_vectors else None)
    found = {}
    for database in (texts.database, texts.database.seeing_restricted()):
        async with database.transaction(texts.org_id) as conn:
            passages = (await finder.find(conn, texts.org_id, Search(text="rudder"), as_of=NOW, limit=400)).passages
        found[database is texts.database] = {one.external_id for one in passages if one.kind == "document"}
    assert found[True] == {"open"}
    assert len(found[False]) > 1


@pytest.mark.parametrize(("table", "external_id"), [("documents", "1"), ("work_items", "1")])
async def test_what_becomes_restricted_is_hidden_before_it_is_indexed_again(
    shelf: Texts, table: str, external_id: str
) -> None:
    before = set(await shelf.told())
    await _restrict(shelf, table, external_id, True)
    hidden = {"documents": "The rudder is open.", "work_items": "The rudder is late."}[table]
    assert set(await shelf.told()) == before - {hidden}
    await shelf.index()
    assert set(await shelf.told()) == before - {hidden}


async def test_what_is_no_longer_restricted_comes_back_as_the_same_chunk_with_its_vector(shelf: Texts) -> None:
    ids = "select id from ask_chunks where content = 'The rudder is secret.'"
    async with shelf.database.seeing_restricted().transaction(shelf.org_id) as conn:
        before = await conn.fetchval(ids)
    await _restrict(shelf, "documents", "2", False)
    await _restrict(shelf, "comments", "9", False)
    done = await shelf.index()
    assert (done.change.added, done.change.removed, done.change.moved, done.vectors) == (0, 0, 2, 0)
    assert await shelf.rows(ids) == [(before,)]
    assert "The rudder is whispered about." in await shelf.told()


async def test_a_rebuilt_index_holds_restricted_texts_and_hides_them(shelf: Texts) -> None:
    await shelf.index(anew=True)
    assert await shelf.told() == ["The rudder is open.", "The rudder is late."]
    assert len(await _all(shelf)) == 4
    async with shelf.database.seeing_restricted().transaction(shelf.org_id) as conn:
        lacking = (
            "select count(*) from ask_chunks c where not exists (select from ask_embeddings e where e.chunk_id = c.id)"
        )
        assert await conn.fetchval(lacking) == 0
        words = (
            "select count(*) from ask_postings p where not exists (select from ask_chunks c where c.id = p.chunk_id)"
        )
        assert await conn.fetchval(words) == 0


async def test_who_does_not_see_restricted_chunks_cannot_write_them_either(shelf: Texts) -> None:
    async with shelf.database.transaction(shelf.org_id) as conn:
        assert await conn.execute("update ask_chunks set restricted = false where restricted") == "UPDATE 0"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.fetch("update ask_chunks set restricted = true returning content")


async def test_restricted_chunks_go_with_their_connection(
    admin: asyncpg.Connection, open_database: OpenDatabase, texts: Texts
) -> None:
    ingest = await open_database("ovia_ingest")
    async with ingest.transaction(texts.org_id) as conn:
        texts.connection_id = await connections.ensure(conn, texts.org_id, "confluence", "Wiki", "https://wiki.example")
    await texts.put("documents", "2", body="The rudder is secret.", restricted=True)
    await texts.index()
    assert await _all(texts) == {"The rudder is secret."}
    await admin.execute("update connections set status = 'deleting' where id = $1", texts.connection_id)
    async with ingest.transaction(texts.org_id) as conn:
        while await conn.fetchval("select delete_connection_rows($1, 100)", texts.connection_id):
            pass
    assert await _all(texts) == set()
    assert await admin.fetchval("select count(*) from ask_postings where lexeme = 'secret'") == 0


async def test_only_the_service_of_ask_may_ask_what_is_withheld(open_database: OpenDatabase, texts: Texts) -> None:
    for role in ("ovia_api", "ovia_metrics", "ovia_ingest"):
        database = await open_database(role)
        for asked in ("hides_restricted()", "ask_withholds('[]', false)"):
            async with database.transaction(texts.org_id) as conn:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    async with conn.transaction():
                        await conn.fetchval(f"select {asked}")
