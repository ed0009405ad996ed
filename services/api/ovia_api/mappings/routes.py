"""Mappings over HTTP: which account belongs to whom, and how sure that is."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from ovia_shared.database import mappings, search
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.models.caller import Caller
from ovia_shared.models.mapping import Mapping, MappingFilter, MappingPosition, MappingStatus
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.paging import CursorText, Limit, Page, Paging
from ovia_shared.web.parameters import SearchText, SourceText

_paging = Paging("mappings", MappingPosition, mappings.position)

ConfidenceBound = Annotated[
    float | None, QueryParameter(ge=0, le=1, description="A bound on the confidence, 0 to 1, itself included.")
]


@get(
    "/team/identity-mappings",
    guards=[requires(Role.VIEWER)],
    operation_id="list_identity_mappings",
    tags=["mappings"],
    summary="Mappings, the least certain first",
    security=SECURITY,
    responses=problems_of(),
)
async def list_mappings(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    status: Annotated[
        MappingStatus | None, QueryParameter(description="`conflict` is the queue of what waits for a decision.")
    ] = None,
    source: SourceText = None,
    min_confidence: ConfidenceBound = None,
    max_confidence: ConfidenceBound = None,
    search_text: SearchText = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[Mapping]:
    """Links between accounts and people believed now, each with its reasons, by confidence and then by age."""
    if min_confidence is not None and max_confidence is not None and min_confidence > max_confidence:
        raise InvalidInput("min_confidence is above max_confidence", field="min_confidence")
    words = await search.words(conn, search_text)
    wanted = MappingFilter(status, source, min_confidence, max_confidence, words)
    begun = _paging.read(cursor, wanted)
    if begun is None:
        rows, total = await mappings.find_first(conn, caller.org_id, wanted, limit + 1)
    else:
        rows, total = await mappings.find(conn, caller.org_id, wanted, begun.after, limit + 1), begun.total
    return _paging.page(rows, limit, total, wanted)
