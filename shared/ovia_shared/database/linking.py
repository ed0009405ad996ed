"""What the matching pass reads and writes: accounts without a person, accounts in use, and its decisions in bulk."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.database.rows import load_temporary, to_models
from ovia_shared.models.decision import Decisions, Link
from ovia_shared.models.identity import Account

_ACCOUNT = "i.id, i.source, i.username, i.email, i.display_name"


async def lock(conn: Connection, org_id: UUID) -> None:
    """One matching pass at a time in an organisation, until the end of the transaction."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended('linking ' || $1, 0))", str(org_id))


async def unmapped(conn: Connection, org_id: UUID) -> list[Account]:
    """Human accounts without an active mapping."""
    rows = await conn.fetch(
        f"""
        select {_ACCOUNT}, null::uuid as person_id
          from identities i
         where i.org_id = $1 and not i.service_account
           and not exists (
               select from mappings m
                where m.org_id = $1 and m.identity_id = i.id
                  and m.known_to = 'infinity' and m.valid_to is null and m.status <> 'rejected')
        """,  # noqa: S608 (a constant list of columns)
        org_id,
    )
    return to_models(Account, rows)


async def mapped(conn: Connection, org_id: UUID) -> list[Account]:
    """Accounts whose mapping is in use: made by the engine and not contested, or confirmed by a person."""
    rows = await conn.fetch(
        f"""
        select {_ACCOUNT}, m.person_id
          from mappings m
          join identities i on i.org_id = m.org_id and i.id = m.identity_id
         where m.org_id = $1 and m.known_to = 'infinity' and m.valid_to is null and m.status in ('auto', 'verified')
        """,  # noqa: S608 (a constant list of columns)
        org_id,
    )
    return to_models(Account, rows)


async def rejected(conn: Connection, org_id: UUID) -> Collection[tuple[UUID, UUID]]:
    """(identity, person) pairs that a reviewer refused."""
    rows = await conn.fetch(
        """
        select identity_id, person_id from mappings
         where org_id = $1 and status = 'rejected' and known_to = 'infinity' and person_id is not null
        """,
        org_id,
    )
    return {(row["identity_id"], row["person_id"]) for row in rows}


async def apply(conn: Connection, org_id: UUID, decisions: Decisions, actor: str) -> None:
    """Writes new people, the mappings, and an event for each mapping, in bulk."""
    people: list[tuple[Any, ...]] = []
    links: list[tuple[UUID, Link]] = list(decisions.links)
    for person in decisions.people:
        person_id = new_id()
        people.append((person_id, person.display_name, person.primary_email))
        links.extend((person_id, link) for link in person.links)
    await _add_people(conn, org_id, people)
    await _add_mappings(conn, org_id, decisions.engine_version, links, actor)
    await conn.execute("select compact_mapping_counts($1)", org_id)


async def _add_people(conn: Connection, org_id: UUID, people: Sequence[tuple[Any, ...]]) -> None:
    await load_temporary(
        conn,
        "new_people",
        "id uuid, display_name text, primary_email text",
        people,
        ("id", "display_name", "primary_email"),
    )
    await conn.execute(
        """
        insert into people (org_id, id, display_name, primary_email)
        select $1, id, display_name, primary_email from new_people
        """,
        org_id,
    )


async def _add_mappings(
    conn: Connection, org_id: UUID, engine_version: str, links: Sequence[tuple[UUID, Link]], actor: str
) -> None:
    await load_temporary(
        conn,
        "new_mappings",
        "id uuid, event_id uuid, person_id uuid, identity_id uuid, status text, confidence double precision,"
        " rule_trace jsonb, reason text",
        [
            (
                new_id(),
                new_id(),
                person_id,
                link.identity_id,
                link.status,
                link.confidence,
                link.rule_trace,
                "; ".join(trace.evidence for trace in link.rule_trace),
            )
            for person_id, link in links
        ],
        ("id", "event_id", "person_id", "identity_id", "status", "confidence", "rule_trace", "reason"),
    )
    await conn.execute(
        """
        insert into mappings (org_id, id, identity_id, person_id, status, confidence, rule_trace, engine_version)
        select $1, id, identity_id, person_id, status, confidence, rule_trace, $2 from new_mappings
        """,
        org_id,
        engine_version,
    )
    await conn.execute(
        """
        insert into identity_events (org_id, id, actor, action, mapping_id, identity_id, person_id, reason, after)
        select $1, event_id, $2, 'link', id, identity_id, person_id, reason,
               jsonb_build_object('status', status, 'confidence', confidence, 'person_id', person_id)
          from new_mappings
        """,
        org_id,
        actor,
    )
