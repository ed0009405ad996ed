"""Decisions over HTTP: each says what is in force afterwards, and can be taken back by its id."""

from typing import Annotated
from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, FromPath, SkipValidation

from ovia_api.mappings import plans
from ovia_api.mappings.answers import Decisions, answer
from ovia_api.mappings.consequences import kpis_of
from ovia_api.mappings.deciding import affected
from ovia_api.mappings.moving import merge_people, move_each, person_of_account, plan_moves
from ovia_api.mappings.undoing import decision_of, undo
from ovia_shared.database.pool import Connection
from ovia_shared.models.caller import Caller
from ovia_shared.models.mapping_change import MappingRow
from ovia_shared.models.review import (
    AffectedAccount,
    Decision,
    Merge,
    NewPersonName,
    OnMapping,
    Preview,
    PreviewedDecision,
    Remap,
    Split,
    Undo,
)
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.idempotency import Write

_MAPPING = "01a20af7-18f0-7c1e-9b0a-52a1c3f6d7e8"
_PERSON = "01a20af7-2c11-7d02-8c3b-0d7f3f1a2b4c"
_ONE = [Example(summary="With a reason", value={"mapping_id": _MAPPING, "reason": "she told me"})]
_REMAP = [
    Example(summary="To somebody known", value={"mapping_id": _MAPPING, "person_id": _PERSON}),
    Example(summary="To a new person", value={"mapping_id": _MAPPING, "new_person": {"display_name": "Ann Lee"}}),
]
_SPLIT = [Example(value={"mapping_ids": [_MAPPING], "new_person": {"display_name": "Ann Lee"}})]
_UNDO = [Example(summary="The last one about a mapping", value={"mapping_id": _MAPPING})]
_MERGE = [Example(value={"person_id": _PERSON, "into_person_id": "01a20af7-2c11-7d02-8c3b-0d7f3f1a2b4d"})]
_PREVIEW = [Example(value={"action": "remap", "mapping_ids": [_MAPPING], "person_id": _PERSON})]
_NEW = [Example(value={"display_name": "Ann Lee", "primary_email": "ann@fernweh.example"})]

_RESPONSES = problems_of(404, 409, 413)


@post(
    "/team/identity-mappings/confirm",
    guards=[requires(Role.ANALYST)],
    operation_id="confirm_mapping",
    operation_class=Write,
    tags=["review"],
    summary="The mapping is right",
    security=SECURITY,
    status_code=200,
    responses=_RESPONSES,
)
async def confirm(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    deciding: Decisions,
    data: Annotated[OnMapping, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_ONE)],
) -> Decision:
    """Makes the mapping verified; the engine never overturns it. A mapping that was decided otherwise since it was
    shown is refused with 409 and its present state."""
    deciding.require_caller(data.verified_by)
    decision = await deciding.each("confirm", [data.mapping_id], plans.confirm, data.reason)
    return await answer(conn, caller.org_id, decision, await deciding.accounts_of([data.mapping_id]))


@post(
    "/team/identity-mappings/reject",
    guards=[requires(Role.ANALYST)],
    operation_id="reject_mapping",
    operation_class=Write,
    tags=["review"],
    summary="The account is not this person's",
    security=SECURITY,
    status_code=200,
    responses=_RESPONSES,
)
async def reject(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    deciding: Decisions,
    data: Annotated[OnMapping, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_ONE)],
) -> Decision:
    """The pair is never proposed again. The account is free; the engine may find somebody else at its next run."""
    deciding.require_caller(data.verified_by)
    decision = await deciding.each("reject", [data.mapping_id], plans.reject, data.reason)
    return await answer(conn, caller.org_id, decision, await deciding.accounts_of([data.mapping_id]))


@post(
    "/team/identity-mappings/ignore",
    guards=[requires(Role.ANALYST)],
    operation_id="ignore_mapping",
    operation_class=Write,
    tags=["review"],
    summary="The account is nobody's who matters here",
    security=SECURITY,
    status_code=200,
    responses=_RESPONSES,
)
async def ignore(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    deciding: Decisions,
    data: Annotated[OnMapping, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_ONE)],
) -> Decision:
    """Takes the account out of every queue and every number, until it is reopened."""
    deciding.require_caller(data.verified_by)
    decision = await deciding.each("ignore", [data.mapping_id], plans.ignore, data.reason)
    return await answer(conn, caller.org_id, decision, await deciding.accounts_of([data.mapping_id]))


@post(
    "/team/identity-mappings/reopen",
    guards=[requires(Role.ANALYST)],
    operation_id="reopen_mapping",
    operation_class=Write,
    tags=["review"],
    summary="Neither rejected nor ignored any more",
    security=SECURITY,
    status_code=200,
    responses=_RESPONSES,
)
async def reopen(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    deciding: Decisions,
    data: Annotated[OnMapping, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_ONE)],
) -> Decision:
    """Forgets a rejection or that the account was ignored: the engine decides anew at its next run."""
    deciding.require_caller(data.verified_by)
    decision = await deciding.each("reopen", [data.mapping_id], plans.reopen, data.reason)
    return await answer(conn, caller.org_id, decision, await deciding.accounts_of([data.mapping_id]))


