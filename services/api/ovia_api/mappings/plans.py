"""What a decision would change: pure, from the mappings believed now to those that should be.

Each function refuses what cannot be decided with a sentence that says why, and changes nothing itself; so a preview is
a plan that is not carried out.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from ovia_shared.database.ids import new_id
from ovia_shared.errors import Conflict, InvalidInput
from ovia_shared.models.mapping import MappingStatus
from ovia_shared.models.mapping_change import CONTESTED, MappingRow
from ovia_shared.models.person import PersonRow
from ovia_shared.models.rule_trace import RuleTrace
from ovia_shared.models.team import MembershipRow

BY_HAND = "by hand"
_OPEN = (MappingStatus.AUTO, MappingStatus.CONFLICT)


class Plan(msgspec.Struct, kw_only=True):
    """Rows to close and rows to add; people to make, and people as they were and as they shall be; memberships of teams
    to close and to add."""

    close: list[MappingRow] = []
    add: list[MappingRow] = []
    new_people: list[PersonRow] = []
    people: list[tuple[PersonRow, PersonRow]] = []
    leave: list[MembershipRow] = []
    join: list[MembershipRow] = []
    # Accounts the matcher should look at again.
    rematch: list[UUID] = []
    undoes: UUID | None = None

    def __bool__(self) -> bool:
        return bool(self.close or self.add or self.new_people or self.people or self.leave or self.join)

    def take(self, other: "Plan") -> None:
        """Adds another plan to this one."""
        self.close += other.close
        self.add += other.add
        self.new_people += other.new_people
        self.people += other.people
        self.leave += other.leave
        self.join += other.join
        self.rematch += other.rematch


class By(msgspec.Struct, frozen=True):
    """Who decides, and when."""

    name: str
    at: datetime


def confirm(row: MappingRow, by: By) -> Plan:
    """The mapping is right. Once more changes nothing."""
    if row.status is MappingStatus.VERIFIED:
        return Plan()
    if row.status is MappingStatus.REJECTED:
        raise Conflict(f"mapping {row.id} was rejected; reopen it before confirming")
    if row.status is MappingStatus.IGNORED:
        raise Conflict(f"mapping {row.id} is ignored; reopen it before confirming")
    return Plan(close=[row], add=[_again(row, by, status=MappingStatus.VERIFIED, verified=True)])


def reject(row: MappingRow, by: By) -> Plan:
    """The account is not this person's: never proposed again. The matcher may find somebody else."""
    if row.status is MappingStatus.REJECTED:
        return Plan()
    if row.person_id is None:
        raise Conflict(f"mapping {row.id} leads to nobody, so there is nobody to reject")
    return Plan(close=[row], add=[_refusal(row, by)], rematch=[row.identity_id])


def ignore(row: MappingRow, by: By) -> Plan:
    """The account is nobody's who matters here."""
    if row.status is MappingStatus.IGNORED:
        return Plan()
    if row.status is MappingStatus.REJECTED:
        raise Conflict(f"mapping {row.id} was rejected; ignore the account's present mapping, or link it first")
    return Plan(close=[row], add=[_again(row, by, status=MappingStatus.IGNORED, person_id=None)])


def reopen(row: MappingRow, by: By) -> Plan:  # noqa: ARG001 (all decisions take the same)
    """Takes a rejection, or being ignored, back: the matcher may decide anew at its next run."""
    if row.status not in (MappingStatus.REJECTED, MappingStatus.IGNORED):
        raise Conflict(f"mapping {row.id} is {row.status}; only a rejected or ignored one can be reopened")
    return Plan(close=[row], rematch=[row.identity_id])


def contest(row: MappingRow, by: By, reason: str) -> Plan:
    """The mapping is said to be wrong: out of use, until somebody decides. The engine does not settle it."""
    if row.status is MappingStatus.REJECTED or row.status is MappingStatus.IGNORED:
        raise Conflict(f"mapping {row.id} is {row.status}: it is not in use, so there is nothing to contest")
    if row.contested:
        raise Conflict(f"mapping {row.id} is contested already, and waits for a decision")
    said = RuleTrace(CONTESTED, f"{by.name}: {reason}", 0.0, 0.0)
    again = _again(row, by, status=MappingStatus.CONFLICT)
    trace = (*row.rule_trace, said)
    return Plan(close=[row], add=[msgspec.structs.replace(again, rule_trace=trace, engine_version=CONTESTED)])


