"""Merging two people takes everything of the one to the other, and undoing it gives all of it back, or says why not."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from ovia_api.mappings.memberships import handed_on
from ovia_shared.database.ids import new_id
from ovia_shared.models.team import MembershipRow
from tests.api.conftest import Organisations, Service
from tests.api.reviewing import linked
from tests.conftest import OpenDatabase


@pytest.fixture
async def manager(
    service: Service, open_database: OpenDatabase, organisations: Organisations
) -> AsyncIterator[httpx.AsyncClient]:
    """A manager of ours; both organisations have the same accounts."""
    for organisation in organisations:
        await linked(await open_database("ovia_ingest"), organisation.id, people=4)
    async with service.client(**organisations[0].authorization("manager")) as client:
        yield client


async def _merged(manager: httpx.AsyncClient, one: str, into: str) -> str:
    answer = await manager.post("/team/people/merge", json={"person_id": one, "into_person_id": into})
    assert answer.status_code == 200, answer.text
    decision: str = answer.json()["decision_id"]
    return decision


async def _undone(manager: httpx.AsyncClient, decision: str) -> httpx.Response:
    return await manager.post("/team/identity-mappings/undo", json={"decision_id": decision})


async def _person(manager: httpx.AsyncClient, name: str, email: str | None = None) -> str:
    answer = await manager.post("/team/people", json={"display_name": name, "primary_email": email})
    assert answer.status_code == 201, answer.text
    person: str = answer.json()["id"]
    return person


async def _team_of(manager: httpx.AsyncClient, person: str) -> str:
    team: str = (await manager.post("/team/teams", json={"name": f"Team of {person}"})).json()["id"]
    body = {"person_id": person, "valid_from": "2025-01-01T00:00:00Z"}
    added = await manager.post(f"/team/teams/{team}/members", json=body)
    assert added.status_code == 201, added.text
    return team


async def _members(manager: httpx.AsyncClient, team: str) -> list[tuple[str, str]]:
    rows = (await manager.get(f"/team/teams/{team}/members")).json()["data"]
    return [(row["id"], row["person"]["id"]) for row in rows]


async def test_memberships_of_teams_move_with_a_merge_and_back_with_its_undo(manager: httpx.AsyncClient) -> None:
    one, into = await _person(manager, "Ann L"), await _person(manager, "Ann Leif")
    team = await _team_of(manager, one)
    decision = await _merged(manager, one, into)
    assert [person for _, person in await _members(manager, team)] == [into]
    undone = await _undone(manager, decision)
    assert undone.status_code == 200, undone.text
    assert [person for _, person in await _members(manager, team)] == [one]
    again = await _undone(manager, undone.json()["decision_id"])
    assert again.status_code == 200, again.text
    assert [person for _, person in await _members(manager, team)] == [into]


async def test_a_merge_is_not_undone_over_a_membership_that_was_corrected_since(manager: httpx.AsyncClient) -> None:
    one, into = await _person(manager, "Ann L"), await _person(manager, "Ann Leif")
    team = await _team_of(manager, one)
    decision = await _merged(manager, one, into)
    ((membership, _),) = await _members(manager, team)
    assert (await manager.delete(f"/team/memberships/{membership}")).status_code == 204
    refused = await _undone(manager, decision)
    assert (refused.status_code, "membership" in refused.json()["detail"]) == (409, True)


async def test_nobody_comes_back_with_an_email_that_is_somebody_elses_by_now(manager: httpx.AsyncClient) -> None:
    one, into = await _person(manager, "Ann L", "ann.l@fernweh.example"), await _person(manager, "Ann Leif")
    decision = await _merged(manager, one, into)
    other = await _person(manager, "Ann the other", "Ann.L@Fernweh.example")
    refused = await _undone(manager, decision)
    assert (refused.status_code, other in refused.json()["detail"]) == (409, True)


async def test_undoing_a_change_of_a_person_never_loses_a_later_one(manager: httpx.AsyncClient) -> None:
    person = await _person(manager, "Ann")
    for name in ("Ann L", "Ann Leif"):
        current = await manager.get(f"/team/people/{person}")
        body = {"display_name": name, "primary_email": None, "status": "active"}
        headers = {"If-Match": current.headers["etag"]}
        assert (await manager.put(f"/team/people/{person}", json=body, headers=headers)).status_code == 200
    later, earlier, *_ = (await manager.get(f"/team/people/{person}/history")).json()["data"]
    refused = await _undone(manager, earlier["decision_id"])
    assert (refused.status_code, later["decision_id"] in refused.json()["detail"]) == (409, True)
    assert (await _undone(manager, later["decision_id"])).status_code == 200
    assert (await _undone(manager, earlier["decision_id"])).status_code == 200
    assert (await manager.get(f"/team/people/{person}")).json()["display_name"] == "Ann"


def _row(start: int, end: int | None) -> MembershipRow:
    until = None if end is None else datetime(2025, end, 1, tzinfo=UTC)
    return MembershipRow(_TEAM, _TEAM, _TEAM, None, datetime(2025, start, 1, tzinfo=UTC), until)


_TEAM = new_id()


@pytest.mark.parametrize(
    ("kept", "left"),
    [
        ([], [(2, None)]),
        ([(1, None)], []),
        ([(4, None)], [(2, 4)]),
        ([(1, 4)], [(4, None)]),
        ([(3, 4), (6, 8)], [(2, 3), (4, 6), (8, None)]),
    ],
)
def test_nobody_is_in_a_team_twice_at_a_time(kept: list[tuple[int, int | None]], left: list[tuple[int, int]]) -> None:
    added = handed_on([_row(2, None)], [_row(*one) for one in kept], new_id())
    assert [(one.valid_from.month, one.valid_to and one.valid_to.month) for one in added] == left
