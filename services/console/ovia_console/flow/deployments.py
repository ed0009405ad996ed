"""Deployments to production: which did harm, what they caused, and how they were put right."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from ovia_console.flow.rows import Pages
from ovia_console.pages.visit import OfVisit
from ovia_console.scopes.scope import Scope, choices_of, scope_of
from ovia_shared.errors import InvalidInput

PAGE = 50
KINDS = ("organisation", "product", "project", "team")


class Incident(msgspec.Struct, frozen=True):
    """A work item that a deployment caused."""

    connection_id: str
    external_id: str
    key: str

    @property
    def value(self) -> str:
        """As a form holds it."""
        return f"{self.connection_id}:{self.external_id}"


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """See `GET /team/deployments`."""

    id: str
    external_id: str
    project_key: str | None
    source: Literal["environments", "releases", "tags"]
    environment: str | None
    deployed_at: datetime
    failed: bool
    rollback: bool
    fix: bool
    recovered_at: datetime | None
    incidents: list[Incident]
    corrected_by: str | None


@get("/flow/deployments")
async def show(
    visit: OfVisit,
    failed: Literal["", "true", "false"] = "",
    cursor: Annotated[str, QueryParameter(max_length=2000)] = "",
) -> Response[str]:
    """Newest first; htmx asks for the next page in place."""
    scope = scope_of(visit.request)
    page, choices = await asyncio.gather(
        visit.metrics.get(
            "/team/deployments", Pages[Deployment], **asked(scope), failed=failed, cursor=cursor, limit=PAGE
        ),
        choices_of(visit),
    )
    template = "flow/deployment_rows.html" if visit.in_place and cursor else "flow/deployments.html"
    return visit.page(template, scope=scope, choices=choices, page=page, failed=failed)


def asked(scope: Scope) -> dict[str, Any]:
    """A scope as the list of deployments takes it: its days as moments. Raises `InvalidInput`."""
    if scope.kind not in KINDS:
        raise InvalidInput("deployments are of the organisation, a team, a product or a project", field="scope")
    return {**scope.asked(), "from_": f"{scope.since}T00:00:00Z", "to": f"{scope.until}T00:00:00Z"}
