"""A query that forgets its organisation finds nothing, whoever asks; one that names another's finds nothing either."""

import asyncpg
import pytest

from ovia_shared.database import identities, prepare
from ovia_shared.errors import OviaError
from ovia_shared.models.identity import NewIdentity
from tests.conftest import OpenDatabase, RoleDsn, SampleOrganisation
from tests.schema.catalogue import NOT_OURS
from tests.schema.rows import add_identity, add_mapping, add_person, add_team

Two = tuple[SampleOrganisation, SampleOrganisation]
EVERYBODY = [*prepare.SERVICES, prepare.OWNER]


async def _fill(open_database: OpenDatabase, organisations: Two) -> None:
    owner = await open_database(prepare.OWNER)
    for organisation in organisations:
        async with owner.transaction(organisation.id) as conn:
            person = await add_person(conn, organisation.id)
            identity = await add_identity(conn, organisation.id, display_name="Ada Brandt")
            await add_mapping(conn, organisation.id, identity, person)
            await add_team(conn, organisation.id, "Wings")


async def _readable_tables(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            f"""
            select c.relname from pg_class c
             where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
               and c.relname not in ({NOT_OURS}) and has_any_column_privilege(c.oid, 'select')
            """
        )
    finally:
        await connection.close()
    return [row[0] for row in rows]


@pytest.mark.parametrize("role", EVERYBODY)
async def test_a_bare_query_sees_nothing(
    open_database: OpenDatabase, role_dsn: RoleDsn, organisations: Two, role: str
) -> None:
    await _fill(open_database, organisations)
    tables = await _readable_tables(role_dsn(role))
    assert {"organisations", "tokens", "people", "identities", "mappings", "commits"} <= set(tables)
    database = await open_database(role)
    async with database.bare_transaction() as conn:
        seen = {table: await conn.fetchval(f"select count(*) from {table}") for table in tables}
    if role == prepare.OWNER:
        assert seen.pop("organisations") == 2
    assert set(seen.values()) == {0}


@pytest.mark.parametrize("role", EVERYBODY)
async def test_a_query_without_a_predicate_sees_its_own_organisation_only(
    open_database: OpenDatabase, role_dsn: RoleDsn, organisations: Two, role: str
) -> None:
    await _fill(open_database, organisations)
    tables = await _readable_tables(role_dsn(role))
    if role == prepare.OWNER:
        tables.remove("organisations")
    database = await open_database(role)
    for organisation in organisations:
        async with database.transaction(organisation.id) as conn:
            for table in tables:
                owners = await conn.fetch(f"select distinct org_id from {table}")
                assert {row["org_id"] for row in owners} <= {organisation.id}, table
            assert await conn.fetchval("select count(*) from people") == 1


@pytest.mark.parametrize("database", ["ovia_ingest"], indirect=True)
async def test_a_row_of_another_organisation_cannot_be_written(
    database: object, open_database: OpenDatabase, organisations: Two
) -> None:
    mine, theirs = organisations
    ingest = await open_database("ovia_ingest")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with ingest.transaction(mine.id) as conn:
            await add_person(conn, theirs.id)


async def test_another_organisations_row_cannot_be_changed(open_database: OpenDatabase, organisations: Two) -> None:
    mine, theirs = organisations
    owner, api = await open_database(prepare.OWNER), await open_database("ovia_api")
    async with owner.transaction(theirs.id) as conn:
        person = await add_person(conn, theirs.id)
    async with api.transaction(mine.id) as conn:
        assert await conn.execute("update people set display_name = 'X' where id = $1", person) == "UPDATE 0"


async def test_a_reference_to_another_organisations_row_is_refused(
    open_database: OpenDatabase, organisations: Two
) -> None:
    mine, theirs = organisations
    ingest = await open_database("ovia_ingest")
    async with ingest.transaction(theirs.id) as conn:
        person = await add_person(conn, theirs.id)
    with pytest.raises(OviaError, match="not there"):
        async with ingest.transaction(mine.id) as conn:
            await add_mapping(conn, mine.id, await add_identity(conn, mine.id), person)


async def test_the_organisation_does_not_outlive_its_transaction(
    open_database: OpenDatabase, organisations: Two
) -> None:
    mine, _ = organisations
    api = await open_database("ovia_api")
    async with api.transaction(mine.id) as conn:
        assert await conn.fetchval("select count(*) from organisations") == 1
    # One after the other, these come from the same pooled connection.
    async with api.bare_transaction() as conn:
        assert await conn.fetchval("select current_org()") is None
        assert await conn.fetchval("select count(*) from organisations") == 0


async def test_the_same_account_may_be_known_to_two_organisations(
    open_database: OpenDatabase, organisations: Two
) -> None:
    ingest = await open_database("ovia_ingest")
    wanted = [NewIdentity("jira", "557058:ada", email="ada@fernweh.test")]
    found = []
    for organisation in organisations:
        async with ingest.transaction(organisation.id) as conn:
            found.append(await identities.ensure(conn, organisation.id, wanted))
    assert found[0] != found[1]


async def test_a_forged_organisation_opens_no_token(open_database: OpenDatabase, organisations: Two) -> None:
    mine, theirs = organisations
    owner, api = await open_database(prepare.OWNER), await open_database("ovia_api")
    async with owner.transaction(theirs.id) as conn:
        token_id = await conn.fetchval("select id from tokens limit 1")
    async with api.bare_transaction() as conn:
        assert await conn.fetch("select * from open_request($1, $2)", mine.id, token_id) == []
    async with api.bare_transaction() as conn:
        assert len(await conn.fetch("select * from open_request($1, $2)", theirs.id, token_id)) == 1
