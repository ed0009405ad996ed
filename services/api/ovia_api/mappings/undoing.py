"""Taking a decision back: everything as it was before, or not at all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from ovia_api.mappings.deciding import Deciding, copies
from ovia_api.mappings.plans import Plan
from ovia_shared.database import identity_events, mapping_changes, people_rows, team_memberships
from ovia_shared.database import people as people_lists
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict, InvalidInput, NotFound
from ovia_shared.models.mapping_change import MappingRow
from ovia_shared.models.person import PersonRow, PersonStatus
from ovia_shared.models.review import EventView, Undo
from ovia_shared.models.team import MembershipRow

# About the account itself, not about whose it is.
_SAID_AGAIN = frozenset({"mark_service_account", "unmark_service_account"})


async def decision_of(conn: Connection, org_id: UUID, wanted: Undo) -> UUID:
    """Which decision is meant: the one named, or the last about the mapping named. Raises `NotFound`."""
    if (wanted.decision_id is None) == (wanted.mapping_id is None):
        raise InvalidInput("give either decision_id or mapping_id", field="decision_id")
    if wanted.decision_id is not None:
        return wanted.decision_id
    assert wanted.mapping_id is not None
    rows = await mapping_changes.rows_by_id(conn, org_id, [wanted.mapping_id])
    if not rows:
        raise NotFound(f"there is no mapping {wanted.mapping_id}")
    found = await identity_events.last_decision(conn, org_id, rows[0].identity_id)
    if found is None:
        raise Conflict(f"there is no decision about mapping {wanted.mapping_id} left to undo")
    return found


async def undo(
    deciding: Deciding, conn: Connection, org_id: UUID, decision_id: UUID, reason: str | None
) -> UUID | None:
    """Takes the decision back. Refused with the later decision's name where one stands in the way."""
    events = await identity_events.of_decision(conn, org_id, decision_id)
    if not events:
        raise NotFound(f"there is no decision {decision_id}")
    if any(event.action in _SAID_AGAIN for event in events):
        raise Conflict("this said whether the account is a machine's: say so anew instead of undoing it")
    if any(event.action == "erase" for event in events):
        raise Conflict("what was erased is gone: an erasure cannot be undone")
    accounts = sorted({event.identity_id for event in events if event.identity_id is not None})
    people = _people(events)
    # Before anything else is locked, as by everybody who gives an e-mail to a person.
    emails = [was["primary_email"] for was, _ in people.values() if was is not None and was["primary_email"]]
    await people_lists.hold_emails(conn, org_id, emails)
    believed = await deciding.lock_accounts(accounts)
    leading = {UUID(image["person_id"]) for image in _images(events, "before") if image["person_id"]}
    locked = await deciding.lock_people([*people, *_named(events), *leading])
    # By what they say, not by id: a row that an undo brought back is a copy of the one before.
    in_force = {_saying(image): row for row, image in _shown(believed)}
    after = {_saying(image) for image in _images(events, "after")}
    restored = {_saying(image): UUID(image["id"]) for image in _images(events, "before")}
    unchanged = after <= in_force.keys() and all(_says(locked.get(id_), now) for id_, (_, now) in people.items() if now)
    if (
        not unchanged
        or (restored.keys() & in_force.keys()) - after
        or await identity_events.undone(conn, org_id, decision_id)
    ):
        await _refuse(conn, org_id, events, accounts, list(people))
    by = await deciding.by()
    rows = await mapping_changes.rows_by_id(conn, org_id, sorted(restored.values()))
    closing = [in_force[saying] for saying in after]
    plan = Plan(close=closing, add=copies(rows), undoes=decision_id)
    await _give_back_memberships(conn, org_id, events, plan)
    for id_, (was, now) in people.items():
        person = locked[id_]
        if was is not None:
            plan.people.append((person, _as(person, was)))
        elif now is not None:
            # The decision made this person: without it there is none.
            plan.people.append((person, msgspec.structs.replace(person, deleted_at=by.at)))
    await _require_people(conn, org_id, deciding, plan)
    await _require_emails(conn, org_id, plan)
    return await deciding.carry_out("undo", plan, reason, by)


