"""What choosing a setting would change, over HTTP."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, PathParameter, SkipValidation

from ovia_metrics.settings import choices
from ovia_metrics.settings.comparing import Tried
from ovia_metrics.settings.previews import Previews
from ovia_metrics.settings.routes import CallerGiven, Conn, Name
from ovia_shared.database import setting_previews
from ovia_shared.database.kpis import scopes
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput, NotFound
from ovia_shared.models.caller import Caller
from ovia_shared.models.kpi import Scope, ScopeKind
from ovia_shared.models.setting import PreviewStatus, SettingName, SettingPreview
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of

# A small organisation's is there by then; a large one's is asked for again.
WAIT_SECONDS = 4.0
RETRY_SECONDS = "2"


class Proposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A setting as it would be chosen with `PUT`, and whose numbers to look at: `scope_id` is of a product or team."""

    value: dict[str, Any]
    scope_kind: Literal["organisation", "product", "team"] = "organisation"
    scope_id: Annotated[str, msgspec.Meta(max_length=100)] = ""


@post(
    "/team/settings/{name:str}/preview",
    guards=[requires(Role.MANAGER)],
    operation_id="preview_setting",
    tags=["settings"],
    summary="What choosing a setting would change",
    security=SECURITY,
    status_code=200,
    responses=problems_of(404, 409, 413)
    | {
        202: ResponseSpec(
            SettingPreview, description="It takes longer: ask at Location until it is done.", generate_examples=False
        )
    },
)
async def preview_setting(
    conn: Conn,
    caller: CallerGiven,
    previews: NamedDependency[SkipValidation[Previews]],
    name: Name,
    data: Annotated[
        Proposal,
        BodyKwarg(
            media_type=RequestEncodingType.JSON,
            examples=[
                Example(summary="staleness", value={"value": {"days": 5}}),
                Example(
                    summary="workflow, for a product",
                    value={
                        "value": {"categories": {"*": {"In Review": "in_progress"}}},
                        "scope_kind": "product",
                        "scope_id": "01a20af0-a147-7024-8fd4-1781055c22fc",
                    },
                ),
            ],
        ),
    ],
) -> Response[SettingPreview]:
    """Twelve months of every KPI it can affect, as they are and as they would be: exactly what is counted once it is
    chosen and facts are derived, as long as nothing else changes. Nothing is stored and nobody waits for it, but for
    new facts. One at a time for each organisation."""
    if name is SettingName.ASK:
        raise InvalidInput("ask changes no number, so there is nothing to look at before choosing it", field="name")
    value = choices.read(name, data.value)
    await choices.check(conn, caller.org_id, value)
    scope = Scope(ScopeKind(data.scope_kind), data.scope_id)
    await scopes.resolve(conn, caller.org_id, scope)
    preview_id = await previews.begin(
        Tried(org_id=caller.org_id, name=name, value=value, scope=scope), requested_by=caller.name
    )
    await previews.wait(preview_id, WAIT_SECONDS)
    found = await _found(conn, caller, preview_id)
    if found.status is not PreviewStatus.RUNNING:
        return Response(found)
    headers = {"Location": f"/team/settings/previews/{preview_id}", "Retry-After": RETRY_SECONDS}
    return Response(found, status_code=202, headers=headers)


@get(
    "/team/settings/previews/{preview_id:uuid}",
    guards=[requires(Role.MANAGER)],
    operation_id="read_setting_preview",
    tags=["settings"],
    summary="How far a preview got, and what came of it",
    security=SECURITY,
    response_headers=[
        ResponseHeader(
            name="Retry-After", value="2", description="Seconds, while it is running.", documentation_only=True
        )
    ],
    responses=problems_of(404),
)
async def read_preview(
    conn: Conn, caller: CallerGiven, preview_id: Annotated[UUID, PathParameter(description="A preview, by its id.")]
) -> Response[SettingPreview]:
    """Kept for a day."""
    found = await _found(conn, caller, preview_id)
    return Response(found, headers={"Retry-After": RETRY_SECONDS} if found.status is PreviewStatus.RUNNING else {})


async def _found(conn: Connection, caller: Caller, preview_id: UUID) -> SettingPreview:
    found = await setting_previews.find(conn, caller.org_id, preview_id)
    if found is None:
        raise NotFound("there is no such preview; they are kept for a day")
    return found


def routes(previews: Previews) -> Router:
    """All routes about previews."""
    return Router(
        "/",
        route_handlers=[preview_setting, read_preview],
        dependencies={"previews": Provide(lambda: previews, sync_to_thread=False)},
    )
