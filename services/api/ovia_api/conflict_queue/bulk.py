"""Many mappings confirmed at once: one decision, a result for each, and what is refused stops no other."""

from collections.abc import Sequence
from uuid import UUID

from ovia_api.mappings import plans
from ovia_api.mappings.consequences import kpis_of
from ovia_api.mappings.deciding import Deciding, affected, moved_on
from ovia_api.mappings.plans import Plan
from ovia_shared.database import conflict_queue, mapping_changes, mappings
from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict, InvalidInput
from ovia_shared.models.review import BulkConfirm, BulkDecision, BulkOutcome, BulkResult

# So many are confirmed by one request with a threshold; `remaining` says how many are left.
AT_MOST = 2000


async def bulk_confirm(deciding: Deciding, conn: Connection, org_id: UUID, wanted: BulkConfirm) -> BulkDecision:
    """Confirms by ids, conflicts included, or by threshold, conflicts left out."""
    if (wanted.mapping_ids is None) == (wanted.min_confidence is None):
        raise InvalidInput("give either mapping_ids or min_confidence", field="mapping_ids")
    if wanted.mapping_ids is not None:
        if wanted.source is not None:
            raise InvalidInput("source goes with min_confidence", field="source")
        ids, remaining = list(dict.fromkeys(wanted.mapping_ids)), 0
    else:
        assert wanted.min_confidence is not None
        ids, total = await conflict_queue.certain(conn, org_id, wanted.min_confidence, wanted.source, AT_MOST)
        remaining = total - len(ids)
    plan, results, by = await _planned(deciding, conn, org_id, ids)
    decision = None if wanted.dry_run else await deciding.carry_out("bulk_confirm", plan, wanted.reason, by)
    touched = {row.person_id for row in plan.add if row.person_id is not None}
    people = await mappings.people_named(conn, org_id, sorted(touched))
    counts = {outcome: sum(result.outcome is outcome for result in results) for outcome in BulkOutcome}
    return BulkDecision(
        decision,
        wanted.dry_run,
        counts[BulkOutcome.CONFIRMED],
        counts[BulkOutcome.REFUSED],
        remaining,
        results,
        sorted(people, key=lambda person: (person.display_name, person.id)),
        await kpis_of(conn, org_id, affected(plan)) if wanted.dry_run else None,
    )


async def _planned(
    deciding: Deciding, conn: Connection, org_id: UUID, ids: Sequence[UUID]
) -> tuple[Plan, list[BulkResult], plans.By]:
    named = {row.id: row for row in await mapping_changes.rows_by_id(conn, org_id, ids)}
    believed = await deciding.lock_accounts(list({row.identity_id for row in named.values()}))
    in_force = {row.id: row for rows in believed.values() for row in rows}
    await deciding.lock_people({row.person_id for row in in_force.values() if row.person_id is not None})
    by = await deciding.by()
    plan, results = Plan(), []
    for id_ in ids:
        if id_ not in named:
            results.append(BulkResult(id_, BulkOutcome.REFUSED, "there is no such mapping"))
        elif id_ not in in_force:
            row = named[id_]
            results.append(BulkResult(id_, BulkOutcome.REFUSED, moved_on(row, believed[row.identity_id])))
        else:
            try:
                one = plans.confirm(in_force[id_], by)
            except Conflict as refusal:
                results.append(BulkResult(id_, BulkOutcome.REFUSED, refusal.message))
                continue
            plan.take(one)
            results.append(BulkResult(id_, BulkOutcome.CONFIRMED if one else BulkOutcome.UNCHANGED))
    return plan, results, by
