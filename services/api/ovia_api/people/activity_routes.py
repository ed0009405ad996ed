"""What somebody did, over HTTP: the timeline over all sources, and the identity card."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from ovia_api.people.answers import PersonId, known
from ovia_api.people.view_routes import list_views
from ovia_shared.database import activity, people, person_views, profiles
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.models.activity import (
    Activity,
    ActivityFilter,
    ActivityPosition,
    ActivitySource,
    ActivityType,
    Profile,
    Timeline,
)
from ovia_shared.models.caller import Caller
from ovia_shared.models.token import Role
from ovia_shared.web import moments
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.paging import CursorText, Limit, Paging

_paging = Paging[Activity, ActivityPosition]("activity", ActivityPosition, activity.position)


@get(
    "/team/people/{person_id:uuid}/activity",
    guards=[requires(Role.VIEWER)],
    operation_id="list_activity",
    tags=["people"],
    summary="What somebody did, newest first",
    security=SECURITY,
    responses=problems_of(404),
)
async def list_activity(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    person_id: PersonId,
    since: Annotated[
        str | None,
        QueryParameter(
            name="from", max_length=40, description="Only what happened at this moment (RFC 3339) or later."
        ),
    ] = None,
    until: Annotated[
        str | None,
        QueryParameter(name="to", max_length=40, description="Only what happened before this moment (RFC 3339)."),
    ] = None,
    source: Annotated[ActivitySource | None, QueryParameter(description="Only what happened there.")] = None,
    type_: Annotated[ActivityType | None, QueryParameter(name="type", description="Only this.")] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Timeline:
    """One timeline over all sources, by the accounts in use and the time they were the person's: work items, reviews,
    commits, pipelines, deployments, documents, and what was decided about the accounts.
    Not counted, so no total. That somebody looked is recorded, for the person to see."""
    begins = None if since is None else moments.read(since, "from")
    ends = None if until is None else moments.read(until, "to")
    if begins is not None and ends is not None and ends <= begins:
        raise InvalidInput("to must be after from", field="to")
    await known(conn, caller.org_id, person_id)
    await person_views.note(conn, caller.org_id, person_id, caller.token_id)
    wanted = ActivityFilter(person_id, begins, ends, source, type_)
    begun = _paging.read(cursor, wanted)
    rows = await activity.find(conn, caller.org_id, wanted, begun.after if begun else None, limit + 1)
    page = _paging.page(rows, limit, 0, wanted)
    return Timeline(page.data, page.next)


@get(
    "/team/people/{person_id:uuid}/profile",
    guards=[requires(Role.VIEWER)],
    operation_id="read_profile",
    tags=["people"],
    summary="Somebody's identity card",
    security=SECURITY,
    responses=problems_of(404),
)
async def read_profile(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    person_id: PersonId,
) -> Profile:
    """Names, accounts, teams, when they were first and last seen, where they were active in the last twelve months, and
    for which products. It compares nobody with anybody. That somebody looked is recorded, for the person to see."""
    person = await known(conn, caller.org_id, person_id)
    await person_views.note(conn, caller.org_id, person_id, caller.token_id)
    accounts = await profiles.accounts(conn, caller.org_id, person_id)
    months, first, last = await profiles.months(conn, caller.org_id, person_id)
    memberships = await people.memberships(conn, caller.org_id, person_id)
    now = datetime.now(UTC)
    lasting = [one for one in memberships if one.valid_to is None or one.valid_to > now]
    return Profile(
        id=person.id,
        display_name=person.display_name,
        primary_email=person.primary_email,
        status=person.status,
        names=sorted({one.display_name for one in accounts if one.display_name} | {person.display_name}),
        accounts=accounts,
        teams_now=[one for one in lasting if one.valid_from <= now],
        teams_before=[one for one in memberships if one not in lasting],
        first_seen=first,
        last_seen=last,
        months=months,
        products=await profiles.products(conn, caller.org_id, person_id),
    )


ACTIVITY = [list_activity, read_profile, list_views]
