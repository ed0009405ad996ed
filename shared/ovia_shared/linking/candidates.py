"""Everybody an account may belong to, the likeliest first: what the matcher would compare it with, without deciding."""

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

from ovia_shared.database import activity_evidence, identities, linking, mappings, organisation_settings
from ovia_shared.database.pool import Connection
from ovia_shared.linking.incremental import SETTING, company
from ovia_shared.models.candidate import Candidate
from ovia_shared.models.decision import MatchingSettings
from ovia_shared.models.rule_trace import RuleTrace

if TYPE_CHECKING:
    from ovia_shared.matching.engine import Compared

# Log-odds, the account of the person that it stands on, and why.
_Found = tuple[float, UUID, tuple[RuleTrace, ...]]


async def of_account(conn: Connection, org_id: UUID, identity_id: UUID, most: int) -> list[Candidate]:
    """At most `most` people. A service account, or one that is ignored, has none."""
    # numpy and what comes with it are loaded when somebody asks.
    from ovia_shared.matching.activity import Activity
    from ovia_shared.matching.engine import compare
    from ovia_shared.matching.outcome import confidence
    from ovia_shared.matching.profile import keys, read_profile
    from ovia_shared.matching.table import KeyCounts

    wanted = await linking.accounts(conn, org_id, [identity_id])
    if not wanted:
        return []
    found_by = {account.id: keys(read_profile(account)) for account in wanted}
    among, counts = await company(conn, org_id, wanted, found_by)
    ids = [account.id for account in among]
    places = await activity_evidence.places(conn, org_id, ids, len(ids))
    at_once = await activity_evidence.at_once(conn, org_id, ids, len(ids))
    settings = await organisation_settings.read(conn, org_id, SETTING, MatchingSettings)
    known = None if counts is None else KeyCounts(counts)
    compared = await asyncio.to_thread(compare, among, settings, Activity(places, at_once), None, known)
    best = sorted(_by_person(compared, identity_id).items(), key=lambda one: (-one[1][0], one[0]))[:most]
    names = {one.id: one for one in await mappings.people_named(conn, org_id, [person for person, _ in best])}
    accounts = {one.id: one for one in await identities.named(conn, org_id, [other for _, (_, other, _) in best])}
    refused = {person for identity, person in await linking.rejected(conn, org_id) if identity == identity_id}
    return [
        Candidate(names[person], confidence(odds), trace, accounts[other], person in refused)
        for person, (odds, other, trace) in best
    ]


def _by_person(compared: "Compared", identity_id: UUID) -> dict[UUID, _Found]:
    """For each person the account of theirs that resembles this one most."""
    from ovia_shared.matching.scoring import in_order

    table, scores = compared.table, compared.scores
    accounts = table.accounts
    mine = next(place for place, account in enumerate(accounts) if account.id == identity_id)
    node = next(one for one, places in enumerate(table.accounts_of) if mine in places)
    pairs = scores.pairs
    ours = ((pairs.left == node) | (pairs.right == node)).nonzero()[0].tolist()
    # None stands for an account that says exactly the same, with which there is no pair.
    beside: list[tuple[float, int, int | None]] = [
        (float(scores.log_odds[pair]), int(pairs.right[pair] if pairs.left[pair] == node else pairs.left[pair]), pair)
        for pair in ours
    ]
    if len(table.accounts_of[node]) > 1:
        beside.append((scores.of_equals(node), node, None))
    found: dict[UUID, _Found] = {}
    for odds, other_node, pair in sorted(beside, key=lambda one: -one[0]):
        for place in table.accounts_of[other_node]:
            other = accounts[place]
            if other.person_id is None or other.id == identity_id or other.person_id in found:
                continue
            one = accounts[mine]
            terms = scores.trace_of_equals(node, one, other) if pair is None else scores.trace(pair, one, other)
            found[other.person_id] = (odds, other.id, in_order(terms))
    return found
