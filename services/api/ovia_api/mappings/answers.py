"""How decisions are answered: what is in force afterwards, and who gained or lost an account."""

from collections.abc import Sequence
from typing import Any, TypeAlias
from uuid import UUID

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from ovia_api.mappings.deciding import Deciding
from ovia_shared.database import identity_events, mappings
from ovia_shared.database.pool import Connection
from ovia_shared.models.caller import Caller
from ovia_shared.models.mapping import PersonReference
from ovia_shared.models.review import Decision

Decisions: TypeAlias = NamedDependency[SkipValidation[Deciding]]


async def decisions_of(
    request: Request[Any, Any, Any],
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
) -> Deciding:
    """What this request may decide, once its role is proven."""
    return Deciding(conn, caller, request.scope["state"]["request_id"])


async def answer(conn: Connection, org_id: UUID, decision: UUID | None, identity_ids: Sequence[UUID] = ()) -> Decision:
    """The outcome of a decision; of one that changed nothing, what is in force of the accounts it was about."""
    events = [] if decision is None else await identity_events.of_decision(conn, org_id, decision)
    accounts = {event.identity_id for event in events if event.identity_id is not None} | set(identity_ids)
    in_force = await mappings.of_identities(conn, org_id, sorted(accounts))
    named = {event.person_id for event in events if event.person_id is not None}
    known = await mappings.people_named(conn, org_id, sorted(named))
    people = known or list({one.person.id: one.person for one in in_force if one.person is not None}.values())
    return Decision(decision, in_force, sorted(people, key=_by_name))


def _by_name(person: PersonReference) -> tuple[str, UUID]:
    return (person.display_name, person.id)