def _people(events: Sequence[EventView]) -> dict[UUID, tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    """Everybody whom the decision changed: as they were, and as it left them; None for not there."""
    found = {}
    for event in events:
        if event.identity_id is None and event.person_id is not None and event.after and "people" in event.after:
            before = (event.before or {}).get("people", [])
            after = event.after["people"]
            found[event.person_id] = (before[0] if before else None, after[0] if after else None)
    return found


def _named(events: Sequence[EventView]) -> set[UUID]:
    return {event.person_id for event in events if event.person_id is not None}


def _images(events: Sequence[EventView], side: str, kind: str = "mappings") -> list[dict[str, Any]]:
    return [row for event in events for row in ((getattr(event, side) or {}).get(kind, []))]


def _shown(believed: dict[UUID, list[MappingRow]]) -> list[tuple[MappingRow, dict[str, Any]]]:
    rows = [row for rows_ in believed.values() for row in rows_]
    return list(zip(rows, mapping_changes.shown(rows), strict=True))


def _saying(image: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((name, value) for name, value in image.items() if name != "id"))


def _says(person: PersonRow | None, image: dict[str, Any]) -> bool:
    if person is None:
        return False
    now = people_rows.shown(person)
    # When they went does not matter: going again after an undo is later than going the first time.
    same = all(now[name] == image[name] for name in ("display_name", "primary_email", "status", "merged_into_id"))
    return same and (now["deleted_at"] is None) == (image["deleted_at"] is None)


def _as(person: PersonRow, image: dict[str, Any]) -> PersonRow:
    return msgspec.structs.replace(
        person,
        display_name=image["display_name"],
        primary_email=image["primary_email"],
        status=PersonStatus(image["status"]),
        deleted_at=None if image["deleted_at"] is None else datetime.fromisoformat(image["deleted_at"]),
        merged_into_id=None if image["merged_into_id"] is None else UUID(image["merged_into_id"]),
    )


async def _require_people(conn: Connection, org_id: UUID, deciding: Deciding, plan: Plan) -> None:
    """Raises `Conflict` where an account would lead to somebody who is gone, or somebody with accounts would go."""
    gone = {now.id: now for _, now in plan.people if now.deleted_at is not None}
    back = {now.id for _, now in plan.people if now.deleted_at is None}
    closing = {row.id for row in plan.close}
    for person in gone.values():
        rows = await mapping_changes.of_person(conn, org_id, person.id)
        if others := [row for row in rows if row.id not in closing and row.active]:
            raise Conflict(f"person {person.id} has got other accounts since (mapping {others[0].id}); undo that first")
    leading = {row.person_id for row in plan.add if row.person_id is not None and row.active} - back
    for person_id in sorted(leading):
        if person_id in gone:
            raise Conflict(f"person {person_id} would be gone, and an account would still lead to them")
        await deciding.living(person_id)


async def _require_emails(conn: Connection, org_id: UUID, plan: Plan) -> None:
    """Raises `Conflict` where somebody who comes back would share their e-mail with somebody who has it by now."""
    for was, now in plan.people:
        if now.deleted_at is None and now.primary_email is not None:
            other = await people_rows.with_email(conn, org_id, now.primary_email, was.id)
            if other is not None:
                raise Conflict(
                    f"person {other.id} ({other.display_name}) has the e-mail of person {was.id} now; change it first"
                )


async def _give_back_memberships(conn: Connection, org_id: UUID, events: Sequence[EventView], plan: Plan) -> None:
    """Adds to the plan the memberships as they were. Raises `Conflict` where they are not as the decision left them."""
    before, after = (
        [msgspec.convert(image, MembershipRow) for image in _images(events, side, "memberships")]
        for side in ("before", "after")
    )
    if not before and not after:
        return
    whose = sorted({row.person_id for row in [*before, *after]})
    nameless = UUID(int=0)
    there = {
        msgspec.structs.replace(row, id=nameless): row for row in await team_memberships.of_people(conn, org_id, whose)
    }
    left = [msgspec.structs.replace(row, id=nameless) for row in after]
    if not there.keys() >= set(left):
        raise Conflict("a membership of a team that this decision moved was changed since; correct it by hand first")
    staying = [row for row in there.values() if msgspec.structs.replace(row, id=nameless) not in left]
    for row in before:
        for other in staying:
            if (other.person_id, other.team_id) == (row.person_id, row.team_id) and other.overlaps(
                row.valid_from, row.valid_to
            ):
                raise Conflict(f"membership {other.id} of a team overlaps one that would come back; take it back first")
    plan.leave = [there[row] for row in left]
    plan.join = [msgspec.structs.replace(row, id=new_id()) for row in before]


async def _refuse(
    conn: Connection, org_id: UUID, events: Sequence[EventView], accounts: Sequence[UUID], people: Sequence[UUID]
) -> None:
    newer = await identity_events.later(conn, org_id, accounts, people, max(event.id for event in events))
    if newer is None:
        raise Conflict("this decision has no effect any more; there is nothing to undo")
    raise Conflict(f"{newer.actor} decided {newer.action} later (decision {newer.decision_id}); undo that first")
