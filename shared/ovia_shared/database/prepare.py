"""What must exist before the first migration: the database and its roles. Needs a privileged connection, once.

Roles are shared by all databases of a server:
    ovia_owner    owns the schema; migrations and admin commands. Not a superuser: row-level security binds it too.
    ovia_service  cannot log in; grants common to all services hang on it
    ovia_api, ovia_ingest, ovia_metrics, ovia_rag   log in; members of ovia_service
    ovia_monitor  logs in where it is given a password: reads the server's statistics and no row of anybody's
"""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit, urlunsplit

from ovia_shared.database.pool import Connection, connected

OWNER = "ovia_owner"
GROUP = "ovia_service"
SERVICES = ("ovia_api", "ovia_ingest", "ovia_metrics", "ovia_rag")
LOGINS = (OWNER, *SERVICES)
MONITOR = "ovia_monitor"


async def prepare_server(admin_dsn: str, passwords: Mapping[str, str]) -> None:
    """Makes the roles that are missing and sets the password of each login role named in `passwords`.

    `ovia_monitor` is made only if it is named there: not everybody watches the server through it.
    Safe to run again, and by several processes at once. Raises `Unavailable` if the server does not answer.
    """
    async with connected(admin_dsn) as conn, conn.transaction():
        await conn.execute("select pg_advisory_xact_lock(hashtext('ovia roles'))")
        known = await conn.fetch("select rolname from pg_roles where rolname ^@ 'ovia_'")
        present = {row["rolname"] for row in known}
        if GROUP not in present:
            await conn.execute(f"create role {GROUP} nologin")
        for role in LOGINS:
            if role not in present:
                await conn.execute(f"create role {role} login")
            if role in passwords:
                await _set_password(conn, role, passwords[role])
        for role in SERVICES:
            await conn.execute(f"grant {GROUP} to {role}")
        if MONITOR in passwords:
            if MONITOR not in present:
                await conn.execute(f"create role {MONITOR} login connection limit 5")
            await _set_password(conn, MONITOR, passwords[MONITOR])
            await conn.execute(f"grant pg_monitor to {MONITOR}")


async def prepare_database(admin_dsn: str, database: str) -> None:
    """Makes the database if it is missing, owned by `ovia_owner`, with pgvector, closed to everyone else.

    `admin_dsn` names any existing database of the server.
    """
    async with connected(admin_dsn) as conn:
        if not await conn.fetchval("select exists (select from pg_database where datname = $1)", database):
            await conn.execute(f"create database {_quoted(database)}")
        await conn.execute(f"alter database {_quoted(database)} owner to {OWNER}")
        await conn.execute(f"revoke all on database {_quoted(database)} from public")
        await conn.execute(f"grant connect, temporary on database {_quoted(database)} to {GROUP}")
        if await conn.fetchval("select exists (select from pg_roles where rolname = $1)", MONITOR):
            await conn.execute(f"grant connect on database {_quoted(database)} to {MONITOR}")
    async with connected(at_database(admin_dsn, database)) as conn:
        # Needs a superuser: the extension is not marked trusted everywhere.
        await conn.execute("create extension if not exists vector")
        await conn.execute(f"alter schema public owner to {OWNER}")
        await conn.execute("revoke all on schema public from public")
        await conn.execute(f"grant usage on schema public to {GROUP}")


async def works_as_owner(conn: Connection) -> bool:
    """Whether this connection may migrate and administer. A superuser may not: it would own what it made."""
    answer: bool = await conn.fetchval("select current_user = $1", OWNER)
    return answer


def at_database(dsn: str, database: str) -> str:
    """The same server and role, another database."""
    return urlunsplit(urlsplit(dsn)._replace(path="/" + quote(database, safe="")))


def as_role(dsn: str, role: str, password: str) -> str:
    """The same server and database, another role."""
    parts = urlsplit(dsn)
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(password, safe='')}@{address}"))


async def _set_password(conn: Connection, role: str, password: str) -> None:
    # ALTER ROLE takes no parameters: the server quotes the literal itself.
    statement = await conn.fetchval("select format('alter role %I password %L', $1::text, $2::text)", role, password)
    await conn.execute(statement)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
