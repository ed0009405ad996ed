"""Settings about numbers over HTTP."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, PathParameter, SkipValidation

from ovia_metrics.settings import choices
from ovia_shared.database import audit_log, notices, organisation_settings, setting_versions
from ovia_shared.database.pool import Connection
from ovia_shared.models.caller import Caller
from ovia_shared.models.setting import OF_FACTS, Setting, SettingName, SettingPosition, SettingVersion
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.etags import ETAG, IfMatch, etag, require_match
from ovia_shared.web.idempotency import Write
from ovia_shared.web.paging import CursorText, Limit, Page, Paging

Conn = NamedDependency[SkipValidation[Connection]]
CallerGiven = NamedDependency[SkipValidation[Caller]]
Name = Annotated[SettingName, PathParameter(description="Which setting.")]
EXAMPLES = [
    Example(summary="workflow", value={"categories": {"*": {"In Review": "in_progress"}}, "blocked": ["On Hold"]}),
    Example(summary="classification", value={"bug_types": ["Bug", "Defect"], "bug_labels": ["bug"]}),
    Example(summary="production", value={"environments": ["^prod", "^live$"], "release_branches": "^release/"}),
    Example(summary="staleness", value={"days": 5}),
    Example(summary="health_weights", value={"completion": 50, "blocker_age": 50, "first_response": 0}),
    Example(summary="risk_weights", value={"blockers": 50, "pipelines": 50, "stale": 0}),
    Example(summary="privacy", value={"minimum_group": 5}),
    Example(
        summary="ask",
        value={
            "model": {"provider": "openai", "base_url": "http://ollama.company.example:11434/v1", "model": "qwen3:8b"},
            "tokens_per_day": 2_000_000,
        },
    ),
]


@get(
    "/team/settings",
    guards=[requires(Role.VIEWER)],
    operation_id="list_settings",
    tags=["settings"],
    summary="What was chosen about numbers",
    security=SECURITY,
    responses=problems_of(),
)
async def list_settings(conn: Conn, caller: CallerGiven) -> list[Setting]:
    """Every setting, with its default, and who chose it when."""
    return [await _shown(conn, caller, name) for name in SettingName]


@get(
    "/team/settings/{name:str}",
    guards=[requires(Role.VIEWER)],
    operation_id="read_setting",
    tags=["settings"],
    summary="One setting",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(404),
)
async def read_setting(conn: Conn, caller: CallerGiven, name: Name) -> Response[Setting]:
    """What is in force, and its version for If-Match."""
    setting = await _shown(conn, caller, name)
    return Response(setting, headers=etag(setting.version))


@put(
    "/team/settings/{name:str}",
    guards=[requires(Role.MANAGER)],
    operation_id="choose_setting",
    operation_class=Write,
    tags=["settings"],
    summary="Choose a setting",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(404, 409, 412, 413, 428),
)
async def choose_setting(
    request: Request[Caller, None, State],
    conn: Conn,
    caller: CallerGiven,
    name: Name,
    data: Annotated[dict[str, Any], BodyKwarg(media_type=RequestEncodingType.JSON, examples=EXAMPLES)],
    if_match: IfMatch = None,
) -> Response[Setting]:
    """The whole setting: what is left out takes its default. See first what it would change with
    `POST /team/settings/{name}/preview`. The first three settings have facts derived anew, which takes some seconds or
    minutes; the others hold at once. What numbers were given out before can be given again."""
    org_id = caller.org_id
    await organisation_settings.lock(conn, org_id, name)
    require_match(if_match, await organisation_settings.version(conn, org_id, name))
    value = choices.read(name, data)
    await choices.check(conn, org_id, value)
    before = await organisation_settings.read(conn, org_id, name, choices.KINDS[name])
    if await organisation_settings.write(conn, org_id, name, value, caller.name):
        await audit_log.record(
            conn,
            org_id,
            actor=caller.name,
            action="change",
            subject_kind=f"{name}_setting",
            detail={"before": msgspec.to_builtins(before), "after": msgspec.to_builtins(value)},
            request_id=request.scope["state"]["request_id"],
        )
        if name in OF_FACTS:
            await notices.tell(conn, notices.INGESTED, str(org_id))
    setting = await _shown(conn, caller, name)
    return Response(setting, headers=etag(setting.version))


@get(
    "/team/settings/{name:str}/history",
    guards=[requires(Role.VIEWER)],
    operation_id="list_setting_versions",
    tags=["settings"],
    summary="Who chose what, and when",
    security=SECURITY,
    responses=problems_of(404),
)
async def list_versions(
    conn: Conn, caller: CallerGiven, name: Name, limit: Limit = 50, cursor: CursorText = None
) -> Page[SettingVersion]:
    """Everything that was ever chosen, the latest first. Before the first, the default held."""
    paging = Paging[SettingVersion, SettingPosition](
        f"setting {name}", SettingPosition, lambda one: SettingPosition(one.id)
    )
    begun = paging.read(cursor)
    found = await setting_versions.find(conn, caller.org_id, name, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await organisation_settings.version(conn, caller.org_id, name)
    return paging.page(found, limit, total)


async def _shown(conn: Connection, caller: Caller, name: SettingName) -> Setting:
    kind = choices.KINDS[name]
    chosen = await setting_versions.in_force(conn, caller.org_id, name)
    return Setting(
        name=name,
        meaning=choices.MEANINGS[name],
        # What was stored before a field existed takes that field's default.
        value=msgspec.to_builtins(kind() if chosen is None else msgspec.convert(chosen.value, kind)),
        default=msgspec.to_builtins(kind()),
        version=await organisation_settings.version(conn, caller.org_id, name),
        chosen_by=None if chosen is None else chosen.chosen_by,
        chosen_at=None if chosen is None else chosen.chosen_at,
    )
