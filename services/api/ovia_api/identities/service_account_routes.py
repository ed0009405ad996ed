"""Which accounts are no person's, corrected by hand."""

from typing import Annotated
from uuid import UUID

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, FromPath, SkipValidation

from ovia_shared.database import knowing, mapping_changes, service_accounts
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict, NotFound
from ovia_shared.linking import machines
from ovia_shared.models.caller import Caller
from ovia_shared.models.mapping import MappingStatus
from ovia_shared.models.mapping_change import Event
from ovia_shared.models.service_account import JudgedAccount, SayServiceAccount
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.idempotency import Write

_EXAMPLES = [
    Example(summary="A bot", value={"service_account": True, "reason": "it posts the nightly report"}),
    Example(summary="A person", value={"service_account": False, "reason": "Robin Bot works in Support"}),
]


@get(
    "/team/identities/{identity_id:uuid}/service-account",
    guards=[requires(Role.VIEWER)],
    operation_id="read_service_account",
    tags=["matching"],
    summary="Whether an account is a machine's, and why",
    security=SECURITY,
    responses=problems_of(404),
)
async def read_service_account(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    identity_id: FromPath[UUID],
) -> JudgedAccount:
    """What Ovia found, with its reasons, and what somebody said by hand, which counts more."""
    return await _found(conn, caller.org_id, identity_id)


@post(
    "/team/identities/{identity_id:uuid}/service-account",
    guards=[requires(Role.ANALYST)],
    operation_id="say_service_account",
    operation_class=Write,
    tags=["matching"],
    summary="Say whether an account is a machine's",
    security=SECURITY,
    status_code=200,
    responses=problems_of(404, 409, 413),
)
async def say_service_account(
    request: Request[Caller, None, State],
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    identity_id: FromPath[UUID],
    data: Annotated[SayServiceAccount, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_EXAMPLES)],
) -> JudgedAccount:
    """Outlasts whatever sources and Ovia find later. An account marked as a machine's loses the mapping the engine
    gave it, at once; one that is a person's is matched at the next run. Refused with 409 while a reviewer's decision
    says otherwise. Said anew, it can be changed at any time."""
    org_id = caller.org_id
    await mapping_changes.with_engine(conn, org_id)
    await mapping_changes.lock_identities(conn, org_id, [identity_id])
    before = await _found(conn, org_id, identity_id)
    if (before.service_account_by, before.service_account, before.service_account_reason) == (
        caller.name,
        data.service_account,
        data.reason,
    ):
        return before
    closing = []
    if data.service_account:
        closing = [row for row in await mapping_changes.believed(conn, org_id, [identity_id]) if row.active]
        if any(row.status is MappingStatus.VERIFIED for row in closing):
            raise Conflict("somebody verified whose account this is; reject that mapping first")
        closing = [row for row in closing if row.status is not MappingStatus.IGNORED]
    at = await knowing.moment(conn)
    await mapping_changes.close(conn, org_id, [row.id for row in closing], at)
    await service_accounts.say(
        conn, org_id, identity_id, service_account=data.service_account, by=caller.name, reason=data.reason
    )
    after = await _found(conn, org_id, identity_id)
    event = Event(
        action="mark_service_account" if data.service_account else "unmark_service_account",
        reason=data.reason,
        before={"mappings": mapping_changes.shown(closing), "identities": [_shown(before)]},
        after={"mappings": [], "identities": [_shown(after)]},
        decision_id=new_id(),
        mapping_id=closing[0].id if closing else None,
        identity_id=identity_id,
        person_id=closing[0].person_id if closing else None,
    )
    request_id = request.scope["state"]["request_id"]
    await mapping_changes.record(conn, org_id, [event], actor=caller.name, request_id=request_id, at=at)
    return after


async def _found(conn: Connection, org_id: UUID, identity_id: UUID) -> JudgedAccount:
    account = await service_accounts.find(conn, org_id, identity_id)
    if account is None:
        raise NotFound(f"there is no account {identity_id}")
    return machines.explained(account)


def _shown(account: JudgedAccount) -> dict[str, object]:
    return {
        "id": str(account.id),
        "service_account": account.service_account,
        "service_account_by": account.service_account_by,
        "service_account_reason": account.service_account_reason,
    }
