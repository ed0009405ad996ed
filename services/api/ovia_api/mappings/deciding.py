"""Decisions carried out: what they touch is locked in one order, planned, changed and told in one transaction."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from ovia_api.mappings.plans import By, Plan
from ovia_shared.database import knowing, mapping_changes, people, people_rows, team_memberships
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict, InvalidInput, NotFound
from ovia_shared.models.caller import Caller
from ovia_shared.models.mapping import MappingStatus
from ovia_shared.models.mapping_change import Event, MappingRow
from ovia_shared.models.person import PersonRow, PersonStatus
from ovia_shared.models.review import NewPersonName

PlanOne = Callable[[MappingRow, By], Plan]


class Deciding:
    """One request's decisions: on whose behalf, why, and in which transaction."""

    def __init__(self, conn: Connection, caller: Caller, request_id: str | None) -> None:
        self._conn = conn
        self._org_id = caller.org_id
        self._caller = caller
        self._request_id = request_id

    def require_caller(self, verified_by: str | None) -> None:
        """Raises `InvalidInput` if the body names somebody else than who is asking."""
        if verified_by is not None and verified_by != self._caller.name:
            raise InvalidInput(
                f"you act as {self._caller.name!r}; leave verified_by out, or give that", field="verified_by"
            )

    async def by(self) -> By:
        """Who decides, and now. Called after everything is locked."""
        return By(self._caller.name, await knowing.moment(self._conn))

    async def lock_rows(
        self, mapping_ids: Sequence[UUID], besides: UUID | None = None
    ) -> tuple[list[MappingRow], dict[UUID, list[MappingRow]]]:
        """The rows named, and all mappings believed of their accounts, locked with everybody they lead to and the
        person `besides`. Raises `NotFound`, and `Conflict` where
        a row has been replaced since it was shown."""
        await mapping_changes.with_engine(self._conn, self._org_id)
        named = await mapping_changes.rows_by_id(self._conn, self._org_id, mapping_ids)
        missing = set(mapping_ids) - {row.id for row in named}
        if missing:
            raise NotFound(f"there is no mapping {min(missing)}")
        believed = await self.lock_accounts([row.identity_id for row in named])
        by_id = {row.id: row for rows in believed.values() for row in rows}
        for row in named:
            if row.id not in by_id:
                raise Conflict(moved_on(row, believed.get(row.identity_id, [])))
        leading = {row.person_id for row in by_id.values() if row.person_id is not None}
        await self.lock_people(leading | ({besides} if besides is not None else set()))
        return [by_id[id_] for id_ in dict.fromkeys(mapping_ids)], believed

    async def lock_accounts(self, identity_ids: Sequence[UUID]) -> dict[UUID, list[MappingRow]]:
        """All mappings believed of these accounts, by account, locked. Raises `NotFound`."""
        await mapping_changes.with_engine(self._conn, self._org_id)
        found = await mapping_changes.lock_identities(self._conn, self._org_id, identity_ids)
        if missing := set(identity_ids) - found:
            raise NotFound(f"there is no account {min(missing)}")
        believed: dict[UUID, list[MappingRow]] = {identity: [] for identity in found}
        for row in await mapping_changes.believed(self._conn, self._org_id, list(found)):
            believed[row.identity_id].append(row)
        return believed

    async def accounts_of(self, mapping_ids: Sequence[UUID]) -> list[UUID]:
        """The accounts these mappings, in force or not, are about."""
        rows = await mapping_changes.rows_by_id(self._conn, self._org_id, mapping_ids)
        return sorted({row.identity_id for row in rows})

    async def lock_people(self, ids: Iterable[UUID]) -> dict[UUID, PersonRow]:
        """These people, locked, by id."""
        return await people_rows.lock(self._conn, self._org_id, list(ids))

    async def hold_email(self, made: NewPersonName | None) -> None:
        """Nobody else takes the new person's e-mail meanwhile. Before anything else is locked, as everywhere."""
        if made is not None and made.primary_email is not None:
            await people.hold_emails(self._conn, self._org_id, [made.primary_email])

    async def target(self, person_id: UUID | None, made: NewPersonName | None, plan: Plan) -> PersonRow:
        """Whom a decision leads to: somebody known, locked, or a new person, added to the plan."""
        if (person_id is None) == (made is None):
            raise InvalidInput("give either person_id or new_person", field="person_id")
        if person_id is not None:
            return await self.living(person_id)
        assert made is not None
        if made.primary_email is not None:
            other = await people_rows.with_email(self._conn, self._org_id, made.primary_email)
            if other is not None:
                raise Conflict(f"person {other.id} ({other.display_name}) has this e-mail already")
        at = await knowing.moment(self._conn)
        person = PersonRow(new_id(), made.display_name, made.primary_email, PersonStatus.ACTIVE, None, None, 1, at)
        plan.new_people.append(person)
        return person

    async def living(self, person_id: UUID) -> PersonRow:
        """Somebody who is not deleted, locked. Raises `NotFound`, and `Conflict` for one merged into another."""
        person = (await self.lock_people([person_id])).get(person_id)
        if person is None or (person.deleted_at is not None and person.merged_into_id is None):
            raise NotFound(f"there is no person {person_id}")
        if person.merged_into_id is not None:
            raise Conflict(f"person {person_id} was merged into person {person.merged_into_id}")
        return person

    async def each(
        self, action: str, mapping_ids: Sequence[UUID], plan_one: PlanOne, reason: str | None
    ) -> UUID | None:
        """The same decision about each mapping; the decision's id, None where all was so already."""
        rows, _ = await self.lock_rows(mapping_ids)
        by = await self.by()
        plan = Plan()
        for row in rows:
            plan.take(plan_one(row, by))
        return await self.carry_out(action, plan, reason, by)

    async def carry_out(self, action: str, plan: Plan, reason: str | None, by: By) -> UUID | None:
        """Changes what the plan says and tells of it; the decision's id, None for a plan without a change."""
        if not plan:
            return None
        conn, org_id = self._conn, self._org_id
        decision = new_id()
        await people_rows.add(conn, org_id, [(one.id, one.display_name, one.primary_email) for one in plan.new_people])
        closed = await mapping_changes.close(conn, org_id, [row.id for row in plan.close], by.at)
        if closed != len(plan.close):
            raise Conflict("a mapping changed at this moment; look at it again")
        await mapping_changes.add(conn, org_id, plan.add, by.at)
        for made in plan.new_people:
            if made.status is not PersonStatus.ACTIVE:
                await people_rows.put(conn, org_id, made)
        for _, after in plan.people:
            await people_rows.put(conn, org_id, after)
        if await team_memberships.close(conn, org_id, [row.id for row in plan.leave], by.at) != len(plan.leave):
            raise Conflict("a membership changed at this moment; try again")
        await team_memberships.add(conn, org_id, plan.join, by.at)
        if plan.rematch:
            await mapping_changes.queue_for_matching(conn, org_id, plan.rematch)
        events = _events(action, plan, reason, decision)
        await mapping_changes.record(conn, org_id, events, actor=by.name, request_id=self._request_id, at=by.at)
        return decision


