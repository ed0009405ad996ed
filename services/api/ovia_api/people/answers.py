"""A person as an answer, with their ETag; and what the routes of people have in common."""

from typing import Annotated, TypeAlias
from uuid import UUID

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import PathParameter, SkipValidation

from ovia_api.mappings.answers import Decisions
from ovia_api.people.writing import PeopleActions
from ovia_shared.database import mappings, people, people_rows
from ovia_shared.database.pool import Connection
from ovia_shared.errors import NotFound
from ovia_shared.models.caller import Caller
from ovia_shared.models.person import PersonDetail, PersonRow
from ovia_shared.web.etags import etag

PersonId = Annotated[UUID, PathParameter(description="The person's id.")]
People: TypeAlias = NamedDependency[SkipValidation[PeopleActions]]


async def people_actions_of(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    deciding: Decisions,
) -> PeopleActions:
    """What this request may do to people, once its role is proven."""
    return PeopleActions(conn, caller, deciding)


async def known(conn: Connection, org_id: UUID, person_id: UUID) -> PersonRow:
    """Somebody who is there, or was merged into somebody. Raises `NotFound`, of the deleted too."""
    row = await people_rows.find(conn, org_id, person_id)
    if row is None or (row.deleted_at is not None and row.merged_into_id is None):
        raise NotFound("there is no such person")
    return row


async def shown(
    conn: Connection, org_id: UUID, person_id: UUID, status: int = 200, **headers: str
) -> Response[PersonDetail]:
    """The person with everything that leads to them."""
    row = await known(conn, org_id, person_id)
    there = await people.find_one(conn, org_id, person_id)
    detail = PersonDetail(
        id=row.id,
        display_name=row.display_name,
        primary_email=row.primary_email,
        status=row.status,
        accounts=0 if there is None else there.accounts,
        created_at=row.created_at,
        updated_at=row.created_at if there is None else there.updated_at,
        mappings=await mappings.of_person(conn, org_id, person_id),
        memberships=await people.memberships(conn, org_id, person_id),
        merged_into_id=row.merged_into_id,
    )
    return Response(detail, status_code=status, headers=etag(row.version) | headers)
