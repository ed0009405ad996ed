"""Whether a restored database is the one that was backed up, told exactly although the original goes on changing.

A restore point is written to the log of the live server within a transaction that sees precisely what was committed
before it. What that transaction counts is what a server restored to that point must count.
"""

import contextlib
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec

from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict

# Each lasts about a millisecond. Only a server that commits without any pause for all of them defeats them.
ATTEMPTS = 500


class Mark(msgspec.Struct, frozen=True):
    """A moment in the life of a server: its restore point, what was visible then, and the tables there were."""

    restore_point: str
    snapshot: str
    tables: tuple[str, ...]


class Fingerprint(msgspec.Struct, frozen=True):
    """The rows of a table: how many, and a checksum over their content that does not depend on their order."""

    rows: int
    checksum: str


@contextlib.asynccontextmanager
async def marked(conn: Connection, witness: Connection, name: str) -> AsyncIterator[Mark]:
    """A read-only transaction on `conn` that sees exactly what a restore to the mark's restore point shows.

    `witness` is another connection to the same database. Raises `Conflict` if the server never paused.
    """
    for attempt in range(ATTEMPTS):
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            mark = await _mark(conn, witness, f"{name}-{attempt}")
            if mark is not None:
                yield mark
                return
    raise Conflict("the database commits without a pause: no moment was found that a copy could be compared with")


async def fingerprint(conn: Connection, table: str) -> Fingerprint:
    """What is in a table, whose name is quoted where it needs to be. Reads all of it."""
    # How values are written depends on these, so they are the same wherever this is asked.
    await conn.execute(
        "set local timezone = 'UTC'; set local datestyle = 'ISO'; set local intervalstyle = 'postgres';"
        "set local extra_float_digits = 1; set local bytea_output = 'hex'"
    )
    row = await conn.fetchrow(
        f"select count(*) as rows, coalesce(sum(hashtextextended(one::text, 0)), 0)::text as checksum from {table} one"  # noqa: S608 (a name from the catalogue, quoted by the server)
    )
    assert row is not None
    return Fingerprint(row["rows"], row["checksum"])


async def tables_of(conn: Connection) -> tuple[str, ...]:
    """Every table whose rows a backup holds, quoted, by name; a partition counts, not what it is part of."""
    rows = await conn.fetch(
        r"""
        select format('%I.%I', n.nspname, c.relname) as name
          from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind = 'r' and c.relpersistence = 'p'
           and n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'
         order by name
        """
    )
    return tuple(row["name"] for row in rows)


async def unseen(conn: Connection, mark: Mark) -> list[int]:
    """Transactions that this restored server has, and the mark did not see: committed in the very moment it was made.

    Ask right after recovery, before anything is written. If there are any, the two cannot be compared.
    """
    rows = await conn.fetch(
        """
        with could_be as (
            select x::text::bigint as id from pg_snapshot_xip($1::text::pg_snapshot) x
             union
            select generate_series(pg_snapshot_xmax($1::text::pg_snapshot)::text::bigint,
                                   pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)
        )
        select id from could_be where pg_xact_status(id::text::xid8) = 'committed' order by id
        """,
        mark.snapshot,
    )
    return [row["id"] for row in rows]


async def some_receipts(conn: Connection, how_many: int) -> list[tuple[UUID, UUID]]:
    """Receipts picked by chance from all organisations (organisation, receipt); none before the schema has them."""
    if await conn.fetchval("select to_regclass('public.receipts')") is None:
        return []
    rows = await conn.fetch("select org_id, id from receipts order by random() limit $1", how_many)
    return [(row["org_id"], row["id"]) for row in rows]


async def archive_lag(conn: Connection) -> float:
    """Seconds that the oldest finished part of the log has waited for its archive; 0 if none waits."""
    lag: float = await conn.fetchval(
        r"""
        select coalesce(extract(epoch from clock_timestamp() - min(modification)), 0)::float8
          from pg_ls_archive_statusdir() where name like '%.ready'
        """
    )
    return max(lag, 0.0)


async def in_recovery(conn: Connection) -> bool:
    """Whether the server still replays a log."""
    recovering: bool = await conn.fetchval("select pg_is_in_recovery()")
    return recovering


async def commit_something(conn: Connection) -> None:
    """Writes a commit to the log, and no row. A restore to a time stops at the first commit after it, and needs one."""
    await conn.execute("select pg_current_xact_id()")


async def _mark(conn: Connection, witness: Connection, name: str) -> Mark | None:
    tables = await tables_of(witness)
    if tables:
        # Before the snapshot is taken: what has been truncated or rewritten since would not be seen as it was.
        await conn.execute(f"lock table {', '.join(tables)} in access share mode")
    row = await conn.fetchrow(
        "select pg_current_snapshot()::text as snapshot, pg_create_restore_point($1) as position", name
    )
    assert row is not None
    after = await witness.fetchval("select pg_current_snapshot()::text")
    # Equal if and only if no transaction ended between the two, so none did between snapshot and restore point.
    if after != row["snapshot"] or await tables_of(conn) != tables:
        return None
    return Mark(name, row["snapshot"], tables)
