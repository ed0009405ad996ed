"""Forward-only migrations in plain SQL, applied by yoyo under an advisory lock.

yoyo's own lock is a table row, which outlives a crashed process; a Postgres advisory lock does not.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import yoyo

from ovia_shared.database.pool import Connection
from ovia_shared.errors import Unavailable

_LOCK = "select pg_advisory_lock(hashtext('ovia migrations'))"


def migrations_directory() -> Path:
    """Where the migrations are: beside the `shared` folder of a checkout or of an image built like one."""
    return Path(__file__).resolve().parents[3] / "migrations"


def names(directory: Path | None = None) -> list[str]:
    """The names of the migrations this build was made for, in order."""
    return sorted(path.stem for path in (directory or migrations_directory()).glob("[0-9]*.sql"))


def apply(owner_dsn: str, directory: Path | None = None) -> list[str]:
    """Applies what is missing, in order, each in a transaction of its own, and returns the names applied.

    Waits while another process migrates. Raises `Unavailable` if Postgres does not answer; a migration that fails
    raises the database's error and leaves those before it applied.
    """
    with _locked(owner_dsn):
        backend = yoyo.get_backend(_for_yoyo(owner_dsn))
        try:
            # The lock above already excludes others; a row left in yoyo's table can only be a crashed run's.
            backend.break_lock()
            migrations = yoyo.read_migrations(str(directory or migrations_directory()))
            with backend.lock():
                missing = backend.to_apply(migrations)
                applied = [migration.id for migration in missing]
                backend.apply_migrations(missing)
            return applied
        finally:
            backend.connection.close()


async def missing(conn: Connection) -> list[str]:
    """Migrations this build needs and the database lacks; empty means current. Newer ones than ours are fine."""
    if await conn.fetchval("select to_regclass('_yoyo_migration') is null"):
        return names()
    applied = {row["migration_id"] for row in await conn.fetch("select migration_id from _yoyo_migration")}
    return [name for name in names() if name not in applied]


@contextlib.contextmanager
def _locked(dsn: str) -> Iterator[None]:
    try:
        connection = psycopg.connect(dsn, autocommit=True)
    except psycopg.OperationalError as error:
        raise Unavailable(f"cannot migrate: {str(error).strip().splitlines()[0]}") from None
    with connection:
        connection.execute(_LOCK)
        yield


def _for_yoyo(dsn: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(scheme="postgresql+psycopg"))
