"""Who looked at somebody's page, over HTTP."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from ovia_api.people.answers import PersonId, known
from ovia_shared.database import person_views, tokens_list
from ovia_shared.database.pool import Connection
from ovia_shared.errors import NotAllowed
from ovia_shared.models.caller import Caller
from ovia_shared.models.review import EventPosition
from ovia_shared.models.token import Role
from ovia_shared.models.view import PersonView, ViewPosition
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.paging import CursorText, Limit, Page, Paging

_paging = Paging[PersonView, ViewPosition]("views", ViewPosition, person_views.position)


@get(
    "/team/people/{person_id:uuid}/views",
    guards=[requires(Role.VIEWER)],
    operation_id="list_person_views",
    tags=["people"],
    summary="Who looked at somebody's page, newest first",
    security=SECURITY,
    responses=problems_of(404),
)
async def list_views(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    person_id: PersonId,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[PersonView]:
    """Which tokens read profile or activity, once an hour each; the person's own are left out. For the person, whose
    the token must be, and for managers."""
    await known(conn, caller.org_id, person_id)
    if not caller.role.reaches(Role.MANAGER) and not await tokens_list.is_of(
        conn, caller.org_id, caller.token_id, person_id
    ):
        raise NotAllowed("this needs the role manager, or a token that is this person's own")
    about = EventPosition(person_id)
    begun = _paging.read(cursor, about)
    rows = await person_views.find(conn, caller.org_id, person_id, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await person_views.count(conn, caller.org_id, person_id)
    return _paging.page(rows, limit, total, about)
