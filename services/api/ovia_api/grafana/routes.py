"""Who may open Grafana: the gateway asks before it passes a request on, and Grafana believes the headers of the answer.

A browser cannot be told to send a bearer token, but it asks for a password: the token is taken as that of HTTP Basic
too, under any user name.
"""

from typing import Literal
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import SkipValidation

from ovia_shared.database import organisations
from ovia_shared.database.pool import Connection
from ovia_shared.errors import NotAllowed
from ovia_shared.models.caller import Caller
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import BASIC
from ovia_shared.web.documentation import SECURITY, problems_of

GRAFANA_ROLES = {Role.VIEWER: "Viewer", Role.ANALYST: "Viewer", Role.MANAGER: "Editor", Role.ADMIN: "Admin"}


class GrafanaUser(msgspec.Struct, frozen=True):
    """Who the caller is in Grafana. The gateway reads the headers, which say the same."""

    user: str
    role: str


def routes(whose: UUID | Literal["any"] | None) -> HTTPRouteHandler:
    """The one route. Grafana shows all organisations of an installation, so people of only one may open it: of `whose`,
    or of the only one there is; of any where that was said."""

    @get(
        "/auth/grafana",
        opt=dict(BASIC),
        operation_id="authorise_grafana",
        tags=["service"],
        summary="Whether the caller may open Grafana, and as whom",
        security=[*SECURITY, {"basic": []}],
        responses=problems_of(),
        response_headers=[
            ResponseHeader(name="X-Webauth-User", description="The login in Grafana.", documentation_only=True),
            ResponseHeader(name="X-Webauth-Role", description="Viewer, Editor or Admin.", documentation_only=True),
        ],
    )  # fmt: skip
    async def authorise(
        conn: NamedDependency[SkipValidation[Connection]], caller: NamedDependency[SkipValidation[Caller]]
    ) -> Response[GrafanaUser]:
        """For the gateway. The token may be the password of HTTP Basic as well."""
        if whose is None and not await organisations.is_only(conn):
            raise NotAllowed(
                "Grafana shows the whole installation, which has several organisations; "
                "OVIA_GRAFANA_ORGANISATION says whose people may open it"
            )
        if isinstance(whose, UUID) and caller.org_id != whose:
            raise NotAllowed("Grafana shows the whole installation, and is open to one organisation of it only")
        who = GrafanaUser(login_of(caller), GRAFANA_ROLES[caller.role])
        return Response(who, headers={"X-Webauth-User": who.user, "X-Webauth-Role": who.role})

    return authorise


def login_of(caller: Caller) -> str:
    """The user in Grafana: one per token name, so that a rotated token finds its preferences again.

    Two organisations may name a token alike. Headers hold ASCII only.
    """
    return f"{quote(caller.name, safe='')}.{caller.org_id.hex[-12:]}"
