"""How sure is sure enough: an organisation's matching settings over HTTP."""

from typing import Annotated

from litestar import Request, Response, get, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, SkipValidation

from ovia_shared.database import audit_log, organisation_settings
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.linking.incremental import SETTING
from ovia_shared.models.caller import Caller
from ovia_shared.models.decision import MatchingSettings
from ovia_shared.models.rematch import ChosenSettings
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.etags import ETAG, IfMatch, etag, require_match
from ovia_shared.web.idempotency import Write

# As `matching.published.SETTINGS`, which would load numpy here; a test holds them equal.
THRESHOLDS = {"default": MatchingSettings(), "published": MatchingSettings(0.85, 0.5, "published")}
_EXAMPLES = [
    Example(summary="Only what is nearly certain", value={"auto": 0.97, "conflict": 0.7}),
    Example(summary="The published scoring rule", value={"configuration": "published"}),
]


@get(
    "/team/matching-settings",
    guards=[requires(Role.VIEWER)],
    operation_id="read_matching_settings",
    tags=["matching"],
    summary="How sure the matcher must be",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(),
)
async def read_settings(
    conn: NamedDependency[SkipValidation[Connection]], caller: NamedDependency[SkipValidation[Caller]]
) -> Response[MatchingSettings]:
    """A link is made from confidence `auto` on, waits for a decision from `conflict` on, and is rejected below."""
    settings = await organisation_settings.read(conn, caller.org_id, SETTING, MatchingSettings)
    return Response(settings, headers=etag(await organisation_settings.version(conn, caller.org_id, SETTING)))


@put(
    "/team/matching-settings",
    guards=[requires(Role.MANAGER)],
    operation_id="choose_matching_settings",
    operation_class=Write,
    tags=["matching"],
    summary="Choose how sure the matcher must be",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(409, 412, 413, 428),
)
async def choose_settings(
    request: Request[Caller, None, State],
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    data: Annotated[ChosenSettings, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_EXAMPLES)],
    if_match: IfMatch = None,
) -> Response[MatchingSettings]:
    """Holds for accounts matched from now on. For all others, see what it would change with
    `POST /team/matching/preview`, and do it with `POST /team/matching/apply`."""
    org_id = caller.org_id
    await organisation_settings.lock(conn, org_id, SETTING)
    require_match(if_match, await organisation_settings.version(conn, org_id, SETTING))
    settings = chosen(data)
    before = await organisation_settings.read(conn, org_id, SETTING, MatchingSettings)
    if await organisation_settings.write(conn, org_id, SETTING, settings, caller.name):
        await audit_log.record(
            conn,
            org_id,
            actor=caller.name,
            action="change",
            subject_kind="matching_settings",
            detail={"before": before, "after": settings},
            request_id=request.scope["state"]["request_id"],
        )
    return Response(settings, headers=etag(await organisation_settings.version(conn, org_id, SETTING)))


def chosen(data: ChosenSettings) -> MatchingSettings:
    """What was chosen, completed by the configuration's own thresholds. Raises `InvalidInput`."""
    usual = THRESHOLDS[data.configuration]
    auto = usual.auto if data.auto is None else data.auto
    conflict = usual.conflict if data.conflict is None else data.conflict
    if conflict > auto:
        raise InvalidInput(f"conflict ({conflict}) is above auto ({auto})", field="conflict")
    return MatchingSettings(auto, conflict, data.configuration)
