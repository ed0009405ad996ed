"""Imports over HTTP: lists of people and of teams as CSV, with a dry run that says what each line would do."""

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, RequestBody, Schema
from litestar.params import QueryParameter, SkipValidation

from ovia_api.imports import teams
from ovia_api.imports.people import PeopleImport
from ovia_api.mappings.answers import Decisions
from ovia_shared.database.pool import Connection
from ovia_shared.models.caller import Caller
from ovia_shared.models.imports import ImportReport
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.idempotency import Write

DryRun = Annotated[
    bool, QueryParameter(description="Only say what each line would do; nothing is written, whatever it says.")
]


@dataclass
class CsvWrite(Write):
    """The operation of a handler that takes CSV."""

    def __post_init__(self) -> None:
        super().__post_init__()
        text = Schema(type=OpenAPIType.STRING, description="CSV with a header; UTF-8 or UTF-16, at most 1 MiB.")
        self.request_body = RequestBody(content={"text/csv": OpenAPIMediaType(schema=text)}, required=True)


@post(
    "/team/people/import",
    guards=[requires(Role.MANAGER)],
    operation_id="import_people",
    operation_class=CsvWrite,
    tags=["people"],
    summary="Take people from a list",
    security=SECURITY,
    status_code=200,
    responses=problems_of(409, 413),
)
async def import_people(
    request: Request[Any, Any, Any],
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    deciding: Decisions,
    dry_run: DryRun = False,
) -> ImportReport:
    """A list that is trusted, such as an HR system's. Columns: `name`, and any of `email`, `external_id`, `username`,
    `alias`, `team` (a path, `Engineering / Wings`), `role`, `from`, `to`, `active`. Several e-mails, user names or
    aliases are parted by `|`, `;` or `,`. People are known again by `external_id`, then by e-mail; what the list says
    of them is certain for matching. With an error in any line nothing is written; `errors` names each."""
    doing = PeopleImport(conn, caller, deciding, request.scope["state"]["request_id"])
    return await doing.take(await request.body(), dry_run=dry_run)


@post(
    "/team/teams/import",
    guards=[requires(Role.MANAGER)],
    operation_id="import_teams",
    operation_class=CsvWrite,
    tags=["teams"],
    summary="Take teams and memberships from CSV",
    security=SECURITY,
    status_code=200,
    responses=problems_of(409, 413),
)
async def import_teams(
    request: Request[Any, Any, Any],
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    dry_run: DryRun = False,
) -> ImportReport:
    """Columns: `team` (a path, `Engineering / Wings`), and any of `person_id`, `email`, `person`, `role`, `from`, `to`.
    Teams that are not there are made. A membership that begins as a known one does corrects it; none is ended because a
    line is missing. With an error in any line nothing is written, and `errors` names each."""
    body = await request.body()
    return await teams.take(conn, caller, body, request.scope["state"]["request_id"], dry_run=dry_run)


@get(
    "/team/teams/export",
    guards=[requires(Role.VIEWER)],
    operation_id="export_teams",
    tags=["teams"],
    summary="Teams and memberships as CSV",
    security=SECURITY,
    media_type="text/csv",
    responses=problems_of()
    | {200: ResponseSpec(bytes, description="CSV (RFC 4180), UTF-8.", media_type="text/csv", generate_examples=False)},
)
async def export_teams(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
) -> Response[bytes]:
    """As the import takes it; cells that a spreadsheet would take for formulas begin with an apostrophe."""
    return Response(
        await teams.export(conn, caller.org_id),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="teams.csv"'},
    )


IMPORTS = [import_people, import_teams, export_teams]
