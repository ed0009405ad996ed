"""The tree of teams, and one team with who was in it on a day."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from ovia_console.forms.outcomes import outcome_of
from ovia_console.forms.reading import day, first_day, last_day, midnight
from ovia_console.pages.visit import OfVisit, Visit
from ovia_console.services import Page, segment
from ovia_console.teams.tree import tree_of

PAGE = 50


@get("/teams")
async def show(visit: OfVisit) -> Response[str]:
    """All teams and all products."""
    tree, products = await asyncio.gather(tree_of(visit), visit.api.page("/team/products", limit=200))
    return visit.page(
        "teams/teams.html", tree=tree, chosen=None, products=products.data, outcome=outcome_of(visit.request)
    )


@get("/teams/{team_id:uuid}")
async def team(
    visit: OfVisit,
    team_id: FromPath[UUID],
    at: str = "",
    sub_teams: str = "",
    cursor: Annotated[str, QueryParameter(max_length=2000)] = "",
) -> Response[str]:
    """One team beside the tree; without a day, today's members."""
    below = bool(sub_teams)
    if visit.in_place and cursor:
        members = await _members(visit, team_id, at, cursor, below=below)
        return visit.page(
            "teams/member_rows.html", members=members, sub_teams=below, first_day=first_day, last_day=last_day
        )
    tree, found, members = await asyncio.gather(
        tree_of(visit),
        visit.api.get(f"/team/teams/{segment(team_id)}", dict[str, Any]),
        _members(visit, team_id, at, cursor, below=below),
    )
    return visit.page(
        "teams/team.html",
        tree=tree,
        chosen=str(team_id),
        team=found,
        members=members,
        at=at,
        sub_teams=below,
        first_day=first_day,
        last_day=last_day,
        outcome=outcome_of(visit.request),
    )


async def _members(visit: Visit, team_id: UUID, at: str, cursor: str, *, below: bool) -> Page:
    """Whoever was in it at the end of that day; today, whoever is in it now."""
    when = day(visit, {"at": at}, "at")
    moment = None
    if when is not None and when != datetime.now(UTC).date():
        moment = (midnight(when) + timedelta(days=1, microseconds=-1)).isoformat()
    return await visit.api.page(
        f"/team/teams/{segment(team_id)}/members", at=moment, sub_teams=below, cursor=cursor, limit=PAGE
    )
