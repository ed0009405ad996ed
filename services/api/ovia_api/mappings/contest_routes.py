"""Contesting a mapping over HTTP: whoever it leads to may say that it is wrong."""

from typing import Annotated
from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, PathParameter, SkipValidation

from ovia_api.mappings import plans
from ovia_api.mappings.answers import Decisions, answer
from ovia_shared.database import tokens_list
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput, NotAllowed
from ovia_shared.models.caller import Caller
from ovia_shared.models.review import Contest, Decision
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.idempotency import Write

_EXAMPLE = [Example(value={"reason": "this account is my namesake's in Oslo"})]


@post(
    "/team/identity-mappings/{mapping_id:uuid}/contest",
    guards=[requires(Role.VIEWER)],
    operation_id="contest_mapping",
    operation_class=Write,
    tags=["review"],
    summary="This mapping is wrong",
    security=SECURITY,
    status_code=200,
    responses=problems_of(404, 409, 413),
)
async def contest(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    deciding: Decisions,
    mapping_id: Annotated[UUID, PathParameter(description="The id under which the mapping was shown.")],
    data: Annotated[Contest, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_EXAMPLE)],
) -> Decision:
    """For the person the mapping leads to, whose the token must be, and for managers. It is out of use at once and
    waits in the conflict queue, with the reason, until a person decides; the engine leaves it alone. Undone like any
    other decision."""
    reason = data.reason.strip()
    if not reason:
        raise InvalidInput("say what is wrong", field="reason")
    (row,), _ = await deciding.lock_rows([mapping_id])
    own = row.person_id is not None and await tokens_list.is_of(conn, caller.org_id, caller.token_id, row.person_id)
    if not own and not caller.role.reaches(Role.MANAGER):
        raise NotAllowed("this needs the role manager, or a token of the person whom the mapping leads to")
    by = await deciding.by()
    decision = await deciding.carry_out("contest", plans.contest(row, by, reason), reason, by)
    return await answer(conn, caller.org_id, decision)
