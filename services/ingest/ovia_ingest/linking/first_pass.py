"""From identities to people: one transaction that reads accounts, lets `matching` decide, and writes the outcome."""

from uuid import UUID

import msgspec
import structlog

from ovia_shared.database import linking
from ovia_shared.database.pool import Database
from ovia_shared.matching.first_pass import match

log = structlog.get_logger()

ACTOR = "ovia matching"


class Outcome(msgspec.Struct, frozen=True):
    """How many people were made, accounts linked and contested, and accounts left without a person."""

    people: int
    linked: int
    conflicts: int
    orphans: int


async def link_identities(database: Database, org_id: UUID) -> Outcome:
    """Gives every account that has no person one, where the evidence allows. Running it again changes nothing."""
    async with database.transaction(org_id) as conn:
        await linking.lock(conn, org_id)
        waiting = await linking.unmapped(conn, org_id)
        if not waiting:
            return Outcome(0, 0, 0, 0)
        decisions = match(waiting, await linking.mapped(conn, org_id), await linking.rejected(conn, org_id))
        links = [link for person in decisions.people for link in person.links]
        links += [link for _, link in decisions.links]
        if links:
            await linking.apply(conn, org_id, decisions, ACTOR)
    conflicts = sum(link.status == "conflict" for link in links)
    outcome = Outcome(len(decisions.people), len(links) - conflicts, conflicts, len(waiting) - len(links))
    log.info("identities linked", **msgspec.structs.asdict(outcome))
    return outcome
