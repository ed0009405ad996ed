"""Forward-only migrations in plain SQL, applied by yoyo under an advisory lock.

yoyo's own lock is a table row, which outlives a crashed process; a Postgres advisory lock does not.

Services go on while their schema changes. A statement that changes a table waits for the transactions that use it, and
whoever comes after waits behind that statement: one long transaction would stop everybody. So it waits for a moment
only, gives up, lets the others pass, and tries again.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
import yoyo

from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict, Unavailable

# How long a migration holds up whoever wants the same table; requests may take longer than this.
LOCK_SECONDS = 3.0
PATIENCE_SECONDS = 300.0
LONGEST_PAUSE_SECONDS = 10.0

_LOCK = "select pg_advisory_lock(hashtext('ovia migrations'))"


def migrations_directory() -> Path:
    """Where the migrations are: beside the `shared` folder of a checkout or of an image built like one."""
    return Path(__file__).resolve().parents[3] / "migrations"


def names(directory: Path | None = None) -> list[str]:
    """The names of the migrations this build was made for, in order."""
    return sorted(path.stem for path in (directory or migrations_directory()).glob("[0-9]*.sql"))


def apply(
    owner_dsn: str,
    directory: Path | None = None,
    *,
    lock_timeout: float = LOCK_SECONDS,
    patience: float = PATIENCE_SECONDS,
    waiting: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """Applies what is missing, in order, each in a transaction of its own, and returns the names applied.

    Waits while another process migrates. A migration waits `lock_timeout` seconds for the tables it changes, and is
    tried again, for `patience` seconds altogether; `waiting` is told its name each time. Raises `Unavailable` if
    Postgres does not answer, `Conflict` if a table stays in use; a migration that fails raises the database's error.
    Those before it stay applied.
    """
    with _locked(owner_dsn):
        backend = yoyo.get_backend(_for_yoyo(owner_dsn, lock_timeout))
        try:
            # The lock above already excludes others; a row left in yoyo's table can only be a crashed run's.
            backend.break_lock()
            migrations = yoyo.read_migrations(str(directory or migrations_directory()))
            with backend.lock():
                missing = list(backend.to_apply(migrations))
                until = time.monotonic() + patience
                for migration in missing:
                    _apply_one(backend, migration, until, waiting)
            return [migration.id for migration in missing]
        finally:
            backend.connection.close()


def _apply_one(backend: Any, migration: Any, until: float, waiting: Callable[[str], None]) -> None:
    pause = 0.5
    while True:
        try:
            _apply_whole(backend, migration)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            if time.monotonic() + pause > until:
                raise Conflict(
                    f"{migration.id} was not applied: a table it changes stayed in use. Find the transaction that has"
                    " been open for longest in pg_stat_activity, end it, and migrate again; nothing was left half done"
                ) from None
            waiting(migration.id)
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        else:
            return


async def missing(conn: Connection) -> list[str]:
    """Migrations this build needs and the database lacks; empty means current. Newer ones than ours are fine."""
    # While the first migrations are applied, nobody else may read yet what was.
    readable = "select coalesce(has_table_privilege(to_regclass('_yoyo_migration')::oid, 'select'), false)"
    if not await conn.fetchval(readable):
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


def _apply_whole(backend: Any, migration: Any) -> None:
    migration.load()
    if not migration.use_transactions:
        backend.apply_one(migration)
        return
    # yoyo itself writes down that a migration was applied after committing it: killed in between, it would apply it
    # again. Here both are one transaction.
    backend.ensure_internal_schema_updated()
    with backend.copy() as own, own.transaction():
        migration.process_steps(own, "apply")
        own.mark_one(migration, log=False)
        own.log_migration(migration, "apply")


def _for_yoyo(dsn: str, lock_timeout: float) -> str:
    # By the address, because yoyo opens a connection of its own for each migration.
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))
    query["options"] = f"{query.get('options', '')} -c lock_timeout={int(lock_timeout * 1000)}".strip()
    return urlunsplit(parts._replace(scheme="postgresql+psycopg", query=urlencode(query, quote_via=quote)))
