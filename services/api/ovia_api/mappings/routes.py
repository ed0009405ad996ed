"""Mappings over HTTP: which account belongs to whom, and how sure that is."""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation

from ovia_api.mappings.deciding import moved_on
from ovia_shared.database import identity_events, mapping_changes, mappings, people_rows, search
from ovia_shared.database.pool import Connection
from ovia_shared.errors import Conflict, InvalidInput, NotFound
from ovia_shared.models.caller import Caller
from ovia_shared.models.mapping import Mapping, MappingFilter, MappingOrder, MappingPosition, MappingStatus
from ovia_shared.models.mapping_change import MappingRow
from ovia_shared.models.review import EventPosition, EventView
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.paging import CursorText, Limit, Page, Paging
from ovia_shared.web.parameters import SearchText, SourceText

_paging = Paging("mappings", MappingPosition, mappings.position)
_history = Paging[EventView, EventPosition]("history", EventPosition, lambda event: EventPosition(event.id))

ConfidenceBound = Annotated[
    float | None, QueryParameter(ge=0, le=1, description="A bound on the confidence, 0 to 1, itself included.")
]
TeamId = Annotated[UUID | None, QueryParameter(description="Only people who are in this team now, or below it.")]
Sort = Annotated[
    MappingOrder, QueryParameter(description="`confidence_asc`: least certain first; `age_desc`: oldest first.")
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
    team_id: TeamId = None,
    sort: Sort = MappingOrder.CONFIDENCE_ASC,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[Mapping]:
    """Links between accounts and people believed now, each with its reasons."""
    if min_confidence is not None and max_confidence is not None and min_confidence > max_confidence:
        raise InvalidInput("min_confidence is above max_confidence", field="min_confidence")
    words = await search.words(conn, search_text)
    wanted = MappingFilter(status, source, min_confidence, max_confidence, words, team_id, sort)
    begun = _paging.read(cursor, wanted)
    if begun is None:
        rows, total = await mappings.find_first(conn, caller.org_id, wanted, limit + 1)
    else:
        rows, total = await mappings.find(conn, caller.org_id, wanted, begun.after, limit + 1), begun.total
    return _paging.page(rows, limit, total, wanted)


@get(
    "/team/identity-mappings/{mapping_id:uuid}",
    guards=[requires(Role.VIEWER)],
    operation_id="read_identity_mapping",
    tags=["mappings"],
    summary="A mapping, with its reasons",
    security=SECURITY,
    responses=problems_of(404, 409),
)
async def read_mapping(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    mapping_id: FromPath[UUID],
) -> Mapping:
    """One mapping in force. One that was decided otherwise since it was shown is a 409 that says what is in force."""
    found = await mappings.find_one(conn, caller.org_id, mapping_id)
    if found is not None:
        return found
    row = await _known(conn, caller.org_id, mapping_id)
    raise Conflict(moved_on(row, await mapping_changes.believed(conn, caller.org_id, [row.identity_id])))


@get(
    "/team/identity-mappings/{mapping_id:uuid}/history",
    guards=[requires(Role.VIEWER)],
    operation_id="read_mapping_history",
    tags=["review"],
    summary="What was decided about an account",
    security=SECURITY,
    responses=problems_of(404),
)
async def read_history(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    mapping_id: FromPath[UUID],
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[EventView]:
    """Every decision about the account of this mapping, by the engine and by people, the newest first."""
    identity = (await _known(conn, caller.org_id, mapping_id)).identity_id
    about = EventPosition(identity)
    begun = _history.read(cursor, about)
    rows = await identity_events.of_identity(conn, caller.org_id, identity, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await identity_events.count(conn, caller.org_id, identity_id=identity)
    return _history.page(rows, limit, total, about)


@get(
    "/team/people/{person_id:uuid}/history",
    guards=[requires(Role.VIEWER)],
    operation_id="read_person_history",
    tags=["review"],
    summary="What was decided about a person",
    security=SECURITY,
    responses=problems_of(404),
)
async def read_person_history(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    person_id: FromPath[UUID],
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[EventView]:
    """Every decision about the person and their accounts, the newest first; of a merged or deleted person too."""
    if await people_rows.find(conn, caller.org_id, person_id) is None:
        raise NotFound("there is no such person")
    about = EventPosition(person_id)
    begun = _history.read(cursor, about)
    rows = await identity_events.of_person(conn, caller.org_id, person_id, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await identity_events.count(conn, caller.org_id, person_id=person_id)
    return _history.page(rows, limit, total, about)


async def _known(conn: Connection, org_id: UUID, mapping_id: UUID) -> MappingRow:
    rows = await mapping_changes.rows_by_id(conn, org_id, [mapping_id])
    if not rows:
        raise NotFound("there is no such mapping")
    return rows[0]
