"""Erasing a person: what names them goes, what is counted stays. It cannot be undone.

Their accounts are held as verified from then on, so that the engine, which has nothing left to recognise them by, does
not take them away; and decisions before it cannot be taken back any more, since this one stands in the way.
"""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from ovia_api.mappings import plans
from ovia_api.mappings.deciding import Deciding
from ovia_api.mappings.plans import Plan
from ovia_shared.admin import issuing
from ovia_shared.database import audit_log, erasing, mapping_changes, tokens, tokens_list
from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict, InvalidInput
from ovia_shared.models.caller import Caller
from ovia_shared.models.mapping import MappingStatus
from ovia_shared.models.mapping_change import MappingRow
from ovia_shared.models.person import PersonRow
from ovia_shared.models.retention import Erasure

STAYS = [
    "what the sources sent, and texts: descriptions, comments, commits, pages, and Ask's index of them",
    "questions and answers of Ask, until they are dropped by age",
    "under which name somebody acted, in the audit log and in the log of decisions",
    "the ids under which the sources know the accounts",
    "backups, until they are dropped",
]


class Erasing:
    """The erasure of one request: its transaction, who asks, and the request's id for the record."""

    def __init__(self, conn: Connection, caller: Caller, deciding: Deciding, request_id: str) -> None:
        self._conn = conn
        self._org_id = caller.org_id
        self._caller = caller
        self._deciding = deciding
        self._request_id = request_id

    async def erase(self, person_id: UUID, name: str | None, *, dry_run: bool) -> Erasure:
        """Erases somebody. Raises `InvalidInput` unless their name is said, but of a dry run; `Conflict` for somebody
        erased already, merged, or with accounts that may be theirs."""
        conn, org_id = self._conn, self._org_id
        if not await tokens_list.hold(conn, org_id):
            raise Conflict("somebody else changes tokens at this moment; try again")
        person, rows = await self._locked(person_id)
        if not dry_run and name != person.display_name:
            raise InvalidInput("repeat the person's name exactly as it is shown", field="display_name")
        merged = await erasing.merged_into(conn, org_id, person_id)
        whose = [person_id, *merged]
        held = await self._deciding.lock_people(whose)
        pseudonym = f"Erased {person_id.hex[-8:]}"
        ended = await self._end_tokens(whose)
        by = await self._deciding.by()
        plan = Plan(people=[(one, _without_name(one, pseudonym)) for one in held.values()])
        for row in rows:
            if row.status is MappingStatus.AUTO:
                plan.take(plans.confirm(row, by))
        await self._deciding.carry_out("erase", plan, None, by)
        accounts = [row.identity_id for row in rows]
        mappings, events, views = await erasing.erase(conn, org_id, whose, accounts, pseudonym)
        done = Erasure(
            person_id=person_id,
            dry_run=dry_run,
            erased_at=None if dry_run else await erasing.erased_at(conn, org_id, person_id),
            display_name=pseudonym,
            merged=len(merged),
            accounts=len(accounts),
            mappings=mappings,
            events=events,
            views=views,
            tokens=ended,
            stays=STAYS,
        )
        await self._record(done)
        return done

    async def _locked(self, person_id: UUID) -> tuple[PersonRow, list[MappingRow]]:
        conn, org_id = self._conn, self._org_id
        await mapping_changes.with_engine(conn, org_id)
        rows = await mapping_changes.of_person(conn, org_id, person_id)
        await self._deciding.lock_accounts([row.identity_id for row in rows])
        person = await self._deciding.living(person_id)
        if await erasing.erased_at(conn, org_id, person_id) is not None:
            raise Conflict("this person was erased already")
        # Read again: until they were locked, the accounts could still be moved.
        now = await mapping_changes.of_person(conn, org_id, person_id)
        if {row.identity_id for row in now} - {row.identity_id for row in rows}:
            raise Conflict("this person was given an account at this moment; look at them again")
        waiting = [row for row in now if row.active and row.status is MappingStatus.CONFLICT]
        if waiting:
            raise Conflict(
                f"{len(waiting)} accounts may be this person's (mapping {waiting[0].id}): decide about them first"
            )
        return person, [row for row in now if row.active and row.status is not MappingStatus.IGNORED]

    async def _end_tokens(self, whose: list[UUID]) -> int:
        conn, org_id = self._conn, self._org_id
        theirs = await erasing.tokens_of(conn, org_id, whose)
        known = [token for id_ in theirs if (token := await tokens.lock(conn, org_id, id_)) is not None]
        admins = [token.id for token in known if token.role == "admin" and token.usable_at(datetime.now(UTC))]
        if admins and not await tokens_list.other_admins(conn, org_id, admins):
            raise Conflict("this person has the last token an admin can use; issue another first")
        for token in known:
            await issuing.revoke(conn, org_id, token, actor=self._caller.name, request_id=self._request_id)
        return len(known)

    async def _record(self, done: Erasure) -> None:
        counts = {name: getattr(done, name) for name in ("merged", "accounts", "mappings", "events", "views", "tokens")}
        await audit_log.record(
            self._conn,
            self._org_id,
            actor=self._caller.name,
            action="erase",
            subject_kind="person",
            subject_id=done.person_id,
            detail=counts,
            request_id=self._request_id,
        )


def _without_name(person: PersonRow, pseudonym: str) -> PersonRow:
    return msgspec.structs.replace(person, display_name=pseudonym, primary_email=None)
