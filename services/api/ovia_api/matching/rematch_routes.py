"""Matching everything anew over HTTP: first what would change, then, by the digest of what was seen, the change."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, SkipValidation

from ovia_api.matching.settings_routes import chosen
from ovia_shared.database import linking, organisation_settings
from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict, Stale
from ovia_shared.linking import rematching
from ovia_shared.linking.incremental import SETTING
from ovia_shared.models.caller import Caller
from ovia_shared.models.decision import MatchingSettings
from ovia_shared.models.rematch import ChangedMapping, ChosenSettings, Rematch
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.idempotency import Write

# Beyond, matching takes longer than a request may, and others would wait for the processor.
MOST_ACCOUNTS = 20_000

_DIGEST = "5f0c1e9ab35d4c6fa1f0e6d27b9c3a84"


class PreviewRematch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`settings` to try; left out, those in force. `after` and `limit` page through the changes."""

    settings: ChosenSettings | None = None
    after: UUID | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class RematchPage(msgspec.Struct, frozen=True):
    """`next` is the `after` of the page behind this one; `total` counts the changes of all pages."""

    rematch: Rematch
    data: list[ChangedMapping]
    next: UUID | None
    total: int


class ApplyRematch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The change that was previewed, by its digest."""

    digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}\\Z")]


@post(
    "/team/matching/preview",
    guards=[requires(Role.MANAGER)],
    operation_id="preview_rematch",
    tags=["matching"],
    summary="What matching everything anew would change",
    security=SECURITY,
    status_code=200,
    responses=problems_of(409, 413),
)
async def preview_rematch(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    data: Annotated[
        PreviewRematch,
        BodyKwarg(media_type=RequestEncodingType.JSON, examples=[Example(value={"settings": {"auto": 0.95}})]),
    ],
) -> RematchPage:
    """Nothing is written. Verified and ignored mappings and refused pairs stay in every case. Each page is computed
    anew: when the digest changes between two pages, begin again. For more than 20,000 accounts the answer is 409, and
    an operator runs `ovia-ingest link --preview`."""
    await _require_few(conn, caller.org_id)
    plan = await rematching.plan(conn, caller.org_id, await _settings(conn, caller.org_id, data.settings))
    rest = [one for one in plan.changes if data.after is None or one.identity_id > data.after]
    page = rest[: data.limit]
    return RematchPage(plan.rematch, page, page[-1].identity_id if len(rest) > len(page) else None, len(plan.changes))


@post(
    "/team/matching/apply",
    guards=[requires(Role.MANAGER)],
    operation_id="apply_rematch",
    operation_class=Write,
    tags=["matching"],
    summary="Match everything anew",
    security=SECURITY,
    status_code=200,
    responses=problems_of(409, 412, 413),
)
async def apply_rematch(
    request: Request[Caller, None, State],
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    data: Annotated[
        ApplyRematch,
        BodyKwarg(media_type=RequestEncodingType.JSON, examples=[Example(value={"digest": _DIGEST})]),
    ],
) -> Rematch:
    """Does what a preview with the settings in force showed, with an event for each account. Where it would no longer
    do exactly that, the answer is 412, and nothing is done."""
    await _require_few(conn, caller.org_id)
    await linking.lock(conn, caller.org_id)
    plan = await rematching.plan(conn, caller.org_id, await _settings(conn, caller.org_id, None))
    if plan.rematch.digest != data.digest:
        raise Stale("matching anew would change something else by now; preview it again with the settings in force")
    request_id = request.scope["state"]["request_id"]
    await rematching.carry_out(conn, caller.org_id, plan, actor=caller.name, request_id=request_id)
    return plan.rematch


async def _settings(conn: Connection, org_id: UUID, wanted: ChosenSettings | None) -> MatchingSettings:
    if wanted is not None:
        return chosen(wanted)
    return await organisation_settings.read(conn, org_id, SETTING, MatchingSettings)


async def _require_few(conn: Connection, org_id: UUID) -> None:
    if await linking.more_accounts_than(conn, org_id, MOST_ACCOUNTS):
        raise Conflict(
            f"there are more than {MOST_ACCOUNTS:,} accounts: too many for a request. An operator can run "
            "`ovia-ingest link --full --preview`, and without --preview to do it"
        )