def move(row: MappingRow, believed: Sequence[MappingRow], target: PersonRow, by: By) -> Plan:
    """The account is somebody else's. Who it was taken from is remembered as refused; `believed` are all mappings of
    the account."""
    if row.status in (MappingStatus.REJECTED, MappingStatus.IGNORED):
        raise Conflict(f"mapping {row.id} is {row.status}; link the account to the person instead")
    if row.person_id == target.id:
        if row.status is MappingStatus.VERIFIED:
            return Plan()
        return confirm(row, by)
    return _to(row.identity_id, believed, target, by, taken_from=row)


def link(identity_id: UUID, believed: Sequence[MappingRow], target: PersonRow, by: By) -> Plan:
    """A free, contested or ignored account is this person's."""
    active = next((row for row in believed if row.active), None)
    if active is not None and active.status in (MappingStatus.AUTO, MappingStatus.VERIFIED):
        if active.person_id == target.id:
            return confirm(active, by)
        raise Conflict(f"account {identity_id} belongs to person {active.person_id}; remap mapping {active.id} instead")
    return _to(identity_id, believed, target, by, taken_from=active)


def _to(
    identity_id: UUID,
    believed: Sequence[MappingRow],
    target: PersonRow,
    by: By,
    *,
    taken_from: MappingRow | None,
) -> Plan:
    # Somebody who links an account to a person takes back that it was refused to them.
    refused = [row for row in believed if row.status is MappingStatus.REJECTED and row.person_id == target.id]
    plan = Plan(close=refused + ([taken_from] if taken_from is not None else []))
    told = RuleTrace(BY_HAND, f"{by.name} said so", 0.0, 0.0)
    plan.add.append(
        MappingRow(
            id=new_id(),
            identity_id=identity_id,
            person_id=target.id,
            status=MappingStatus.VERIFIED,
            confidence=1.0,
            rule_trace=(told,),
            engine_version=BY_HAND,
            valid_from=None,
            valid_to=None,
            verified_by=by.name,
            verified_at=by.at,
            created_at=by.at,
        )
    )
    if (
        taken_from is not None
        and taken_from.person_id not in (None, target.id)
        and taken_from.status
        in (
            *_OPEN,
            MappingStatus.VERIFIED,
        )
    ):
        plan.add.append(_refusal(taken_from, by))
    return plan


def merge(person: PersonRow, into: PersonRow, rows: Sequence[MappingRow], kept: Sequence[MappingRow], by: By) -> Plan:
    """`person` turns out to be `into`. `rows` are the mappings to the one, `kept` those to the other."""
    if person.id == into.id:
        raise InvalidInput("a person cannot be merged into themselves", field="into_person_id")
    refused = {row.identity_id for row in kept if row.status is MappingStatus.REJECTED}
    active = {row.identity_id for row in rows if row.active}
    plan = Plan()
    for row in rows:
        plan.close.append(row)
        if row.status is MappingStatus.REJECTED and any(row.identity_id == other.identity_id for other in kept):
            # Refused to one of the two and the other's: of the one person both are, the other says more.
            continue
        plan.add.append(msgspec.structs.replace(row, id=new_id(), person_id=into.id))
    plan.close += [row for row in kept if row.status is MappingStatus.REJECTED and row.identity_id in refused & active]
    gone = msgspec.structs.replace(person, deleted_at=by.at, merged_into_id=into.id)
    plan.people.append((person, gone))
    return plan


def _again(
    row: MappingRow,
    by: By,
    *,
    status: MappingStatus,
    verified: bool = False,
    person_id: UUID | msgspec.UnsetType | None = msgspec.UNSET,
) -> MappingRow:
    return msgspec.structs.replace(
        row,
        id=new_id(),
        status=status,
        person_id=row.person_id if person_id is msgspec.UNSET else person_id,
        verified_by=by.name if verified else None,
        verified_at=by.at if verified else None,
    )


def _refusal(row: MappingRow, by: By) -> MappingRow:
    return _again(row, by, status=MappingStatus.REJECTED)
