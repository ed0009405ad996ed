"""People over HTTP."""

from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, PathParameter, QueryParameter, SkipValidation

from ovia_api.mappings.answers import answer
from ovia_api.people.answers import People, PersonId, known, shown
from ovia_shared.database import mappings, people, search
from ovia_shared.database.pool import Connection
from ovia_shared.models.caller import Caller
from ovia_shared.models.mapping import Mapping
from ovia_shared.models.person import (
    LinkAccount,
    NewPerson,
    Person,
    PersonChange,
    PersonDetail,
    PersonFilter,
    PersonPosition,
    PersonStatus,
)
from ovia_shared.models.review import Decision
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.etags import ETAG, IfMatch
from ovia_shared.web.idempotency import Write
from ovia_shared.web.paging import CursorText, Limit, Page, Paging
from ovia_shared.web.parameters import SearchText

_paging = Paging[Person, PersonPosition](
    "people", PersonPosition, lambda person: PersonPosition(person.display_name, person.id)
)

Why = Annotated[str | None, QueryParameter(max_length=2000, description="Why, for the record.")]

_NEW = [Example(value={"display_name": "Ann Lee", "primary_email": "ann@fernweh.example"})]
_CHANGE = [
    Example(
        summary="Somebody who left",
        value={"display_name": "Ann Lee", "primary_email": "ann@fernweh.example", "status": "inactive"},
    )
]
_LINK = [Example(value={"identity_id": "01a20af7-18f0-7c1e-9b0a-52a1c3f6d7e8", "reason": "she told me"})]


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
    team: Annotated[
        UUID | None, QueryParameter(description="Only people who are in this team, or in one below it, today.")
    ] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[Person]:
    """Everybody who was recognised, each with the number of accounts in use."""
    wanted = PersonFilter(status, await search.words(conn, search_text), team)
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
    response_headers=ETAG,
    responses=problems_of(404),
)
async def read_person(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    person_id: PersonId,
) -> Response[PersonDetail]:
    """Everything that leads to this person: each mapping with its reasons, whatever its status, and the teams. Of
    somebody who was merged, `merged_into_id` says into whom."""
    return await shown(conn, caller.org_id, person_id)


@post(
    "/team/people",
    guards=[requires(Role.MANAGER)],
    operation_id="add_person",
    operation_class=Write,
    tags=["people"],
    summary="Add a person",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(409, 413),
)
async def add_person(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    doing: People,
    data: Annotated[NewPerson, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_NEW)],
) -> Response[PersonDetail]:
    """Adds somebody without accounts. An e-mail that is somebody else's, in whatever case, is refused with 409."""
    added = await doing.add(data)
    return await shown(conn, caller.org_id, added, 201, Location=f"/team/people/{added}")


@put(
    "/team/people/{person_id:uuid}",
    guards=[requires(Role.MANAGER)],
    operation_id="change_person",
    operation_class=Write,
    tags=["people"],
    summary="Change name, e-mail or status",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(404, 409, 412, 413, 428),
)
async def change_person(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    doing: People,
    person_id: PersonId,
    data: Annotated[PersonChange, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_CHANGE)],
    reason: Why = None,
    if_match: IfMatch = None,
) -> Response[PersonDetail]:
    """Makes the person what the body says. Somebody who left is inactive: their history stays, and counts."""
    await doing.change(person_id, data, if_match, reason)
    return await shown(conn, caller.org_id, person_id)


@delete(
    "/team/people/{person_id:uuid}",
    guards=[requires(Role.MANAGER)],
    operation_id="delete_person",
    operation_class=Write,
    tags=["people"],
    summary="Take a person out of every list",
    security=SECURITY,
    status_code=200,
    responses=problems_of(404, 409, 412, 413, 428),
)
async def delete_person(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    doing: People,
    person_id: PersonId,
    reason: Why = None,
    if_match: IfMatch = None,
) -> Decision:
    """For somebody who should never have been one. The row stays for history; the accounts become ignored, so that they
    count nowhere and nobody is made of them again. Undoing the decision brings all of it back."""
    decision = await doing.put_away(person_id, if_match, reason)
    return await answer(conn, caller.org_id, decision)


@get(
    "/team/people/{person_id:uuid}/identities",
    guards=[requires(Role.VIEWER)],
    operation_id="list_person_identities",
    tags=["people"],
    summary="The accounts of a person",
    security=SECURITY,
    responses=problems_of(404),
)
async def list_identities(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    person_id: PersonId,
) -> list[Mapping]:
    """Every account that is, may be, or was said not to be this person's, the surest first."""
    await known(conn, caller.org_id, person_id)
    return await mappings.of_person(conn, caller.org_id, person_id)


@post(
    "/team/people/{person_id:uuid}/identities",
    guards=[requires(Role.MANAGER)],
    operation_id="link_identity",
    operation_class=Write,
    tags=["people"],
    summary="This account is theirs",
    security=SECURITY,
    status_code=200,
    responses=problems_of(404, 409, 413),
)
async def link_identity(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    doing: People,
    person_id: PersonId,
    data: Annotated[LinkAccount, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_LINK)],
) -> Decision:
    """Links a free, contested or ignored account as verified. One that is in use for somebody else is refused with 409:
    remap it."""
    decision = await doing.link(person_id, data.identity_id, data.reason)
    return await answer(conn, caller.org_id, decision, [data.identity_id])


@delete(
    "/team/people/{person_id:uuid}/identities/{identity_id:uuid}",
    guards=[requires(Role.MANAGER)],
    operation_id="unlink_identity",
    operation_class=Write,
    tags=["people"],
    summary="This account is not theirs",
    security=SECURITY,
    status_code=200,
    responses=problems_of(404, 409, 413),
)
async def unlink_identity(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    doing: People,
    person_id: PersonId,
    identity_id: Annotated[UUID, PathParameter(description="The account's id.")],
    reason: Why = None,
) -> Decision:
    """The pair is never proposed again; the engine may find somebody else for the account at its next run."""
    decision = await doing.unlink(person_id, identity_id, reason)
    return await answer(conn, caller.org_id, decision, [identity_id])


PEOPLE = [
    list_people,
    read_person,
    add_person,
    change_person,
    delete_person,
    list_identities,
    link_identity,
    unlink_identity,
]
