"""Which canonical rows changed since a derivation last looked, without ever missing one.

`changed_at` is when the transaction that wrote a row began, not when it committed: a row may become visible long after
a derivation looked past its time. So a derivation remembers two things of its last run: when it began, and the number
below which every transaction had ended. It looks back an hour from the former, and passes over rows written by lower
numbers than the latter: they were visible. Numbers of sub-transactions are higher than that of theirs, so comparing
with `<` holds for them too. What is left out is only a transaction that stays open for longer than an hour.
"""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from ovia_shared.database.pool import Connection


class Horizon(NamedTuple):
    """From where on a derivation looks. `below` is cut to the 32 bits a row remembers."""

    since: datetime
    below: int


def changed(alias: str, column: str = "changed_at") -> str:
    """The condition on a canonical row; $1 is the organisation, $2 and $3 the horizon."""
    return f"{alias}.org_id = $1 and {alias}.{column} >= $2::timestamptz - interval '1 hour' and {_unseen(alias)}"


def learnt(kind: str) -> str:
    """Entities of which facts of a kind were added or closed, with the same parameters.

    One deriver writes facts at a time and stamps them by the clock, so a minute for a clock put back is enough; an hour
    would hold all there is after the first derivation.
    """
    margin = "$2::timestamptz - interval '1 minute'"
    return f"""
        select f.connection_id, f.entity_id from facts f
         where f.org_id = $1 and f.kind = '{kind}' and f.known_from >= {margin} and {_unseen("f")}
        union
        select f.connection_id, f.entity_id from facts f
         where f.org_id = $1 and f.kind = '{kind}' and f.known_to >= {margin} and f.known_to < 'infinity'
           and {_unseen("f")}
    """


def _unseen(alias: str) -> str:
    # Transaction numbers go round.
    return f"(({alias}.xmin::text::bigint - $3::bigint) & 4294967295) < 2147483648"


async def state(conn: Connection, org_id: UUID, name: str) -> tuple[Horizon, int, Any] | None:
    """Where the last run of a derivation began, its version and settings; None if there was none."""
    row = await conn.fetchrow(
        """
        select seen_until, (seen_below::text::numeric % 4294967296)::bigint as below, version, settings
          from derivations where org_id = $1 and name = $2 and seen_below > '0'
        """,
        org_id,
        name,
    )
    return None if row is None else (Horizon(row["seen_until"], row["below"]), row["version"], row["settings"])


async def now(conn: Connection) -> tuple[datetime, str]:
    """The moment, and the number below which every transaction has ended. To be asked before looking at any row."""
    row = await conn.fetchrow(
        "select clock_timestamp() as moment, pg_snapshot_xmin(pg_current_snapshot())::text as low"
    )
    assert row is not None
    return row["moment"], row["low"]


async def record(
    conn: Connection, org_id: UUID, name: str, version: int, settings: Any, seen: tuple[datetime, str],
    added: int, closed: int,
) -> None:  # fmt: skip
    """A run ended well, in the transaction that wrote its facts."""
    await conn.execute(
        """
        insert into derivations (org_id, name, version, settings, seen_until, seen_below, started_at, finished_at,
                                 added, closed, changed_at)
        values ($1, $2, $3, $4, $5, $6::text::xid8, $5, clock_timestamp(), $7::bigint, $8::bigint,
                case when $7::bigint + $8::bigint > 0 then clock_timestamp() end)
        on conflict (org_id, name) do update
           set version = excluded.version, settings = excluded.settings, seen_until = excluded.seen_until,
               seen_below = excluded.seen_below, started_at = excluded.started_at,
               finished_at = excluded.finished_at, added = excluded.added, closed = excluded.closed,
               changed_at = coalesce(excluded.changed_at, derivations.changed_at),
               error = null, error_at = null
        """,
        org_id, name, version, settings, *seen, added, closed,
    )  # fmt: skip


async def record_error(conn: Connection, org_id: UUID, name: str, error: str) -> None:
    """A run failed; where the last good one got to stays."""
    await conn.execute(
        """
        insert into derivations (org_id, name, version, settings, seen_until, seen_below, started_at, finished_at,
                                 added, closed, error, error_at)
        values ($1, $2, 0, '{}', now(), '0', now(), now(), 0, 0, $3, now())
        on conflict (org_id, name) do update set error = excluded.error, error_at = excluded.error_at
        """,
        org_id,
        name,
        error,
    )


class Progress(NamedTuple):
    """How a family stands: seconds since its last good run began, seconds that took, and whether one failed since."""

    name: str
    lag_seconds: float
    seconds: float
    failing: bool


async def progress(conn: Connection, org_id: UUID) -> list[Progress]:
    """All families that ever ran, by name."""
    rows = await conn.fetch(
        """
        select name, extract(epoch from clock_timestamp() - seen_until)::double precision as lag,
               extract(epoch from finished_at - started_at)::double precision as seconds, error is not null as failing
          from derivations where org_id = $1 order by name
        """,
        org_id,
    )
    return [Progress(*row) for row in rows]
