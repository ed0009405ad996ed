"""Accounts without a person, over HTTP."""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation

from ovia_shared.database import identities, orphans, search
from ovia_shared.database.pool import Connection
from ovia_shared.errors import NotFound
from ovia_shared.linking import candidates
from ovia_shared.models.caller import Caller
from ovia_shared.models.candidate import Candidate
from ovia_shared.models.orphan import Orphan, OrphanFilter, OrphanPosition
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.paging import CursorText, Limit, Page, Paging
from ovia_shared.web.parameters import SearchText, SourceText

_paging = Paging[Orphan, OrphanPosition]("orphans", OrphanPosition, lambda orphan: OrphanPosition(orphan.id))


@get(
    "/team/identities/orphans",
    guards=[requires(Role.VIEWER)],
    operation_id="list_orphans",
    tags=["mappings"],
    summary="Accounts that belong to nobody yet",
    security=SECURITY,
    responses=problems_of(),
)
async def list_orphans(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    source: SourceText = None,
    service_account: Annotated[
        bool | None, QueryParameter(description="Only bots and technical users, or only the others.")
    ] = None,
    search_text: SearchText = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[Orphan]:
    """Identities without an active mapping, in the order they were first seen."""
    wanted = OrphanFilter(source, service_account, await search.words(conn, search_text))
    begun = _paging.read(cursor, wanted)
    rows = await orphans.find(conn, caller.org_id, wanted, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await orphans.count(conn, caller.org_id, wanted)
    return _paging.page(rows, limit, total, wanted)


@get(
    "/team/identities/{identity_id:uuid}/candidates",
    guards=[requires(Role.VIEWER)],
    operation_id="list_candidates",
    tags=["review"],
    summary="Whom an account may belong to",
    security=SECURITY,
    responses=problems_of(404),
)
async def list_candidates(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    identity_id: FromPath[UUID],
    limit: Annotated[int, QueryParameter(ge=1, le=20, description="The likeliest so many.")] = 5,
) -> list[Candidate]:
    """The people an account resembles, the likeliest first, each with the reasons for and against: whom it is mapped to
    among them, and whoever else it could be. Nobody for a service account, or one that is ignored."""
    if not await identities.exists(conn, caller.org_id, identity_id):
        raise NotFound("there is no such account")
    return await candidates.of_account(conn, caller.org_id, identity_id, limit)
