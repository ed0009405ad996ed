"""From new and changed accounts to people, reading only the accounts they may belong with.

One transaction: the accounts that wait are matched and marked, or nothing is. Verified, rejected and ignored mappings
are never touched; a conflict that the engine opened is decided anew when its account changes.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import structlog

from ovia_shared.database import activity_evidence, linking, mapping_changes, organisation_settings
from ovia_shared.database.pool import Connection, Database
from ovia_shared.linking import applying, machines
from ovia_shared.linking.collector import resting
from ovia_shared.models.decision import MatchingSettings
from ovia_shared.models.identity import Account
from ovia_shared.models.mapping import MappingStatus

if TYPE_CHECKING:
    from ovia_shared.matching.profile import Key

log = structlog.get_logger()

SETTING = "matching"
# A key that more accounts have is too common to find anybody by; it still counts as common.
BLOCK = 64
COUNTED_UP_TO = 5000
ACCOUNTS_OF_A_PERSON = 50
# Where more than this share waits, reading everything is quicker than reading blocks.
EVERYTHING_FROM = 0.3
LOOKED_UP_UP_TO = 20_000


class Outcome(msgspec.Struct, frozen=True):
    """How many people were made, accounts linked and contested, and accounts left without a person."""

    people: int
    linked: int
    conflicts: int
    orphans: int


NOTHING = Outcome(0, 0, 0, 0)


async def link_identities(database: Database, org_id: UUID) -> Outcome:
    """Gives every new or changed account that has no person one, where the evidence allows. Again changes nothing."""
    begun = time.perf_counter()
    async with database.transaction(org_id) as conn:
        await linking.lock(conn, org_id)
        waiting = await linking.waiting(conn, org_id)
        if not waiting:
            return NOTHING
        await machines.judge(conn, org_id, waiting)
        await _withdraw_machines(conn, org_id, waiting)
        outcome, version = await _match(conn, org_id, waiting)
        await linking.mark_matched(conn, org_id, waiting)
        await mapping_changes.compact_counts(conn, org_id)
        await linking.record_run(
            conn,
            org_id,
            seconds=time.perf_counter() - begun,
            considered=len(waiting),
            engine_version=version,
            complete=False,
            **msgspec.structs.asdict(outcome),
        )
    log.info("identities linked", **msgspec.structs.asdict(outcome))
    return outcome


async def _withdraw_machines(conn: Connection, org_id: UUID, waiting: Sequence[UUID]) -> None:
    """Accounts found to be machines' lose what the engine linked them to."""
    human = {account.id for account in await linking.accounts(conn, org_id, waiting)}
    gone = [
        row
        for row in await mapping_changes.believed(conn, org_id, [one for one in waiting if one not in human])
        if row.status in (MappingStatus.AUTO, MappingStatus.CONFLICT) and not row.contested
    ]
    await applying.withdraw(conn, org_id, gone, "it is a service account")


async def _match(conn: Connection, org_id: UUID, waiting: Sequence[UUID]) -> tuple[Outcome, str]:
    # numpy and what comes with it are loaded when there is something to match, not when a reader starts.
    from ovia_shared.matching.activity import Activity
    from ovia_shared.matching.engine import Constraints, match
    from ovia_shared.matching.profile import keys, read_profile
    from ovia_shared.matching.table import KeyCounts

    decide = await linking.to_decide(conn, org_id, waiting)
    new = await linking.accounts(conn, org_id, waiting)
    found_by = {account.id: keys(read_profile(account)) for account in new}
    await linking.store_keys(
        conn, org_id, ((identity, key) for identity, known in found_by.items() for _, key in known)
    )
    settings = await organisation_settings.read(conn, org_id, SETTING, MatchingSettings)
    among, counts = await company(conn, org_id, new, found_by)
    before = {
        row.identity_id: row
        for row in await mapping_changes.believed(conn, org_id, list(decide))
        if row.status is MappingStatus.CONFLICT and row.active
    }
    chosen = [account for account in among if account.person_id is not None or account.id in decide]
    places = await activity_evidence.places(conn, org_id, [account.id for account in chosen], len(chosen))
    ids = [account.id for account in chosen]
    at_once = await activity_evidence.at_once(conn, org_id, ids, len(ids))
    refused = Constraints(await linking.rejected(conn, org_id))
    known = None if counts is None else KeyCounts(counts)
    with resting():
        decisions = await asyncio.to_thread(match, chosen, refused, settings, Activity(places, at_once), None, known)
    linked, conflicts = await applying.apply(conn, org_id, decisions, before)
    decided = {link.identity_id for _, link in decisions.all_links()}
    # A conflict whose grounds are gone leaves its account free again.
    stale = [row for identity, row in before.items() if identity not in decided]
    await applying.withdraw(conn, org_id, stale, "nothing speaks for this person any more")
    orphans = len(decide - decided)
    return Outcome(len(decisions.people), linked, conflicts, orphans), decisions.engine_version


async def company(
    conn: Connection, org_id: UUID, new: Sequence[Account], found_by: "dict[UUID, list[tuple[Key, int]]]"
) -> tuple[list[Account], dict[int, int] | None]:
    """The accounts to compare the new ones with, and how common their keys are; None where these are all there are."""
    waiting, known = await linking.count_waiting(conn, org_id)
    if waiting > LOOKED_UP_UP_TO or waiting > EVERYTHING_FROM * max(known, 1):
        return await linking.accounts(conn, org_id, None), None
    from ovia_shared.matching.pairs import WIDEST_BLOCK

    wanted: dict[int, int] = {}
    for known_by in found_by.values():
        for kind, key in known_by:
            wanted[key] = max(wanted.get(key, 0), WIDEST_BLOCK.get(kind, BLOCK))
    near = await linking.sharing(conn, org_id, wanted)
    ids: Collection[UUID] = near | {account.id for account in new}
    ids = set(ids) | await linking.of_same_people(conn, org_id, ids, ACCOUNTS_OF_A_PERSON)
    return await linking.accounts(conn, org_id, list(ids)), await linking.key_counts(
        conn, org_id, wanted, COUNTED_UP_TO
    )
