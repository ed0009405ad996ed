"""What is done to people by hand: they are added, changed, put away, and given accounts.

Each is a decision, told in the log of identities, and can be taken back by its id.
"""

from uuid import UUID

import msgspec

from ovia_api.mappings import plans
from ovia_api.mappings.deciding import Deciding
from ovia_api.mappings.plans import Plan
from ovia_shared.database import erasing, mapping_changes, people, people_rows
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict, InvalidInput, NotFound
from ovia_shared.models.caller import Caller
from ovia_shared.models.mapping import MappingStatus
from ovia_shared.models.person import NewPerson, PersonChange, PersonRow, PersonStatus
from ovia_shared.web import etags


class PeopleActions:
    """The actions of one request: its transaction, who asks, and the decisions it may take."""

    def __init__(self, conn: Connection, caller: Caller, deciding: Deciding) -> None:
        self._conn = conn
        self._org_id = caller.org_id
        self._deciding = deciding

    async def add(self, wanted: NewPerson) -> UUID:
        """Adds a person. Raises `Conflict` for an e-mail that is somebody else's."""
        await self._require_free(wanted.primary_email)
        by = await self._deciding.by()
        person = PersonRow(
            new_id(), _named(wanted.display_name), wanted.primary_email, PersonStatus.ACTIVE, None, None, 1, by.at
        )
        await self._deciding.carry_out("create person", Plan(new_people=[person]), None, by)
        return person.id

    async def change(
        self, person_id: UUID, wanted: PersonChange, condition: str | None, reason: str | None = None
    ) -> None:
        """Changes a person, if `condition` (If-Match) names the version there is."""
        await self._require_free(wanted.primary_email, person_id)
        person = await self._deciding.living(person_id)
        etags.require_match(condition, person.version)
        if await erasing.erased_at(self._conn, self._org_id, person_id) is not None and (
            wanted.display_name != person.display_name or wanted.primary_email is not None
        ):
            raise Conflict("this person was erased: they get no name and no e-mail again")
        after = msgspec.structs.replace(
            person,
            display_name=_named(wanted.display_name),
            primary_email=wanted.primary_email,
            status=wanted.status,
        )
        if after != person:
            by = await self._deciding.by()
            await self._deciding.carry_out("change person", Plan(people=[(person, after)]), reason, by)

    async def put_away(self, person_id: UUID, condition: str | None, reason: str | None = None) -> UUID | None:
        """Deletes a person from every list; the decision's id.

        Their accounts become ignored: they count nowhere, and the matcher does not make the person anew from them.
        Somebody who left the organisation is made inactive instead.
        """
        await mapping_changes.with_engine(self._conn, self._org_id)
        rows = await mapping_changes.of_person(self._conn, self._org_id, person_id)
        believed = await self._deciding.lock_accounts([row.identity_id for row in rows])
        person = await self._deciding.living(person_id)
        etags.require_match(condition, person.version)
        by = await self._deciding.by()
        plan = Plan(people=[(person, msgspec.structs.replace(person, deleted_at=by.at))])
        # Read again: until they were locked, the accounts could still be moved.
        now = await mapping_changes.of_person(self._conn, self._org_id, person_id)
        if any(row.identity_id not in believed for row in now):
            raise Conflict("this person was given an account at this moment; look at them again")
        for row in now:
            if row.active and row.status is not MappingStatus.IGNORED:
                plan.take(plans.ignore(row, by))
        return await self._deciding.carry_out("delete person", plan, reason, by)

    async def link(self, person_id: UUID, identity_id: UUID, reason: str | None) -> UUID | None:
        """An account is this person's, as verified; the decision's id. Raises `Conflict` if it is somebody else's."""
        believed = await self._deciding.lock_accounts([identity_id])
        person = await self._deciding.living(person_id)
        by = await self._deciding.by()
        plan = plans.link(identity_id, believed[identity_id], person, by)
        return await self._deciding.carry_out("link", plan, reason, by)

    async def unlink(self, person_id: UUID, identity_id: UUID, reason: str | None) -> UUID | None:
        """An account is not this person's, and is never proposed for them again; the decision's id."""
        believed = await self._deciding.lock_accounts([identity_id])
        await self._deciding.living(person_id)
        mine = [row for row in believed[identity_id] if row.person_id == person_id]
        if not mine:
            raise NotFound(f"account {identity_id} is not linked to person {person_id}")
        by = await self._deciding.by()
        plan = Plan()
        for row in mine:
            plan.take(plans.reject(row, by))
        return await self._deciding.carry_out("unlink", plan, reason, by)

    async def _require_free(self, email: str | None, besides: UUID | None = None) -> None:
        if email is None:
            return
        await people.hold_emails(self._conn, self._org_id, [email])
        other = await people_rows.with_email(self._conn, self._org_id, email, besides)
        if other is not None:
            raise Conflict(f"person {other.id} ({other.display_name}) has this e-mail already", field="primary_email")


def _named(name: str) -> str:
    if not name.strip():
        raise InvalidInput("the name is empty", field="display_name")
    return name.strip()
