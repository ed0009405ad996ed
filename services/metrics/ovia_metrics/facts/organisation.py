"""Derives the facts of one organisation, family by family."""

from time import perf_counter
from uuid import UUID

import msgspec

from ovia_shared.database.facts import seen
from ovia_shared.database.facts.deriving import FAMILIES, derive, lock
from ovia_shared.database.pool import Database


class Derived(msgspec.Struct, frozen=True):
    """How one family went."""

    family: str
    added: int
    closed: int
    seconds: float


async def derive_facts(database: Database, org_id: UUID, *, from_scratch: bool = False) -> list[Derived] | None:
    """Brings all facts up to date; each family is stored by itself. None while somebody else derives them.

    What a family fails with is kept for people to see, and raised.
    """
    done = []
    for family in FAMILIES:
        began = perf_counter()
        try:
            async with database.transaction(org_id) as conn:
                if not await lock(conn, org_id):
                    return None
                difference = await derive(conn, org_id, family, from_scratch=from_scratch)
        except Exception as error:
            async with database.transaction(org_id) as conn:
                await seen.record_error(conn, org_id, family.name, str(error) or type(error).__name__)
            raise
        done.append(Derived(family.name, *difference, perf_counter() - began))
    return done
