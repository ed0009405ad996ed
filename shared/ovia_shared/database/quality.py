"""What is known about the data behind numbers: how far it was read, what is missing, who is mapped.

`signals` is asked for beside every number, so it reads only what is small: partitions, open dead letters, accounts.
`counts` goes through everything a source sent and is for those who have time.
"""

from uuid import UUID

import asyncpg

from ovia_shared.database import organisation_settings
from ovia_shared.database.facts import deriving
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import to_models
from ovia_shared.kpis import sources
from ovia_shared.models.data_quality import (
    AccountSignal,
    CountSignal,
    DerivationSignal,
    LetterSignal,
    PartitionSignal,
    QualitySignals,
    Stopped,
)
from ovia_shared.models.decision import MatchingSettings

# Beside how many understood records a dead letter counts at most: counting more would take longer than it is worth.
COUNTED = 10_000
# The rows that each stream's records become, one for one.
_ROWS = {
    "issues": "work_items",
    "merge_requests": "merge_requests",
    "pipelines": "pipelines",
    "deployments": "deployments",
    "environments": "environments",
    "projects": "projects",
    "statuses": "status_definitions",
    "fields": "field_definitions",
    "sprints": "sprints",
    "commits": "commits",
}


async def signals(conn: Connection, org_id: UUID, counts: tuple[CountSignal, ...] = ()) -> QualitySignals:
    """All that is known now; `counts` are what `counts` gave lately, if anything."""
    return QualitySignals(
        at=await conn.fetchval("select clock_timestamp()"),
        partitions=await _partitions(conn, org_id),
        letters=await _letters(conn, org_id),
        accounts=await _accounts(conn, org_id),
        derivations=await _derivations(conn, org_id),
        counts=counts,
    )


async def _partitions(conn: Connection, org_id: UUID) -> tuple[PartitionSignal, ...]:
    """Those there are, and those there should be: each stream of each project that is still there."""
    needed = sorted(sources.ALL)
    rows = await conn.fetch(
        """
        with alive as (
            select id, kind, name, status from connections where org_id = $1 and status <> 'deleting'
        ), wanted as (
            select c.id as connection_id, n.stream, coalesce(p.external_id, '') as scope
              from unnest($2::text[], $3::text[], $4::boolean[]) n (source, stream, by_project)
              join alive c on c.kind = n.source
              left join projects p on n.by_project and p.org_id = $1 and p.connection_id = c.id and p.removed_at is null
             where p.external_id is not null or not n.by_project
            union
            select connection_id, stream, scope from sync_partitions
             where org_id = $1
        )
        select w.connection_id, c.name as connection, c.kind as source, w.stream, w.scope,
               s.last_success_at as seen_until, coalesce(s.consecutive_failures > 0, false) as failing,
               case when p.access_lost_at is not null then 'access_lost' when c.status <> 'active' then c.status end
                   as stopped,
               case when o.comparable then s.records_done end as read,
               case when o.comparable then s.records_total end as announced
          from wanted w
          join alive c on c.id = w.connection_id
          left join sync_partitions s on s.org_id = $1 and s.connection_id = w.connection_id
                                     and s.stream = w.stream and s.scope = w.scope
          left join projects p on p.org_id = $1 and p.connection_id = w.connection_id and p.external_id = w.scope
          cross join lateral (
              -- Of a reading that is not over, nothing can be said; of some streams only a part is asked for.
              select s.last_success_at = s.last_started_at and s.records_total is not null
                     and s.stream = any ($5) as comparable) o
         where p.removed_at is null
        """,
        org_id,
        [one.source for one in needed],
        [one.stream for one in needed],
        [one.by_project for one in needed],
        list(_ROWS),
    )
    return tuple(_to_partition(row) for row in rows)


def _to_partition(row: asyncpg.Record) -> PartitionSignal:
    values = dict(row)
    stopped = values.pop("stopped")
    return PartitionSignal(**values, stopped=None if stopped is None else Stopped(stopped))


