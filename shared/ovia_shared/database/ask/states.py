"""How far the index is, and who may work on it."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from ovia_shared.database.facts import seen
from ovia_shared.database.pool import Connection, connected
from ovia_shared.database.rows import to_model
from ovia_shared.models.ask_index import IndexState

_FIELDS = """version, chunks, length, mean_length, recounting, cutting, described, changed_at, looked_at, seconds,
             failed_at, failure"""


@contextlib.asynccontextmanager
async def alone(dsn: str, org_id: UUID) -> AsyncIterator[bool]:
    """One indexer at a time per organisation, for as long as this is open; yields False if there is another.

    Held by a connection of its own, between transactions: who dies lets go of it.
    """
    async with connected(dsn) as conn:
        yield bool(
            await conn.fetchval("select pg_try_advisory_lock(hashtextextended('ask index ' || $1, 0))", str(org_id))
        )


async def hold(conn: Connection, org_id: UUID) -> None:
    """Pages are written one after another, even by an indexer whose lock was lost with its connection."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended('ask page ' || $1, 0))", str(org_id))


async def find(conn: Connection, org_id: UUID) -> IndexState:
    """How far it is; of an organisation never indexed, a state of nothing."""
    row = await conn.fetchrow(f"select {_FIELDS} from ask_index_states where org_id = $1", org_id)  # noqa: S608 (constant columns)
    return to_model(IndexState, row) or IndexState()


async def horizon(conn: Connection, org_id: UUID) -> seen.Horizon | None:
    """From where on rows may have changed unnoticed; None: all of them."""
    row = await conn.fetchrow(
        """
        select seen_until, (seen_below::text::numeric % 4294967296)::bigint as below
          from ask_index_states where org_id = $1 and seen_below is not null
        """,
        org_id,
    )
    return None if row is None else seen.Horizon(row["seen_until"], row["below"])


class Noticed(NamedTuple):
    """Up to where changes were noticed: as `seen.now` tells it, by which rules texts are cut, and what KPIs say."""

    seen: tuple[datetime, str]
    cutting: int
    described: UUID


async def record_noticed(conn: Connection, org_id: UUID, noticed: Noticed) -> None:
    """In the transaction that put all that changed before into `ask_due`."""
    await conn.execute(
        """
        insert into ask_index_states (org_id, seen_until, seen_below, cutting, described)
        values ($1, $2, $3::text::xid8, $4, $5)
            on conflict (org_id) do update
           set seen_until = excluded.seen_until, seen_below = excluded.seen_below, cutting = excluded.cutting,
               described = excluded.described
        """,
        org_id, *noticed.seen, noticed.cutting, noticed.described,
    )  # fmt: skip


async def record_through(conn: Connection, org_id: UUID, looked_at: datetime, seconds: float) -> None:
    """The words of everything that had changed by `looked_at` are in the index; vectors may still follow."""
    await conn.execute(
        "update ask_index_states set looked_at = $2, seconds = $3 where org_id = $1", org_id, looked_at, seconds
    )


async def record_success(conn: Connection, org_id: UUID) -> None:
    """A pass came to its end, vectors and all."""
    await conn.execute(
        """
        update ask_index_states set failed_at = null, failure = null where org_id = $1 and failed_at is not null
        """,
        org_id,
    )


async def record_failure(conn: Connection, org_id: UUID, failure: str) -> None:
    """A pass ended before its end; what it wrote stays."""
    await conn.execute(
        """
        insert into ask_index_states (org_id, failed_at, failure) values ($1, clock_timestamp(), $2)
            on conflict (org_id) do update set failed_at = excluded.failed_at, failure = excluded.failure
        """,
        org_id,
        failure[:2000],
    )


async def grow(conn: Connection, org_id: UUID, *, chunks: int, length: int) -> float:
    """A page changed the index by so many chunks with so many lexemes in all; gives the mean that impacts count with.

    The first chunks there are decide it; after that it changes only when impacts are counted anew.
    """
    mean = await conn.fetchval(
        """
        insert into ask_index_states as s (org_id, version, chunks, length, mean_length, changed_at)
        values ($1, 1, $2::bigint, $3::bigint, coalesce($3::double precision / nullif($2::double precision, 0), 0),
                clock_timestamp())
            on conflict (org_id) do update
           set version = s.version + 1, chunks = s.chunks + $2, length = s.length + $3, changed_at = clock_timestamp(),
               mean_length = case when s.mean_length > 0 then s.mean_length
                                  else coalesce((s.length + $3)::double precision / nullif(s.chunks + $2, 0), 0) end
        returning mean_length
        """,
        org_id,
        chunks,
        length,
    )
    return float(mean)


async def lag_seconds(conn: Connection, org_id: UUID) -> float | None:
    """Since when something may have changed that is not in the index; None before the first pass is through."""
    lag = await conn.fetchval(
        """
        select extract(epoch from clock_timestamp() - looked_at)::double precision
          from ask_index_states where org_id = $1
        """,
        org_id,
    )
    return None if lag is None else float(lag)
