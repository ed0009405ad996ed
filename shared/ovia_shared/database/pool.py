"""Connections to Postgres, and the one way to use them: a transaction that works for one organisation."""

import contextlib
import copy
import errno
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import asyncpg
import msgspec
from asyncpg.transaction import Transaction

from ovia_shared.errors import Conflict, InvalidInput, MalformedInput, OviaError, Unavailable
from ovia_shared.models.pool import PoolUse

if TYPE_CHECKING:
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    Pooled: TypeAlias = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | Pooled
else:
    Connection = asyncpg.Connection

# Opens a transaction for a stretch of work that has no other waiting in it.
Opening: TypeAlias = Callable[[], contextlib.AbstractAsyncContextManager[Connection]]

# Time to wait for a free connection before the caller is told to come back later: longer than a machine is busy with
# starting the replicas of a new version. Who waits still has time to be served within the limit of a request.
ACQUIRE_SECONDS = 15.0
# Time to wait for the server to let a new one in.
CONNECT_SECONDS = 10.0


class Database:
    """A pool of connections that are opened when first needed, so a service starts while Postgres is away."""

    def __init__(
        self,
        dsn: str,
        *,
        size: int = 10,
        statement_timeout: float = 15.0,
        name: str = "ovia",
        durable: bool = True,
    ) -> None:
        """`durable` false is for work that can be done again: a commit does not wait for the disk.

        Should the server crash, the last commits may be missing, whole ones only and none before others.
        """
        self._dsn = dsn
        self._size = size
        self._settings = {
            "application_name": name,
            "statement_timeout": str(int(statement_timeout * 1000)),
            "idle_in_transaction_session_timeout": str(int(max(statement_timeout, 60) * 1000)),
        }
        if not durable:
            self._settings["synchronous_commit"] = "off"
        self._pool: Pool | None = None
        self._sees_restricted = False
        self._waiting = 0
        self._timeouts = 0

    def use(self) -> PoolUse:
        """How busy the pool is, for whoever watches it."""
        in_use = 0 if self._pool is None else self._pool.get_size() - self._pool.get_idle_size()
        return PoolUse(self._size, in_use, self._waiting, self._timeouts)

    async def open(self) -> None:
        """Prepares the pool. Does not connect yet."""
        with translated():
            self._pool = await asyncpg.create_pool(
                self._dsn,
                min_size=0,
                max_size=self._size,
                timeout=CONNECT_SECONDS,
                init=_prepare,
                # Nothing outlives a transaction here (only `set local`), so there is nothing to reset.
                reset=_nothing,
                server_settings=self._settings,
            )

    async def close(self) -> None:
        """Closes every connection, waiting for those in use."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    @contextlib.asynccontextmanager
    async def transaction(self, org_id: UUID) -> AsyncIterator[Connection]:
        """A transaction that sees and writes the rows of this organisation and no other."""
        async with self.bare_transaction() as conn:
            await conn.execute("select set_config('ovia.org_id', $1, true)", str(org_id))
            if self._sees_restricted:
                await conn.execute("select set_config('ovia.sees_restricted', 'on', true)")
            yield conn

    def seeing_restricted(self) -> "Database":
        """The same open pool, in whose transactions restricted texts are seen: for whoever keeps, and shows none."""
        seeing = copy.copy(self)
        seeing._sees_restricted = True  # noqa: SLF001 (a copy of ourselves)
        return seeing

    @contextlib.asynccontextmanager
    async def bare_transaction(self) -> AsyncIterator[Connection]:
        """A transaction that works for no organisation yet: row-level security shows it no tenant row."""
        with translated():
            pool, conn = await self._acquire()
            try:
                async with conn.transaction():
                    yield conn
            finally:
                await pool.release(conn)

    async def begin(self) -> "OpenTransaction":
        """A bare transaction for whoever must end it in the midst of other work: a web request, before it answers."""
        with translated():
            pool, conn = await self._acquire()
            transaction = conn.transaction()
            try:
                await transaction.start()
            except BaseException:
                # A connection that cannot even begin is broken: the next caller must not get it.
                conn.terminate()
                await pool.release(conn)
                raise
        return OpenTransaction(pool, conn, transaction)

    async def _acquire(self) -> "tuple[Pool, Pooled]":
        """A connection, and the pool it must be given back to."""
        pool = self._pool
        if pool is None:
            raise Unavailable("the database pool is not open")
        self._waiting += 1
        try:
            return pool, await pool.acquire(timeout=ACQUIRE_SECONDS)
        except TimeoutError:
            self._timeouts += 1
            raise
        finally:
            self._waiting -= 1


@contextlib.asynccontextmanager
async def attempt(conn: Connection) -> AsyncIterator[None]:
    """Part of a transaction that may fail by itself: what it wrote is undone, and the rest can go on."""
    with translated():
        async with conn.transaction():
            yield


class OpenTransaction:
    """A transaction under way on `conn`. The first `commit` or `rollback` ends it; a later one does nothing."""

    def __init__(
        self,
        pool: "Pool",
        conn: "Pooled",
        transaction: Transaction,
    ) -> None:
        self.conn = conn
        self._pool = pool
        self._transaction = transaction
        self._ended = False

    async def commit(self) -> None:
        """Makes the changes last and gives the connection back. Raises as `translated` does; nothing lasts then."""
        if not self._ended:
            self._ended = True
            with translated():
                try:
                    await self._transaction.commit()
                finally:
                    await self._pool.release(self.conn)

    async def rollback(self) -> None:
        """Undoes the changes and gives the connection back. Never fails: a broken connection undoes them too."""
        if not self._ended:
            self._ended = True
            try:
                await self._transaction.rollback()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                self.conn.terminate()
            finally:
                await self._pool.release(self.conn)


@contextlib.asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Connection]:
    """One connection outside any pool, for commands that run once."""
    with translated():
        conn = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS)
        try:
            await _prepare(conn)
            yield conn
        finally:
            await conn.close()


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turns the driver's faults into ours; what it does not know is passed on as it is."""
    try:
        yield
    except Exception as error:
        ours = as_ours(error)
        if ours is None:
            raise
        raise ours from error


