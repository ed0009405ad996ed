"""The one way mappings change: rows are closed, others are added, and an event says who did it and why.

A mapping's row is never altered but for its end (`known_to`). An event names the rows before and after by id, so any
decision can be taken back exactly and the log replays to what is in force.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import load_temporary, to_models
from ovia_shared.models.mapping_change import Event, MappingRow

_COLUMNS = """id, identity_id, person_id, status, confidence, rule_trace, engine_version,
    nullif(valid_from, '-infinity') as valid_from, nullif(valid_to, 'infinity') as valid_to,
    verified_by, verified_at, created_at"""
_NEW = """id uuid, identity_id uuid, person_id uuid, status text, confidence double precision, rule_trace jsonb,
    engine_version text, valid_from timestamptz, valid_to timestamptz, verified_by text, verified_at timestamptz,
    created_at timestamptz"""
_NAMES = (
    "id", "identity_id", "person_id", "status", "confidence", "rule_trace", "engine_version", "valid_from", "valid_to",
    "verified_by", "verified_at", "created_at",
)  # fmt: skip
_EVENT = """id uuid, action text, mapping_id uuid, identity_id uuid, person_id uuid, reason text, before jsonb,
    after jsonb, decision_id uuid, undoes uuid"""
_EVENT_NAMES = (
    "id", "action", "mapping_id", "identity_id", "person_id", "reason", "before", "after", "decision_id", "undoes",
)  # fmt: skip


async def lock_identities(conn: Connection, org_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Locks accounts until the end of the transaction, everybody in the same order; the ids of those that exist."""
    rows = await conn.fetch(
        "select id from identities where org_id = $1 and id = any($2) order by id for no key update",
        org_id,
        sorted(ids),
    )
    return {row["id"] for row in rows}


async def with_engine(conn: Connection, org_id: UUID) -> None:
    """Keeps the matcher out until the end of the transaction, and waits for it; others decide at the same time."""
    await conn.execute("select pg_advisory_xact_lock_shared(hashtextextended('linking ' || $1, 0))", str(org_id))


async def queue_for_matching(conn: Connection, org_id: UUID, identity_ids: Sequence[UUID]) -> None:
    """Has the matcher look at these accounts again at its next run."""
    await conn.execute(
        "insert into matching_queue (org_id, identity_id) select $1, unnest($2::uuid[]) on conflict do nothing",
        org_id,
        list(identity_ids),
    )


async def believed(conn: Connection, org_id: UUID, identity_ids: Sequence[UUID]) -> list[MappingRow]:
    """Every mapping believed now of these accounts, rejected ones included, by account and id."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from mappings
         where org_id = $1 and identity_id = any($2) and known_to = 'infinity' order by identity_id, id
        """,  # noqa: S608 (a constant list of columns)
        org_id,
        list(identity_ids),
    )
    return to_models(MappingRow, rows)


async def of_engine(conn: Connection, org_id: UUID) -> list[MappingRow]:
    """Every mapping in force that no person decided, without its trace: there may be a million."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS.replace("rule_trace,", "'[]'::jsonb as rule_trace,")} from mappings
         where org_id = $1 and known_to = 'infinity' and valid_to is null and status in ('auto', 'conflict')
           and not (status = 'conflict' and engine_version = 'contested')
        """,  # noqa: S608 (a constant list of columns)
        org_id,
    )
    return to_models(MappingRow, rows)


async def of_person(conn: Connection, org_id: UUID, person_id: UUID) -> list[MappingRow]:
    """Every mapping believed now to this person, whatever its status."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from mappings
         where org_id = $1 and person_id = $2 and known_to = 'infinity' order by identity_id, id
        """,  # noqa: S608 (a constant list of columns)
        org_id,
        person_id,
    )
    return to_models(MappingRow, rows)


async def rows_by_id(conn: Connection, org_id: UUID, ids: Sequence[UUID]) -> list[MappingRow]:
    """Rows by id, believed now or once."""
    rows = await conn.fetch(
        f"select {_COLUMNS} from mappings where org_id = $1 and id = any($2) order by id",  # noqa: S608
        org_id,
        list(ids),
    )
    return to_models(MappingRow, rows)


async def close(conn: Connection, org_id: UUID, ids: Sequence[UUID], at: datetime) -> int:
    """Ends the belief in these rows; how many were believed until now."""
    done = await conn.execute(
        "update mappings set known_to = $3 where org_id = $1 and id = any($2) and known_to = 'infinity'",
        org_id,
        list(ids),
        at,
    )
    return int(done.rpartition(" ")[2])


async def add(conn: Connection, org_id: UUID, rows: Sequence[MappingRow], at: datetime) -> None:
    """Adds rows believed from now on, in bulk."""
    await load_temporary(conn, "added_mappings", _NEW, map(_values, rows), _NAMES)
    await conn.execute(
        """
        insert into mappings (org_id, id, identity_id, person_id, status, confidence, rule_trace, engine_version,
                              valid_from, valid_to, known_from, verified_by, verified_at, created_at)
        select $1, id, identity_id, person_id, status, confidence, rule_trace, engine_version,
               coalesce(valid_from, '-infinity'), valid_to, $2, verified_by, verified_at, created_at
          from added_mappings
        """,
        org_id,
        at,
    )
    await conn.execute("drop table added_mappings")


async def record(
    conn: Connection, org_id: UUID, events: Sequence[Event], *, actor: str, request_id: str | None, at: datetime
) -> None:
    """Adds events, in bulk, in the transaction of what they tell about."""
    await load_temporary(
        conn,
        "added_events",
        _EVENT,
        (
            (
                new_id(),
                event.action,
                event.mapping_id,
                event.identity_id,
                event.person_id,
                event.reason,
                event.before,
                event.after,
                event.decision_id,
                event.undoes,
            )
            for event in events
        ),
        _EVENT_NAMES,
    )
    await conn.execute(
        """
        insert into identity_events (org_id, id, occurred_at, actor, action, mapping_id, identity_id, person_id, reason,
                                     before, after, request_id, decision_id, undoes)
        select $1, id, $4, $2, action, mapping_id, identity_id, person_id, reason, before, after, $3, decision_id,
               undoes
          from added_events order by id
        """,
        org_id,
        actor,
        request_id,
        at,
    )
    await conn.execute("drop table added_events")


async def compact_counts(conn: Connection, org_id: UUID) -> None:
    """Folds the counts of mappings and of people after many changes."""
    await conn.execute("select compact_mapping_counts($1)", org_id)
    await conn.execute("select compact_people_counts($1)", org_id)


def _values(row: MappingRow) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in _NAMES)


def shown(rows: Sequence[MappingRow]) -> list[dict[str, Any]]:
    """Rows as events keep them: all but the trace, which stands in the row itself."""
    return [msgspec.to_builtins({name: getattr(row, name) for name in _NAMES if name != "rule_trace"}) for row in rows]
