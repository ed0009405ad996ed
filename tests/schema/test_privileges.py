"""A service's role can do what its service does, and not more."""

import asyncpg
import pytest

from ovia_shared.database import audit_log, connections, prepare
from tests.conftest import OpenDatabase, SampleOrganisation
from tests.schema.rows import add_event

Two = tuple[SampleOrganisation, SampleOrganisation]

REFUSED = [
    *((role, "update identity_events set reason = 'x'") for role in prepare.SERVICES),
    *((role, "delete from identity_events") for role in prepare.SERVICES),
    *((role, "truncate identity_events") for role in prepare.SERVICES),
    *((role, "delete from audit_log") for role in prepare.SERVICES),
    *((role, "insert into organisations (org_id, name) values (gen_random_uuid(), 'x')") for role in prepare.SERVICES),
    *((role, "update organisations set name = 'x'") for role in prepare.SERVICES),
    *((role, "update tokens set revoked_at = null") for role in prepare.SERVICES),
    *((role, "update tokens set role = 'admin'") for role in prepare.SERVICES),
    *((role, "insert into _yoyo_migration (migration_id) values ('9999')") for role in prepare.SERVICES),
    *((role, "create table mine (a int)") for role in prepare.SERVICES),
    *((role, "alter table people disable row level security") for role in prepare.SERVICES),
    *((role, "drop policy tenant on people") for role in prepare.SERVICES),
    *((role, "set role ovia_owner") for role in prepare.SERVICES),
    *((role, "set session_replication_role = replica") for role in prepare.LOGINS),
    ("ovia_owner", "alter role ovia_rag bypassrls"),
    ("ovia_rag", "select credentials from connections"),
    ("ovia_rag", "select * from connections"),
    ("ovia_metrics", "select credentials from connections"),
    ("ovia_rag", "insert into people (org_id, id, display_name) values (current_org(), gen_random_uuid(), 'x')"),
    ("ovia_metrics", "update mappings set status = 'ignored'"),
    ("ovia_rag", "select * from audit_log"),
    ("ovia_ingest", "select * from audit_log"),
    ("ovia_rag", "select * from dead_letters"),
    ("ovia_api", "select organisation_ids()"),
    ("ovia_api", "insert into raw_records (org_id, id) values (current_org(), gen_random_uuid())"),
    ("ovia_api", "update sync_partitions set cursor = null"),
    ("ovia_ingest", "insert into teams (org_id, id, name) values (current_org(), gen_random_uuid(), 'x')"),
    ("ovia_ingest", "update raw_records set payload = '{}'"),
    ("ovia_ingest", "delete from commits"),
]


@pytest.mark.parametrize(("role", "statement"), REFUSED)
async def test_a_role_is_refused_what_is_not_its_work(
    open_database: OpenDatabase, organisations: Two, role: str, statement: str
) -> None:
    database = await open_database(role)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(organisations[0].id) as conn:
            await conn.execute(statement)


@pytest.mark.parametrize("table", ["identity_events", "audit_log"])
@pytest.mark.parametrize("change", ["update {} set action = 'x'", "delete from {}", "truncate {}"])
async def test_history_cannot_be_changed_even_by_its_owner(
    open_database: OpenDatabase, organisations: Two, table: str, change: str
) -> None:
    owner, (mine, _) = await open_database(prepare.OWNER), organisations
    async with owner.transaction(mine.id) as conn:
        await add_event(conn, mine.id)
        await audit_log.record(conn, mine.id, actor="a test", action="look", subject_kind="token")
        before = await conn.fetchval(f"select count(*) from {table}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        async with owner.transaction(mine.id) as conn:
            await conn.execute(change.format(table))
    async with owner.transaction(mine.id) as conn:
        assert await conn.fetchval(f"select count(*) from {table} where action <> 'x'") == before


@pytest.mark.parametrize("change", ["update identity_events set action = 'x'", "delete from identity_events"])
async def test_not_even_a_superuser_changes_history_by_mistake(database_dsn: str, change: str) -> None:
    connection = await asyncpg.connect(database_dsn)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await connection.execute(change)
    finally:
        await connection.close()


async def test_the_services_that_need_credentials_read_them(open_database: OpenDatabase, organisations: Two) -> None:
    mine, _ = organisations
    for role in ("ovia_api", "ovia_ingest"):
        database = await open_database(role)
        async with database.transaction(mine.id) as conn:
            known = await connections.ensure(conn, mine.id, "gitlab", "GitLab", "https://gitlab.fernweh.test")
            assert await connections.credentials(conn, mine.id, known) is None


@pytest.mark.parametrize("role", ["ovia_ingest", "ovia_metrics", "ovia_rag"])
async def test_background_workers_may_know_which_organisations_there_are(
    open_database: OpenDatabase, organisations: Two, role: str
) -> None:
    database = await open_database(role)
    async with database.bare_transaction() as conn:
        rows = await conn.fetch("select organisation_ids() as org_id")
    assert {row["org_id"] for row in rows} == {organisation.id for organisation in organisations}