async def _letters(conn: Connection, org_id: UUID) -> tuple[LetterSignal, ...]:
    rows = await conn.fetch(
        """
        select d.connection_id, c.name as connection, d.stream, count(*)::integer as open
          from dead_letters d
          join connections c on c.org_id = d.org_id and c.id = d.connection_id and c.status <> 'deleting'
         where d.org_id = $1 and d.resolved_at is null
         group by d.connection_id, c.name, d.stream
        """,
        org_id,
    )
    found = []
    for row in rows:
        table = _ROWS.get(row["stream"])
        understood = 0
        if table is not None:
            understood = await conn.fetchval(
                f"""
                select count(*)::integer
                  from (select from {table} where org_id = $1 and connection_id = $2 limit {COUNTED}) counted
                """,  # noqa: S608 (names from here)
                org_id,
                row["connection_id"],
            )
        found.append(LetterSignal(**row, understood=understood))
    return tuple(found)


async def _accounts(conn: Connection, org_id: UUID) -> tuple[AccountSignal, ...]:
    matching = await organisation_settings.read(conn, org_id, "matching", MatchingSettings)
    rows = await conn.fetch(
        """
        select i.source, count(*)::integer as accounts, count(m.identity_id)::integer as mapped
          from identities i
          left join mappings m on m.org_id = $1 and m.identity_id = i.id and m.known_to = 'infinity'
                              and (m.status = 'verified' or m.status = 'auto' and m.confidence >= $2)
                              and m.valid_from <= now() and (m.valid_to is null or m.valid_to > now())
         where i.org_id = $1 and not i.service_account and coalesce(i.attributes->>'active', 'true') <> 'false'
         group by i.source order by i.source
        """,
        org_id,
        matching.auto,
    )
    return tuple(to_models(AccountSignal, rows))


async def _derivations(conn: Connection, org_id: UUID) -> tuple[DerivationSignal, ...]:
    rows = await conn.fetch(
        "select name, version, seen_until, error is not null as failing from derivations where org_id = $1", org_id
    )
    # Of version 0 are those that failed before they ever succeeded.
    known = {row["name"]: row for row in rows}
    found = []
    for family in deriving.FAMILIES:
        row = known.get(family.name)
        ever = row is not None and row["version"] > 0
        found.append(
            DerivationSignal(
                family=family.name,
                kinds=tuple(family.kinds),
                seen_until=row["seen_until"] if row and ever else None,
                failing=bool(row and row["failing"]),
            )
        )
    return tuple(found)


async def counts(conn: Connection, org_id: UUID, *, within_seconds: int) -> tuple[CountSignal, ...]:
    """Of each stream, how many different records the source ever sent, and how many rows we have of them.

    Reads everything. Raises `Unavailable` where a statement takes longer than that.
    """
    before = await conn.fetchval("select current_setting('statement_timeout')")
    await conn.execute("select set_config('statement_timeout', $1, true)", f"{within_seconds}s")
    sent = await conn.fetch(
        """
        select r.connection_id, c.name as connection, r.stream, count(distinct r.external_id)::integer as sent
          from raw_records r
          join connections c on c.org_id = r.org_id and c.id = r.connection_id and c.status <> 'deleting'
         where r.org_id = $1 and r.stream = any ($2)
         group by r.connection_id, c.name, r.stream order by r.connection_id, r.stream
        """,
        org_id,
        list(_ROWS),
    )
    ours: dict[tuple[str, UUID], int] = {}
    for table in {_ROWS[row["stream"]] for row in sent}:
        for row in await conn.fetch(
            f"select connection_id, count(*)::integer as n from {table} where org_id = $1 group by connection_id",  # noqa: S608
            org_id,
        ):
            ours[table, row["connection_id"]] = row["n"]
    await conn.execute("select set_config('statement_timeout', $1, true)", before)
    return tuple(CountSignal(**row, ours=ours.get((_ROWS[row["stream"]], row["connection_id"]), 0)) for row in sent)
