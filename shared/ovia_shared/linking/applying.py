"""What the matcher decided, written down: people, mappings and events, in bulk and in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ovia_shared.database import knowing, mapping_changes, people_rows
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.models.decision import Decisions, Link
from ovia_shared.models.mapping import MappingStatus
from ovia_shared.models.mapping_change import Event, MappingRow

ACTOR = "ovia matching"
# A person's mailbox, name and mappings are told in one go; traces of a million links are not held at once.
BATCH = 5000


async def apply(
    conn: Connection,
    org_id: UUID,
    decisions: Decisions,
    before: Mapping[UUID, MappingRow],
    person_of: Sequence[UUID] | None = None,
    *,
    actor: str = ACTOR,
    request_id: str | None = None,
) -> tuple[int, int]:
    """Writes what is new, and says how many accounts were linked and contested.

    `before` are mappings of the engine that may be replaced, by account; what comes out the same stays untouched.
    `person_of` are ids for `decisions.people`, of people who exist already; without it all are new.
    """
    at = await knowing.moment(conn)
    links = list(decisions.links)
    if person_of is None:
        ids = [new_id() for _ in decisions.people]
        await people_rows.add(
            conn,
            org_id,
            [(id_, made.display_name, made.primary_email) for id_, made in zip(ids, decisions.people, strict=True)],
        )
        person_of = ids
    for person_id, made in zip(person_of, decisions.people, strict=True):
        links.extend((person_id, link) for link in made.links)
    changed = [(person, link) for person, link in links if not same(before.get(link.identity_id), (person, link))]
    for start in range(0, len(changed), BATCH):
        await _write(conn, org_id, decisions, changed[start : start + BATCH], before, at, actor, request_id)
    conflicts = sum(link.status == "conflict" for _, link in links)
    return len(links) - conflicts, conflicts


def same(row: MappingRow | None, decided: tuple[UUID, Link] | None) -> bool:
    """Whether what is believed of an account is what was decided: the same person, with the same standing."""
    if row is None or decided is None:
        return row is None and decided is None
    person, link = decided
    return (row.person_id, row.status.value) == (person, link.status)


async def _write(
    conn: Connection,
    org_id: UUID,
    decisions: Decisions,
    links: Sequence[tuple[UUID, Link]],
    before: Mapping[UUID, MappingRow],
    at: datetime,
    actor: str,
    request_id: str | None,
) -> None:
    replaced = {link.identity_id: before[link.identity_id] for _, link in links if link.identity_id in before}
    await mapping_changes.close(conn, org_id, [row.id for row in replaced.values()], at)
    rows = [
        MappingRow(
            id=new_id(),
            identity_id=link.identity_id,
            person_id=person,
            status=MappingStatus(link.status),
            confidence=link.confidence,
            rule_trace=decisions.explain(link),
            engine_version=decisions.engine_version,
            valid_from=None,
            valid_to=None,
            verified_by=None,
            verified_at=None,
            created_at=at,
        )
        for person, link in links
    ]
    await mapping_changes.add(conn, org_id, rows, at)
    events = [
        _event("revise" if row.identity_id in replaced else "link", replaced.get(row.identity_id), row) for row in rows
    ]
    await mapping_changes.record(conn, org_id, events, actor=actor, request_id=request_id, at=at)


async def withdraw(
    conn: Connection,
    org_id: UUID,
    rows: Iterable[MappingRow],
    reason: str,
    actor: str = ACTOR,
    request_id: str | None = None,
) -> int:
    """Closes mappings the engine made, with an event each; how many."""
    gone = list(rows)
    if gone:
        at = await knowing.moment(conn)
        await mapping_changes.close(conn, org_id, [row.id for row in gone], at)
        events = [_event("withdraw", row, None, reason) for row in gone]
        await mapping_changes.record(conn, org_id, events, actor=actor, request_id=request_id, at=at)
    return len(gone)


def _event(action: str, before: MappingRow | None, after: MappingRow | None, reason: str | None = None) -> Event:
    told = after or before
    assert told is not None
    return Event(
        action=action,
        reason=reason or "; ".join(term.evidence for term in told.rule_trace),
        before=_images(before),
        after=_images(after),
        decision_id=new_id(),
        mapping_id=told.id,
        identity_id=told.identity_id,
        person_id=told.person_id,
    )


def _images(row: MappingRow | None) -> dict[str, Any]:
    return {"mappings": mapping_changes.shown([row])} if row is not None else {"mappings": []}
