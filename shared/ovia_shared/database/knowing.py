"""When we know something: the moment that beliefs begin and end at, and as of which moment nothing is still under way.

Facts, mappings, memberships and settings carry `known_from` and `known_to`. Whoever writes them stamps them with
`moment`; whoever asks "as of now" asks as of `settled`. A transaction stamps before it commits, so without more ado a
number counted in between would come out otherwise when it is counted again as of the same moment. Therefore a writer
first takes a lock whose number says when, shared with all other writers, and keeps it until its transaction ends. A
reader looks at these locks and asks as of a moment before the earliest.
"""

from datetime import datetime

from ovia_shared.database.pool import Connection

# Quarters of a second since 2026 fit the four bytes of a lock's number until 2043. No other lock has two numbers.
_WHOSE = "hashtext('known ' || current_setting('ovia.org_id'))"
_WHEN = "floor(extract(epoch from clock_timestamp() - timestamptz '2026-01-01 00:00Z') * 4)::integer"


async def moment(conn: Connection) -> datetime:
    """Now, by the database: for what this transaction is about to write, and later than whatever was waited for."""
    await conn.execute(f"select pg_advisory_xact_lock_shared({_WHOSE}, {_WHEN})")
    now: datetime = await conn.fetchval("select clock_timestamp()")
    return now


async def clock(conn: Connection) -> datetime:
    """Now, by the database, without anybody noticing: for what will be rolled back in any case."""
    now: datetime = await conn.fetchval("select clock_timestamp()")
    return now


async def settled(conn: Connection) -> datetime:
    """The latest moment as of which nothing can change any more: now, unless somebody is writing."""
    # Two statements: a writer who had not locked when the clock was read stamps later than that.
    now: datetime = await conn.fetchval("select clock_timestamp()")
    earliest: datetime | None = await conn.fetchval(
        f"""
        select timestamptz '2026-01-01 00:00Z' + min(objid::bigint) * interval '0.25 seconds' - interval '1 microsecond'
          from pg_locks
         where locktype = 'advisory' and objsubid = 2 and pid <> pg_backend_pid()
           and database = (select oid from pg_database where datname = current_database())
           and classid = ({_WHOSE}::bigint & 4294967295)::oid
        """  # noqa: S608 (a constant)
    )
    return now if earliest is None else min(now, earliest)
