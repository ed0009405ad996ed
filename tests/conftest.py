"""A database for every test: cloned from one migrated template, dropped when the test ends."""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from ovia_shared.admin import operations
from ovia_shared.database import migrate, prepare
from ovia_shared.database.pool import Database
from ovia_shared.models.token import Role

pytest_plugins = ["tests.embedded_postgres", "tests.nothing_skipped"]

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("ovia", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ovia")

ROLE_PASSWORD = "of-no-worth-outside-the-tests"

RoleDsn = Callable[[str], str]
OpenDatabase = Callable[[str], Awaitable[Database]]


class SampleOrganisation(msgspec.Struct, frozen=True):
    """An organisation made for one test, with a token of each role."""

    id: uuid.UUID
    name: str
    tokens: dict[Role, str]

    def authorization(self, role: Role | str = Role.ADMIN) -> dict[str, str]:
        """The header that makes a request in the name of this organisation."""
        return {"Authorization": f"Bearer {self.tokens[Role(role)]}"}


@pytest.fixture(scope="session")
def template_database(cluster_dsn: str) -> str:
    """The name of the migrated database others are cloned from; made once per cluster, whichever worker comes first."""
    name = f"ovia_template_{_fingerprint()}"
    with psycopg.connect(cluster_dsn, autocommit=True) as admin:
        # Workers share the cluster. The lock belongs to the connection, so a worker that dies lets go of it.
        admin.execute("select pg_advisory_lock(hashtext('ovia test template'))")
        if not _is_template(admin, name):
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
            asyncio.run(_make(cluster_dsn, name))
            # Marked last: a template half made by a worker that died is made again.
            admin.execute(sql.SQL("alter database {} is_template true").format(sql.Identifier(name)))
    return name


@pytest.fixture(scope="session")
def cluster_admin(cluster_dsn: str) -> Iterator[psycopg.Connection]:
    """A superuser's connection that makes and drops the clones."""
    with psycopg.connect(cluster_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def kept_database_name() -> str:
    """What services that outlive a test know each test's database by."""
    return f"ovia_test_{uuid.uuid4().hex}"


@pytest.fixture
def database_dsn(
    request: pytest.FixtureRequest, cluster_dsn: str, cluster_admin: psycopg.Connection, template_database: str
) -> Iterator[str]:
    """The superuser's DSN of a fresh migrated database. Row-level security does not bind this role."""
    kept = "kept_services" in request.fixturenames
    name = request.getfixturevalue("kept_database_name") if kept else f"ovia_test_{uuid.uuid4().hex}"
    cluster_admin.execute(
        sql.SQL("create database {} template {} strategy file_copy").format(
            sql.Identifier(name), sql.Identifier(template_database)
        )
    )
    # Privileges of a database, unlike those inside it, are not cloned.
    cluster_admin.execute(
        sql.SQL(
            "alter database {name} owner to ovia_owner; revoke all on database {name} from public;"
            " grant connect, temporary on database {name} to ovia_service"
        ).format(name=sql.Identifier(name))
    )
    yield prepare.at_database(cluster_dsn, name)
    cluster_admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def role_dsn(database_dsn: str) -> RoleDsn:
    """The DSN of this test's database as the role named."""
    return lambda role: prepare.as_role(database_dsn, role, ROLE_PASSWORD)


@pytest.fixture
def owner_dsn(role_dsn: RoleDsn) -> str:
    """The DSN of this test's database as the owner of its schema."""
    return role_dsn(prepare.OWNER)


@pytest.fixture
async def open_database(role_dsn: RoleDsn) -> AsyncIterator[OpenDatabase]:
    """Opens a pool as the role named: `api = await open_database("ovia_api")`. Closed when the test ends."""
    opened: list[Database] = []

    async def open_as(role: str) -> Database:
        database = Database(role_dsn(role), size=5, name=f"test {role}")
        await database.open()
        opened.append(database)
        return database

    yield open_as
    for database in opened:
        await database.close()


@pytest.fixture
async def database(request: pytest.FixtureRequest, open_database: OpenDatabase) -> Database:
    """A pool as ovia_api, or as the role given by `parametrize("database", [role], indirect=True)`."""
    return await open_database(getattr(request, "param", "ovia_api"))


@pytest.fixture
async def organisations(owner_dsn: str) -> tuple[SampleOrganisation, SampleOrganisation]:
    """Two organisations that must never see each other, made the way an operator makes them."""
    database = Database(owner_dsn, size=1, name="test organisations")
    await database.open()
    try:
        return await _sample(database, "Fernweh Gliders"), await _sample(database, "Żuraw & Søn")
    finally:
        await database.close()


async def _sample(database: Database, name: str) -> SampleOrganisation:
    made = await operations.create_organisation(database, name, actor="test set-up")
    texts = {
        role: (
            await operations.issue_token(database, made.id, name=f"{role} of {name}", role=role, actor="test set-up")
        )[1]
        for role in Role
    }
    return SampleOrganisation(made.id, name, texts)


async def _make(cluster_dsn: str, name: str) -> None:
    await prepare.prepare_server(cluster_dsn, dict.fromkeys(prepare.LOGINS, ROLE_PASSWORD))
    await prepare.prepare_database(cluster_dsn, name)
    owner = prepare.as_role(prepare.at_database(cluster_dsn, name), prepare.OWNER, ROLE_PASSWORD)
    await asyncio.to_thread(migrate.apply, owner)


def _fingerprint() -> str:
    # A cluster may outlive the run: a changed migration makes another template.
    digest = hashlib.sha256()
    for name in migrate.names():
        digest.update((migrate.migrations_directory() / f"{name}.sql").read_bytes())
    return digest.hexdigest()[:16]


def _is_template(admin: psycopg.Connection, name: str) -> bool:
    row = admin.execute("select datistemplate from pg_database where datname = %s", (name,)).fetchone()
    return row is not None and bool(row[0])
