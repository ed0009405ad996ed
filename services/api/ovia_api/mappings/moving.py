"""Decisions that lead an account to another person: remap, split, merge, and a person made from an account."""

from collections.abc import Sequence
from uuid import UUID

from ovia_api.mappings import plans
from ovia_api.mappings.deciding import Deciding, PlanOne
from ovia_api.mappings.memberships import handed_on
from ovia_api.mappings.plans import Plan
from ovia_shared.database import mapping_changes, team_memberships
from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict, InvalidInput
from ovia_shared.models.review import Merge, NewPersonName, Preview, Previewed

_EACH: dict[Previewed, PlanOne] = {
    Previewed.CONFIRM: plans.confirm,
    Previewed.REJECT: plans.reject,
    Previewed.IGNORE: plans.ignore,
    Previewed.REOPEN: plans.reopen,
}


async def move_each(
    deciding: Deciding,
    action: str,
    mapping_ids: Sequence[UUID],
    person_id: UUID | None,
    new_person: NewPersonName | None,
    reason: str | None,
    *,
    of_one_person: bool,
) -> UUID | None:
    """Takes the accounts of these mappings to a person; the decision's id."""
    plan, by = await _planned(deciding, mapping_ids, person_id, new_person, of_one_person=of_one_person)
    return await deciding.carry_out(action, plan, reason, by)


async def plan_moves(deciding: Deciding, wanted: Preview) -> Plan:
    """The plan of any decision, without carrying it out."""
    plan_one = _EACH.get(wanted.action)
    if plan_one is None:
        plan, _ = await _planned(
            deciding,
            wanted.mapping_ids,
            wanted.person_id,
            wanted.new_person,
            of_one_person=wanted.action is Previewed.SPLIT,
        )
        return plan
    if wanted.person_id is not None or wanted.new_person is not None:
        raise InvalidInput(f"{wanted.action} takes no person", field="person_id")
    rows, _ = await deciding.lock_rows(wanted.mapping_ids)
    by = await deciding.by()
    plan = Plan()
    for row in rows:
        plan.take(plan_one(row, by))
    return plan


async def _planned(
    deciding: Deciding,
    mapping_ids: Sequence[UUID],
    person_id: UUID | None,
    new_person: NewPersonName | None,
    *,
    of_one_person: bool,
) -> tuple[Plan, plans.By]:
    await deciding.hold_email(new_person)
    rows, believed = await deciding.lock_rows(mapping_ids, person_id)
    if of_one_person and len({row.person_id for row in rows}) > 1:
        raise InvalidInput("the mappings lead to different people; split one person at a time", field="mapping_ids")
    plan = Plan()
    target = await deciding.target(person_id, new_person, plan)
    by = await deciding.by()
    for row in rows:
        plan.take(plans.move(row, believed[row.identity_id], target, by))
    return plan, by


async def merge_people(deciding: Deciding, conn: Connection, org_id: UUID, wanted: Merge) -> UUID | None:
    """Makes one person of two; the decision's id."""
    if wanted.person_id == wanted.into_person_id:
        raise InvalidInput("a person cannot be merged into themselves", field="into_person_id")
    # Accounts are locked before people, here as everywhere; who gained one meanwhile is told to try again.
    shown = [
        row
        for person in (wanted.person_id, wanted.into_person_id)
        for row in await mapping_changes.of_person(conn, org_id, person)
    ]
    await deciding.lock_accounts(list({row.identity_id for row in shown}))
    await deciding.lock_people([wanted.person_id, wanted.into_person_id])
    person, into = await deciding.living(wanted.person_id), await deciding.living(wanted.into_person_id)
    rows = await mapping_changes.of_person(conn, org_id, person.id)
    kept = await mapping_changes.of_person(conn, org_id, into.id)
    if {row.id for row in [*rows, *kept]} - {row.id for row in shown}:
        raise Conflict("an account of one of the two changed at this moment; try again")
    by = await deciding.by()
    plan = plans.merge(person, into, rows, kept, by)
    # Everybody who writes memberships holds the person, and both are held here.
    plan.leave = await team_memberships.of_people(conn, org_id, [person.id])
    plan.join = handed_on(plan.leave, await team_memberships.of_people(conn, org_id, [into.id]), into.id)
    return await deciding.carry_out("merge", plan, wanted.reason, by)


async def person_of_account(deciding: Deciding, identity_id: UUID, made: NewPersonName) -> UUID | None:
    """Makes a person of an account that belongs to nobody; the decision's id."""
    await deciding.hold_email(made)
    believed = await deciding.lock_accounts([identity_id])
    plan = Plan()
    target = await deciding.target(None, made, plan)
    by = await deciding.by()
    plan.take(plans.link(identity_id, believed[identity_id], target, by))
    return await deciding.carry_out("create_person", plan, None, by)