def moved_on(row: MappingRow, believed: Sequence[MappingRow]) -> str:
    """Says what became of a mapping that was shown and is no longer in force."""
    now = next((other for other in believed if other.active), None)
    if now is None:
        return f"mapping {row.id} is no longer in force; the account has none now"
    by = f" by {now.verified_by}" if now.verified_by else ""
    whose = f"person {now.person_id}" if now.person_id else "nobody"
    return f"mapping {row.id} was changed meanwhile: it is now mapping {now.id}, {now.status}{by}, {whose}"


def _events(action: str, plan: Plan, reason: str | None, decision: UUID) -> list[Event]:
    """One event for each account and each person whose rows change, with what was before and after."""
    events = []
    accounts = dict.fromkeys(row.identity_id for row in [*plan.close, *plan.add])
    closing: dict[UUID, list[MappingRow]] = {identity: [] for identity in accounts}
    adding: dict[UUID, list[MappingRow]] = {identity: [] for identity in accounts}
    for rows, by_account in ((plan.close, closing), (plan.add, adding)):
        for row in rows:
            by_account[row.identity_id].append(row)
    for identity in accounts:
        before, after = closing[identity], adding[identity]
        told = next((row for row in [*after, *before] if row.status is not MappingStatus.REJECTED), (after + before)[0])
        events.append(
            Event(
                action=action,
                reason=reason,
                before={"mappings": mapping_changes.shown(before)},
                after={"mappings": mapping_changes.shown(after)},
                decision_id=decision,
                mapping_id=told.id,
                identity_id=identity,
                person_id=told.person_id,
                undoes=plan.undoes,
            )
        )
    told_people = {event.person_id for event in events}
    images: dict[UUID, tuple[dict[str, Any], dict[str, Any]]] = {}
    for one in plan.new_people:
        images[one.id] = ({"people": []}, {"people": [people_rows.shown(one)]})
    for was, now in plan.people:
        images[was.id] = ({"people": [people_rows.shown(was)]}, {"people": [people_rows.shown(now)]})
    # Who loses an account is told of it too.
    losing = {row.person_id for row in plan.close if row.person_id is not None} - told_people
    for person in losing - images.keys():
        images[person] = ({}, {})
    for person in {row.person_id for row in [*plan.leave, *plan.join]}:
        was_image, now_image = images.get(person, ({}, {}))
        left = [msgspec.to_builtins(row) for row in plan.leave if row.person_id == person]
        joined = [msgspec.to_builtins(row) for row in plan.join if row.person_id == person]
        images[person] = (was_image | {"memberships": left}, now_image | {"memberships": joined})
    for person, (was_image, now_image) in images.items():
        events.append(
            Event(
                action=action,
                reason=reason,
                before=was_image,
                after=now_image,
                decision_id=decision,
                person_id=person,
                undoes=plan.undoes,
            )
        )
    return events


def affected(plan: Plan) -> list[tuple[UUID, MappingRow | None, MappingRow | None]]:
    """Each account with the mapping it would lose and the one it would have."""
    # The first of an account counts, as a later one may only be its refusal.
    before = {row.identity_id: row for row in reversed(plan.close) if row.active}
    after = {row.identity_id: row for row in reversed(plan.add) if row.active}
    accounts = dict.fromkeys(row.identity_id for row in [*plan.close, *plan.add])
    return [(identity, before.get(identity), after.get(identity)) for identity in accounts]


def copies(rows: Sequence[MappingRow]) -> list[MappingRow]:
    """The same mappings under new ids."""
    return [msgspec.structs.replace(row, id=new_id()) for row in rows]