@post(
    "/team/identity-mappings/remap",
    guards=[requires(Role.ANALYST)],
    operation_id="remap_mapping",
    operation_class=Write,
    tags=["review"],
    summary="The account is somebody else's",
    security=SECURITY,
    status_code=200,
    responses=_RESPONSES,
)
async def remap(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    deciding: Decisions,
    data: Annotated[Remap, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_REMAP)],
) -> Decision:
    """Links the account to somebody known, or to a new person, as verified, and remembers whose it is not."""
    deciding.require_caller(data.verified_by)
    decision = await move_each(
        deciding, "remap", [data.mapping_id], data.person_id, data.new_person, data.reason, of_one_person=False
    )
    return await answer(conn, caller.org_id, decision, await deciding.accounts_of([data.mapping_id]))


@post(
    "/team/identity-mappings/split",
    guards=[requires(Role.ANALYST)],
    operation_id="split_mappings",
    operation_class=Write,
    tags=["review"],
    summary="These accounts of a person are another's",
    security=SECURITY,
    status_code=200,
    responses=_RESPONSES,
)
async def split(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    deciding: Decisions,
    data: Annotated[Split, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_SPLIT)],
) -> Decision:
    """Takes some accounts of one person to a new one, or to somebody known, all in one decision."""
    deciding.require_caller(data.verified_by)
    decision = await move_each(
        deciding, "split", data.mapping_ids, data.person_id, data.new_person, data.reason, of_one_person=True
    )
    return await answer(conn, caller.org_id, decision)


@post(
    "/team/identity-mappings/undo",
    guards=[requires(Role.ANALYST)],
    operation_id="undo_decision",
    operation_class=Write,
    tags=["review"],
    summary="Take a decision back",
    security=SECURITY,
    status_code=200,
    responses=_RESPONSES,
)
async def take_back(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    deciding: Decisions,
    data: Annotated[Undo, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_UNDO)],
) -> Decision:
    """Restores exactly what was before, of the engine's decisions too. Refused with 409, naming the later decision,
    where one stands in the way: undo that first. Undoing an undo does the decision again."""
    deciding.require_caller(data.verified_by)
    decision_id = await decision_of(conn, caller.org_id, data)
    return await answer(conn, caller.org_id, await undo(deciding, conn, caller.org_id, decision_id, data.reason))


@post(
    "/team/identity-mappings/preview",
    guards=[requires(Role.ANALYST)],
    operation_id="preview_decision",
    tags=["review"],
    summary="What a decision would change",
    security=SECURITY,
    status_code=200,
    responses=_RESPONSES,
)
async def preview(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    deciding: Decisions,
    data: Annotated[Preview, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_PREVIEW)],
) -> PreviewedDecision:
    """Refuses what the decision itself would refuse. Nothing is changed."""
    plan = await plan_moves(deciding, data)
    moves = affected(plan)
    accounts = [AffectedAccount(identity, *_side(before), *_side(after)) for identity, before, after in moves]
    people = {row.person_id for row in [*plan.close, *plan.add] if row.person_id is not None}
    kpis = await kpis_of(conn, caller.org_id, moves)
    return PreviewedDecision(accounts, sorted(people), len(plan.new_people), kpis)


def _side(row: MappingRow | None) -> tuple[str | None, UUID | None]:
    return (None, None) if row is None else (row.status, row.person_id)


@post(
    "/team/people/merge",
    guards=[requires(Role.MANAGER)],
    operation_id="merge_people",
    operation_class=Write,
    tags=["review"],
    summary="Two people are one",
    security=SECURITY,
    status_code=200,
    responses=_RESPONSES,
)
async def merge(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    deciding: Decisions,
    data: Annotated[Merge, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_MERGE)],
) -> Decision:
    """Every account of `person_id` becomes `into_person_id`'s, with the status it has; the merged person is gone from
    the lists, and its id tells where to look."""
    deciding.require_caller(data.verified_by)
    return await answer(conn, caller.org_id, await merge_people(deciding, conn, caller.org_id, data))


@post(
    "/team/identities/{identity_id:uuid}/person",
    guards=[requires(Role.ANALYST)],
    operation_id="make_person_of_identity",
    operation_class=Write,
    tags=["review"],
    summary="A new person from an account",
    security=SECURITY,
    status_code=201,
    responses=_RESPONSES,
)
async def make_person(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    deciding: Decisions,
    identity_id: FromPath[UUID],
    data: Annotated[NewPersonName, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_NEW)],
) -> Decision:
    """Makes a person and links the account to them as verified. An account in use is refused with 409."""
    decision = await person_of_account(deciding, identity_id, data)
    return await answer(conn, caller.org_id, decision, [identity_id])


DECISIONS = [confirm, reject, ignore, reopen, remap, split, take_back, preview, merge, make_person]
