"""Identities are found by the beginning of any word of their name, e-mail or username, in any alphabet."""

from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ovia_shared.database.pool import Connection, Database
from tests.conftest import SampleOrganisation
from tests.schema.rows import add_identity

Two = tuple[SampleOrganisation, SampleOrganisation]
LONGEST_WORD = 64


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Ada Brandt", {"ada", "brandt"}),
        ("Пётр ИВАНОВ", {"пётр", "иванов"}),
        ("Łucja Żuraw-Nowak", {"łucja", "żuraw", "nowak"}),
        ("Ελένη ΠΑΠΠΑ", {"ελένη", "παππα"}),
        ("山田 太郎", {"山田", "太郎"}),
        ("O'Brien, Pat (QA) <pat>", {"o", "brien", "pat", "qa"}),
        ("ada_b  ada_b", {"ada", "b"}),
        ("100% of_it\\'; drop table people--", {"100", "of", "it", "drop", "table", "people"}),
        ("…!? — ***", set()),
        ("", set()),
        ("x" * 1000, {"x" * LONGEST_WORD}),
    ],
)
async def test_the_words_of_a_name(database: Database, organisations: Two, name: str, words: set[str]) -> None:
    org_id = organisations[0].id
    async with database.transaction(org_id) as conn:
        identity = await add_identity(conn, org_id, display_name=name)
        assert await _words(conn, identity) == words


async def test_email_and_username_are_searched_too(database: Database, organisations: Two) -> None:
    org_id = organisations[0].id
    async with database.transaction(org_id) as conn:
        identity = await add_identity(conn, org_id, username="abrandt", email="Ada.B@Fernweh.test")
        assert await _words(conn, identity) == {"abrandt", "ada", "b", "fernweh", "test"}


async def test_the_beginning_of_a_word_finds_its_identity(database: Database, organisations: Two) -> None:
    mine, theirs = organisations
    async with database.transaction(theirs.id) as conn:
        await add_identity(conn, theirs.id, display_name="Пётр Иванов")
    async with database.transaction(mine.id) as conn:
        identity = await add_identity(conn, mine.id, display_name="Пётр ИВАНОВ")
        await add_identity(conn, mine.id, display_name="Ada Brandt")
        found = await conn.fetch(
            "select identity_id from identity_words where org_id = $1 and word >= $2 and word < $3",
            mine.id,
            "ива",
            "ивб",
        )
        assert [row["identity_id"] for row in found] == [identity]


async def test_a_renamed_identity_is_found_by_its_new_name_only(database: Database, organisations: Two) -> None:
    org_id = organisations[0].id
    async with database.transaction(org_id) as conn:
        identity = await add_identity(conn, org_id, display_name="Ada Brandt", username="ada")
        await conn.execute("update identities set display_name = 'Ada Zimmer' where id = $1", identity)
        assert await _words(conn, identity) == {"ada", "zimmer"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=200))
async def test_any_name_can_be_stored_and_its_words_are_bounded(
    database: Database, organisations: Two, name: str
) -> None:
    org_id = organisations[0].id
    async with database.transaction(org_id) as conn:
        identity = await add_identity(conn, org_id, display_name=name)
        words = await _words(conn, identity)
        assert all(0 < len(word) <= LONGEST_WORD for word in words)
        assert await conn.fetchval("select display_name from identities where id = $1", identity) == name


async def _words(conn: Connection, identity: UUID) -> set[str]:
    rows = await conn.fetch("select word from identity_words where identity_id = $1", identity)
    return {row["word"] for row in rows}
