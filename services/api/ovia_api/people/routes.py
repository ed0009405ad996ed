"""People over HTTP."""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation

from ovia_shared.database import mappings, people, search
from ovia_shared.database.pool import Connection
from ovia_shared.errors import NotFound
from ovia_shared.models.caller import Caller
from ovia_shared.models.person import Person, PersonDetail, PersonFilter, PersonPosition, PersonStatus
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.paging import CursorText, Limit, Page, Paging
from ovia_shared.web.parameters import SearchText

_paging = Paging[Person, PersonPosition](
    "people", PersonPosition, lambda person: PersonPosition(person.display_name, person.id)
)


@get(
    "/team/people",
    guards=[requires(Role.VIEWER)],
    operation_id="list_people",
    tags=["people"],
    summary="People, by name",
    security=SECURITY,
    responses=problems_of(),
)
async def list_people(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    search_text: SearchText = None,
    status: Annotated[PersonStatus | None, QueryParameter(description="Only people with this status.")] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[Person]:
    """Everybody who was recognised, each with the number of accounts in use."""
    wanted = PersonFilter(status, await search.words(conn, search_text))
    begun = _paging.read(cursor, wanted)
    rows = await people.find(conn, caller.org_id, wanted, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await people.count(conn, caller.org_id, wanted)
    return _paging.page(rows, limit, total, wanted)


@get(
    "/team/people/{person_id:uuid}",
    guards=[requires(Role.VIEWER)],
    operation_id="read_person",
    tags=["people"],
    summary="A person, with accounts and teams",
    security=SECURITY,
    responses=problems_of(404),
)
async def read_person(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    person_id: FromPath[UUID],
) -> PersonDetail:
    """Everything that leads to this person: each mapping with its reasons, whatever its status, and the teams."""
    person = await people.find_one(conn, caller.org_id, person_id)
    if person is None:
        raise NotFound("there is no such person")
    return PersonDetail(
        id=person.id,
        display_name=person.display_name,
        primary_email=person.primary_email,
        status=person.status,
        accounts=person.accounts,
        created_at=person.created_at,
        updated_at=person.updated_at,
        mappings=await mappings.of_person(conn, caller.org_id, person_id),
        memberships=await people.memberships(conn, caller.org_id, person_id),
    )
