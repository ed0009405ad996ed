"""What waits for a decision: how much, how long already, and all of it as a stream."""

from collections.abc import AsyncIterator
from uuid import UUID

from ovia_shared.database import mappings
from ovia_shared.database.pool import Connection
from ovia_shared.models.mapping import Mapping, MappingFilter
from ovia_shared.models.queue import Band, QueueStats, SourceShare

# Rows fetched at a time by an export: enough to be quick, few enough to be nothing.
AT_A_TIME = 500


async def stats(conn: Connection, org_id: UUID) -> QueueStats:
    """Numbers about the queue and about how far accounts are mapped."""
    counts = await conn.fetch(
        """
        select status, source, sum(change)::bigint as n from mapping_counts
         where org_id = $1 group by status, source having sum(change) <> 0 order by source
        """,
        org_id,
    )
    ages = await conn.fetchrow(
        """
        select percentile_cont(0.5) within group (order by age) as half,
               percentile_cont(0.9) within group (order by age) as most, max(age) as oldest
          from (select extract(epoch from now() - created_at)::double precision as age from mappings
                 where org_id = $1 and status = 'conflict' and known_to = 'infinity') waiting
        """,
        org_id,
    )
    assert ages is not None  # An aggregate always gives a row.
    bands = await conn.fetch(
        """
        select least(floor(confidence * 10), 9)::integer as band, count(*) as n from mappings
         where org_id = $1 and status = 'conflict' and known_to = 'infinity' group by 1 order by 1
        """,
        org_id,
    )
    humans: int = await conn.fetchval(
        "select count(*) from identities where org_id = $1 and not service_account", org_id
    )
    by_status: dict[str, int] = {}
    for row in counts:
        by_status[row["status"]] = by_status.get(row["status"], 0) + row["n"]
    used = by_status.get("auto", 0) + by_status.get("verified", 0)
    return QueueStats(
        size=by_status.get("conflict", 0),
        age_seconds_p50=ages["half"],
        age_seconds_p90=ages["most"],
        age_seconds_oldest=ages["oldest"],
        by_source=[SourceShare(row["source"], row["n"]) for row in counts if row["status"] == "conflict"],
        by_confidence=[Band(row["band"] / 10, (row["band"] + 1) / 10, row["n"]) for row in bands],
        by_status=by_status,
        accounts=humans,
        coverage=used / humans if humans else None,
        conflict_rate=by_status.get("conflict", 0) / humans if humans else None,
        verified_rate=by_status.get("verified", 0) / used if used else None,
    )


async def stream(conn: Connection, org_id: UUID, wanted: MappingFilter) -> AsyncIterator[list[Mapping]]:
    """All mappings that fit, some at a time, in the order of the list; memory stays what one part needs."""
    statement, values = mappings.select_all(wanted)
    part = []
    async for row in conn.cursor(statement, org_id, *values, prefetch=AT_A_TIME):
        part.append(row)
        if len(part) == AT_A_TIME:
            yield mappings.to_mappings(part)
            part = []
    if part:
        yield mappings.to_mappings(part)


async def certain(
    conn: Connection, org_id: UUID, at_least: float, source: str | None, most: int
) -> tuple[list[UUID], int]:
    """Mappings the engine made at or above this confidence, the surest first, and how many there are in all."""
    rows = await conn.fetch(
        """
        select m.id, count(*) over () as total
          from mappings m
          join identities i on i.org_id = m.org_id and i.id = m.identity_id
         where m.org_id = $1 and m.status = 'auto' and m.known_to = 'infinity' and m.confidence >= $2
           and ($3::text is null or i.source = $3)
         order by m.confidence desc, m.created_at, m.id
         limit $4
        """,
        org_id,
        at_least,
        source,
        most,
    )
    return [row["id"] for row in rows], rows[0]["total"] if rows else 0
