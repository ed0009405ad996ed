"""Deployments to production over HTTP: which did harm, and who says otherwise."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, delete, get, put
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, PathParameter, QueryParameter, SkipValidation

from ovia_metrics.deployments.saying import DeploymentActions, found
from ovia_shared.database import organisation_settings, production
from ovia_shared.database.kpis import scopes
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.models.caller import Caller
from ovia_shared.models.decision import MatchingSettings
from ovia_shared.models.kpi import ResolvedScope, Scope, ScopeKind
from ovia_shared.models.production import (
    CausedIncidents,
    DeploymentFilter,
    DeploymentPosition,
    IncidentCandidate,
    ProductionDeployment,
    SaidIncidents,
)
from ovia_shared.models.token import Role
from ovia_shared.web import moments
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.etags import ETAG, IfMatch, etag
from ovia_shared.web.idempotency import Write
from ovia_shared.web.paging import CursorText, Limit, Page, Paging

DeploymentId = Annotated[UUID, PathParameter(description="The deployment's id, as the list gives it.")]

_paging = Paging[ProductionDeployment, DeploymentPosition](
    "production deployments", DeploymentPosition, lambda one: DeploymentPosition(one.deployed_at, one.id)
)
_SCOPES = (ScopeKind.ORGANISATION, ScopeKind.PRODUCT, ScopeKind.PROJECT, ScopeKind.TEAM)
MOST_CANDIDATES = 20
_SAID = [
    Example(
        summary="It caused one incident",
        value={
            "incidents": [{"connection_id": "01a20af7-18f0-7c1e-9b0a-52a1c3f6d7e8", "external_id": "10001"}],
            "reason": "The alarm went off minutes after it; the ticket was filed the day after.",
        },
    ),
    Example(summary="It caused none", value={"incidents": [], "reason": "The provider's network was down."}),
]


async def deployment_actions_of(
    request: Request[Any, Any, Any],
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
) -> DeploymentActions:
    """What this request may say of deployments, once its role is proven."""
    return DeploymentActions(conn, caller, request.scope["state"]["request_id"])


@get(
    "/team/deployments",
    guards=[requires(Role.VIEWER)],
    operation_id="list_deployments",
    tags=["deployments"],
    summary="Deployments to production, newest first",
    security=SECURITY,
    responses=problems_of(),
)
async def list_deployments(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    connection: Annotated[UUID | None, QueryParameter(description="Only what this connection reads.")] = None,
    project: Annotated[
        str | None,
        QueryParameter(
            min_length=1, max_length=512, description="Only of this project, by the id it has in its source."
        ),
    ] = None,
    failed: Annotated[bool | None, QueryParameter(description="Only those that did harm, or that did none.")] = None,
    since: Annotated[
        str | None,
        QueryParameter(name="from", max_length=40, description="Only those at this moment (RFC 3339) or later."),
    ] = None,
    until: Annotated[
        str | None, QueryParameter(name="to", max_length=40, description="Only those before this moment (RFC 3339).")
    ] = None,
    scope_kind: Annotated[
        ScopeKind, QueryParameter(description="Whose: of the organisation, a product, a project, or a team.")
    ] = ScopeKind.ORGANISATION,
    scope_id: Annotated[str, QueryParameter(max_length=1200, description="Which one; as for KPIs.")] = "",
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[ProductionDeployment]:
    """What counts as a deployment to production: deployments to such environments, else releases, else tags. A team's
    are those that people made who were in it."""
    begins = None if since is None else moments.read(since, "from")
    ends = None if until is None else moments.read(until, "to")
    if begins is not None and ends is not None and ends <= begins:
        raise InvalidInput("to must be after from", field="to")
    of = await _scope(conn, caller, scope_kind, scope_id)
    wanted = DeploymentFilter(
        connection, project, failed, begins, ends, of.projects, of.teams, await _auto(conn, caller)
    )
    begun = _paging.read(cursor, wanted)
    rows = await production.find(conn, caller.org_id, wanted, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await production.count(conn, caller.org_id, wanted)
    return _paging.page(rows, limit, total, wanted)


@get(
    "/team/deployments/incident-candidates",
    guards=[requires(Role.VIEWER)],
    operation_id="list_incident_candidates",
    tags=["deployments"],
    summary="Work items that a deployment may have caused",
    security=SECURITY,
    responses=problems_of(),
)
async def list_candidates(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    key: Annotated[
        str | None, QueryParameter(min_length=1, max_length=100, description="Only those whose key begins so.")
    ] = None,
    around: Annotated[
        str | None,
        QueryParameter(max_length=40, description="Without a key: incidents created around this moment (RFC 3339)."),
    ] = None,
) -> list[IncidentCandidate]:
    """At most 20: by their key, or else those that are incidents by their type, the newest first."""
    moment = None if around is None else moments.read(around, "around")
    return await production.candidates(conn, caller.org_id, key, moment, MOST_CANDIDATES)


@get(
    "/team/deployments/{deployment_id:uuid}/incidents",
    guards=[requires(Role.VIEWER)],
    operation_id="read_deployment_incidents",
    tags=["deployments"],
    summary="What a deployment caused",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(404),
)
async def read_incidents(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    deployment_id: DeploymentId,
) -> Response[CausedIncidents]:
    """The incidents somebody says it caused, or else those derived. The ETag goes into If-Match of a correction."""
    return _shown(await found(conn, caller.org_id, deployment_id))


@put(
    "/team/deployments/{deployment_id:uuid}/incidents",
    guards=[requires(Role.MANAGER)],
    operation_id="say_deployment_incidents",
    operation_class=Write,
    tags=["deployments"],
    summary="Say what a deployment caused",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(404, 409, 412, 413, 428),
)
async def say_incidents(
    doing: NamedDependency[SkipValidation[DeploymentActions]],
    deployment_id: DeploymentId,
    data: Annotated[SaidIncidents, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_SAID)],
    if_match: IfMatch = None,
) -> Response[CausedIncidents]:
    """It caused these work items and nothing else; none, if the list is empty. They are held against no other
    deployment that does not name them too. Facts, and the KPIs counted from them, follow within moments."""
    return _shown(await doing.say(deployment_id, data, if_match))


@delete(
    "/team/deployments/{deployment_id:uuid}/incidents",
    guards=[requires(Role.MANAGER)],
    operation_id="undo_deployment_incidents",
    operation_class=Write,
    status_code=200,
    tags=["deployments"],
    summary="Take back what was said",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(404, 409, 412, 413, 428),
)
async def undo_incidents(
    doing: NamedDependency[SkipValidation[DeploymentActions]], deployment_id: DeploymentId, if_match: IfMatch = None
) -> Response[CausedIncidents]:
    """What is derived holds again, as if nobody had said anything; that somebody did stays on record."""
    return _shown(await doing.take_back(deployment_id, if_match))


async def _scope(conn: Connection, caller: Caller, kind: ScopeKind, scope_id: str) -> ResolvedScope:
    if kind not in _SCOPES:
        raise InvalidInput(f"deployments are told of: {', '.join(_SCOPES)}", field="scope_kind")
    return await scopes.resolve(conn, caller.org_id, Scope(kind, scope_id))


async def _auto(conn: Connection, caller: Caller) -> float:
    return (await organisation_settings.read(conn, caller.org_id, "matching", MatchingSettings)).auto


def _shown(caused: CausedIncidents) -> Response[CausedIncidents]:
    return Response(caused, headers=etag(caused.version))


DEPLOYMENTS = Router(
    "/",
    route_handlers=[list_deployments, list_candidates, read_incidents, say_incidents, undo_incidents],
    dependencies={"doing": Provide(deployment_actions_of)},
)