def as_ours(error: Exception) -> OviaError | None:
    """What a fault of the driver or the server means in our words; None for what is neither."""
    return _refused(error) or _away(error)


def _refused(error: Exception) -> OviaError | None:
    """What the server does not take."""
    match error:
        case asyncpg.UniqueViolationError():
            return Conflict(f"this already exists ({error.constraint_name})")
        case asyncpg.DeadlockDetectedError() | asyncpg.SerializationError():
            return Conflict("somebody else changed the same things at this moment; try again")
        case asyncpg.ForeignKeyViolationError():
            return Conflict(f"something this refers to is not there ({error.constraint_name})")
        case asyncpg.CheckViolationError() | asyncpg.NotNullViolationError():
            return InvalidInput(f"a value breaks a rule of the schema ({error.constraint_name or error.column_name})")
        case asyncpg.CharacterNotInRepertoireError() | asyncpg.UntranslatableCharacterError():
            return MalformedInput("text must be UTF-8 without NUL characters")
        case asyncpg.DataError():
            # The driver quotes the value itself, and the reason in brackets behind it.
            return InvalidInput(f"a value does not fit: {str(error).rpartition('(')[2].rstrip(')')[:200]}")
    return None


def _away(error: Exception) -> OviaError | None:
    """What keeps the server from answering at all."""
    match error:
        case asyncpg.InvalidPasswordError():
            return Unavailable("Postgres refused this role's password; check OVIA_DATABASE_URL")
        case asyncpg.ReadOnlySQLTransactionError():
            # A primary that was one until a moment ago; whoever asks again is led to its successor.
            return Unavailable("the database takes no changes at the moment")
        case asyncpg.QueryCanceledError():
            return Unavailable("the database took too long; narrow the request or try again")
        case asyncpg.InterfaceError() if "clos" in str(error) or "released" in str(error):
            return Unavailable("the database connection was closed")
        case _ if isinstance(error, _AWAY):
            return Unavailable("the database does not answer")
        case OSError() if error.errno in _UNREACHABLE:
            return Unavailable("the database cannot be reached")
        case TimeoutError():
            return Unavailable("no database connection became free in time")
    return None


_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InvalidCatalogNameError,
    # What asyncpg says when the server ended the connection just as it was being used.
    asyncpg.InternalClientError,
    # A database that was told to take no connections for a while.
    asyncpg.ObjectNotInPrerequisiteStateError,
    ConnectionError,
    FileNotFoundError,
    # A name that stands for nothing while its container is replaced.
    socket.gaierror,
)
_UNREACHABLE = frozenset({errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ENETDOWN})


async def _prepare(conn: Connection) -> None:
    # JSON columns come and go as Python values, encoded by msgspec; binary, so that COPY takes them too.
    await conn.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=_encode_jsonb, decoder=_decode_jsonb
    )
    await conn.set_type_codec("json", schema="pg_catalog", format="binary", encoder=_as_is, decoder=_as_is)


async def _nothing(_: Any) -> None:
    return


def _encode_jsonb(value: Any) -> bytes:
    return b"\x01" + msgspec.json.encode(value)


def _decode_jsonb(raw: bytes) -> Any:
    return msgspec.json.decode(raw[1:])


def _as_is(raw: bytes) -> bytes:
    # json columns hold text as a source sent it: bytes in, bytes out.
    return bytes(raw)
