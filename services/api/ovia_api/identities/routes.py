"""Accounts without a person, over HTTP."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from ovia_shared.database import orphans, search
from ovia_shared.database.pool import Connection
from ovia_shared.models.caller import Caller
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
