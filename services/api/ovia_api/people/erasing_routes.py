"""Erasing a person over HTTP."""

from typing import Annotated, Any

from litestar import Request, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, QueryParameter, SkipValidation

from ovia_api.mappings.answers import Decisions
from ovia_api.people.answers import PersonId
from ovia_api.people.erasing import Erasing
from ovia_shared.database.pool import Connection, attempt
from ovia_shared.models.caller import Caller
from ovia_shared.models.retention import Erase, Erasure
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.idempotency import Write

_EXAMPLES = [
    Example(summary="Their name, repeated", value={"display_name": "Ann Lee"}),
    Example(summary="Only to see what would go, with dry_run=true", value={}),
]


class _DryRun(Exception):
    def __init__(self, would: Erasure) -> None:
        super().__init__()
        self.would = would


@post(
    "/team/people/{person_id:uuid}/erase",
    guards=[requires(Role.ADMIN)],
    operation_id="erase_person",
    operation_class=Write,
    tags=["people"],
    summary="Take out for good what names somebody",
    security=SECURITY,
    status_code=200,
    responses=problems_of(404, 409, 413),
)
async def erase_person(
    request: Request[Any, Any, Any],
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    deciding: Decisions,
    person_id: PersonId,
    data: Annotated[Erase, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_EXAMPLES)],
    dry_run: Annotated[bool, QueryParameter(description="Erase nothing; say what would be.")] = False,
) -> Erasure:
    """**Cannot be undone.** Name and e-mail give way to a pseudonym; logins, names and e-mails of the accounts go, from
    the history of decisions and the reasons of mappings too; reading the sources does not bring them back. Ids stay, so
    every number stays as it is. The person's own tokens are revoked. Decisions about the person cannot be undone
    afterwards."""
    doing = Erasing(conn, caller, deciding, request.scope["state"]["request_id"])
    if not dry_run:
        return await doing.erase(person_id, data.display_name, dry_run=False)
    # Exactly what would happen, since it does, and is taken back.
    try:
        async with attempt(conn):
            raise _DryRun(await doing.erase(person_id, data.display_name, dry_run=True))
    except _DryRun as told:
        return told.would
