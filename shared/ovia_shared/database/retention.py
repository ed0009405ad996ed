"""What is kept for a time only, and how it is dropped: in batches, one organisation at a time, as the owner.

Each table has one statement that says which rows are too old; counting them and dropping them both use it.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from ovia_shared.database.pool import Connection

# The audit log refuses deletions, but by the owner who says it is pruning.
_APPEND_ONLY = frozenset({"audit_log"})


class Prunable(msgspec.Struct, frozen=True):
    """Rows of one table. `expired` selects the ctid of those too old, given organisation ($1) and cutoff ($2)."""

    name: str
    table: str
    expired: str


REPLACED_RAW_VERSIONS = Prunable(
    "replaced raw versions",
    "raw_records",
    """
    select r.ctid from raw_records r
     where r.org_id = $1 and r.fetched_at < $2
       and exists (
           select from raw_records n
            where n.org_id = $1 and n.connection_id = r.connection_id and n.stream = r.stream
              and n.external_id = r.external_id and (n.fetched_at, n.id) > (r.fetched_at, r.id))
    """,
)
# The last of each partition stays, whenever it was.
SYNC_RUNS = Prunable(
    "sync runs",
    "sync_runs",
    """
    select r.ctid from sync_runs r
     where r.org_id = $1 and r.finished_at < $2
       and exists (select from sync_runs n
                    where n.org_id = $1 and n.partition_id = r.partition_id and n.started_at > r.started_at)
    """,
)
LINKING_RUNS = Prunable(
    "linking runs",
    "linking_runs",
    """
    select r.ctid from linking_runs r
     where r.org_id = $1 and r.started_at < $2
       and exists (select from linking_runs n where n.org_id = $1 and n.id > r.id)
    """,
)
WEBHOOK_DELIVERIES = Prunable(
    "webhook deliveries",
    "webhook_deliveries",
    "select d.ctid from webhook_deliveries d where d.org_id = $1 and d.processed_at < $2",
)
IDEMPOTENCY_KEYS = Prunable(
    "idempotency keys",
    "idempotency_keys",
    "select k.ctid from idempotency_keys k where k.org_id = $1 and k.created_at < $2",
)
SETTING_PREVIEWS = Prunable(
    "previews of settings",
    "setting_previews",
    "select p.ctid from setting_previews p where p.org_id = $1 and p.created_at < $2 and p.status <> 'running'",
)
# A snapshot is looked after by what changed since it was right: without the facts that changed, it would stay as it is.
# The number is counted anew when it is next asked for.
STALE_SNAPSHOTS = Prunable(
    "stale snapshots",
    "snapshots",
    "select s.ctid from snapshots s where s.org_id = $1 and s.right_as_of < $2",
)
# Given out or replayed since: somebody relies on it. One that a snapshot tells is in use.
RECEIPTS = Prunable(
    "receipts",
    "receipts",
    """
    select r.ctid from receipts r
     where r.org_id = $1 and r.created_at < $2
       and not exists (select from snapshots s where s.org_id = $1 and s.receipt_id = r.id)
       and not exists (select from receipt_replays p
                        where p.org_id = $1 and p.receipt_id = r.id and p.replayed_at >= $2)
    """,
)
RECEIPT_BASES = Prunable(
    "bases of receipts",
    "receipt_bases",
    """
    select b.ctid from receipt_bases b
     where b.org_id = $1 and b.created_at < $2
       and not exists (select from receipts r where r.org_id = $1 and r.basis_id = b.id)
    """,
)
# A receipt that is kept is counted again as of its own moment: all facts believed at that moment stay.
CORRECTED_FACTS = Prunable(
    "corrected facts",
    "facts",
    """
    select f.ctid from facts f
     where f.org_id = $1 and f.known_to < $2
       and not exists (select from receipts r
                        where r.org_id = $1 and r.as_of >= f.known_from and r.as_of < f.known_to)
    """,
)
# What was thought of them goes along.
ASK_ANSWERS = Prunable(
    "questions and answers",
    "ask_answers",
    "select a.ctid from ask_answers a where a.org_id = $1 and a.created_at < $2",
)
PERSON_VIEWS = Prunable(
    "views of people",
    "person_views",
    "select v.ctid from person_views v where v.org_id = $1 and v.viewed_at < $2",
)
AUDIT_LOG = Prunable(
    "audit log",
    "audit_log",
    "select a.ctid from audit_log a where a.org_id = $1 and a.occurred_at < $2",
)


async def count(conn: Connection, org_id: UUID, what: Prunable, cutoff: datetime) -> int:
    """How many rows are too old."""
    found: int = await conn.fetchval(f"select count(*) from ({what.expired}) expired", org_id, cutoff)  # noqa: S608 (constants)
    return found


async def drop(conn: Connection, org_id: UUID, what: Prunable, cutoff: datetime, most: int) -> int:
    """Drops at most so many of them; how many. What somebody else works on is left for the next time."""
    if what.table in _APPEND_ONLY:
        await conn.execute("select set_config('ovia.pruning', $1, true)", what.table)
    outcome = await conn.execute(
        f"""
        delete from {what.table}
         where org_id = $1 and ctid = any (array({what.expired} limit $3 for update skip locked))
        """,  # noqa: S608 (constants)
        org_id,
        cutoff,
        most,
    )
    return int(outcome.rpartition(" ")[2])


async def facts_known_since(conn: Connection, org_id: UUID) -> datetime | None:
    """The moment since which everything that was ever believed is kept; None: always."""
    since: datetime | None = await conn.fetchval(
        "select facts_known_since from organisations where org_id = $1", org_id
    )
    return since


async def facts_end_before(conn: Connection, org_id: UUID, cutoff: datetime) -> None:
    """From here on nobody may ask what was believed before this moment. Never goes back."""
    await conn.execute(
        """
        update organisations set facts_known_since = greatest(facts_known_since, $2)
         where org_id = $1 and facts_known_since is distinct from greatest(facts_known_since, $2)
        """,
        org_id,
        cutoff,
    )


async def replayed(conn: Connection, org_id: UUID, receipt_id: UUID) -> None:
    """Somebody counted this receipt again, and relies on it."""
    await conn.execute(
        """
        insert into receipt_replays (org_id, receipt_id) values ($1, $2)
            on conflict (org_id, receipt_id) do update set replayed_at = now()
         where receipt_replays.replayed_at < now() - interval '1 day'
        """,
        org_id,
        receipt_id,
    )


async def now(conn: Connection) -> datetime:
    """Now, by the database."""
    moment: datetime = await conn.fetchval("select clock_timestamp()")
    return moment
