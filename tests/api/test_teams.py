"""Teams over HTTP: a tree, and who was in which team when."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.api.conftest import Organisations, Service

ANY = {"If-Match": "*"}


@pytest.fixture
async def manager(service: Service, filled: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client(**filled[0].authorization("manager")) as client:
        yield client


@pytest.fixture
async def theirs(service: Service, filled: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client(**filled[1].authorization("manager")) as client:
        yield client


async def _team(client: httpx.AsyncClient, name: str, parent: str | None = None) -> dict[str, Any]:
    answer = await client.post("/team/teams", json={"name": name, "parent_id": parent})
    assert answer.status_code == 201, answer.text
    team: dict[str, Any] = answer.json()
    return team


async def _people(client: httpx.AsyncClient, most: int = 3) -> list[str]:
    return [person["id"] for person in (await client.get(f"/team/people?limit={most}")).json()["data"]]


async def test_teams_stand_in_a_tree_and_move_in_it(manager: httpx.AsyncClient, theirs: httpx.AsyncClient) -> None:
    top = await _team(manager, "Engineering")
    middle = await _team(manager, "Wings", top["id"])
    low = await _team(manager, "Flaps", middle["id"])
    assert low["path"] == ["Engineering", "Wings", "Flaps"]
    assert (await theirs.get("/team/teams")).json()["total"] == 0
    assert (await theirs.get(f"/team/teams/{low['id']}")).status_code == 404
    foreign = await theirs.post("/team/teams", json={"name": "X", "parent_id": top["id"]})
    assert (foreign.status_code, foreign.json()["errors"][0]["field"]) == (422, "parent_id")
    assert (await manager.get("/team/teams?roots=true")).json()["total"] == 1
    below = (await manager.get(f"/team/teams?parent={top['id']}")).json()["data"]
    assert [(team["name"], team["sub_teams"]) for team in below] == [("Wings", 1)]

    twin = await manager.post("/team/teams", json={"name": "Wings", "parent_id": top["id"]})
    assert twin.status_code == 409
    assert (await manager.post("/team/teams", json={"name": "A/B"})).status_code == 422
    for parent in (top["id"], low["id"]):
        circle = await manager.put(
            f"/team/teams/{top['id']}", json={"name": "Engineering", "parent_id": parent}, headers=ANY
        )
        assert circle.status_code == 422
        assert "below" in circle.json()["detail"]
    moved = await manager.put(f"/team/teams/{low['id']}", json={"name": "Rudder"}, headers={"If-Match": '"1"'})
    assert (moved.json()["path"], moved.headers["etag"]) == (["Rudder"], '"2"')
    stale = await manager.put(f"/team/teams/{low['id']}", json={"name": "Fin"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412


async def test_memberships_are_dated_and_corrected(manager: httpx.AsyncClient, theirs: httpx.AsyncClient) -> None:
    team = await _team(manager, "Wings")
    person, other, _ = await _people(manager)
    members = f"/team/teams/{team['id']}/members"
    spring = {"person_id": person, "valid_from": "2026-03-01T00:00:00Z", "valid_to": "2026-06-01T00:00:00Z"}
    first = await manager.post(members, json=spring | {"role": "lead"})
    assert first.status_code == 201, first.text
    overlapping = await manager.post(members, json={"person_id": person, "valid_from": "2026-05-31T23:00:00Z"})
    assert overlapping.status_code == 409
    assert first.json()["id"] in overlapping.json()["detail"]
    adjoining = await manager.post(members, json={"person_id": person, "valid_from": "2026-06-01T00:00:00Z"})
    assert adjoining.status_code == 201
    assert (await manager.post(members, json={"person_id": other, "valid_from": "2026-04-01T00:00:00Z"})).is_success
    [foreign, *_] = await _people(theirs)
    refused = await manager.post(members, json={"person_id": foreign, "valid_from": "2026-04-01T00:00:00Z"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "person_id")
    assert (
        await theirs.post(members, json={"person_id": foreign, "valid_from": "2026-04-01T00:00:00Z"})
    ).status_code == 404

    at_easter = (await manager.get(f"{members}?at=2026-04-05T00:00:00Z")).json()
    assert {(one["person"]["id"], one["role"]) for one in at_easter["data"]} == {(person, "lead"), (other, None)}
    assert (await manager.get(f"{members}?at=2026-02-28T00:00:00Z")).json()["total"] == 0
    assert (await manager.get(f"{members}?at=2026-06-01T00:00:00Z")).json()["total"] == 2

    place = f"/team/memberships/{first.json()['id']}"
    change = {"valid_from": "2026-02-01T00:00:00Z", "valid_to": "2026-05-01T00:00:00Z", "role": "member"}
    assert (await theirs.put(place, json=change)).status_code == 404
    corrected = await manager.put(place, json=change)
    assert corrected.json()["id"] != first.json()["id"]
    assert (await manager.get(f"{members}?at=2026-02-28T00:00:00Z")).json()["total"] == 1
    assert (await manager.put(place, json=change)).status_code == 409
    backwards = {"valid_from": "2026-02-01T00:00:00Z", "valid_to": "2026-01-01T00:00:00Z"}
    assert (await manager.put(f"/team/memberships/{corrected.json()['id']}", json=backwards)).status_code == 422
    into_next = {"valid_from": "2026-02-01T00:00:00Z"}
    assert (await manager.put(f"/team/memberships/{corrected.json()['id']}", json=into_next)).status_code == 409
    assert (await manager.delete(f"/team/memberships/{corrected.json()['id']}")).status_code == 204
    assert (await manager.get(f"{members}?at=2026-02-28T00:00:00Z")).json()["total"] == 0


async def test_members_of_sub_teams_are_found_from_above(manager: httpx.AsyncClient) -> None:
    top = await _team(manager, "Engineering")
    low = await _team(manager, "Wings", top["id"])
    for person in await _people(manager):
        await manager.post(
            f"/team/teams/{low['id']}/members", json={"person_id": person, "valid_from": "2026-01-01T00:00:00Z"}
        )
    members = f"/team/teams/{top['id']}/members"
    assert (await manager.get(members)).json()["total"] == 0
    found: list[str] = []
    page = (await manager.get(f"{members}?sub_teams=true&limit=2")).json()
    while True:
        found += [one["person"]["id"] for one in page["data"]]
        if page["next"] is None:
            break
        page = (await manager.get(f"{members}?sub_teams=true&limit=2&cursor={page['next']}")).json()
    assert found == await _people(manager)
    assert (await manager.get(f"/team/people?team={top['id']}")).json()["total"] == 3
    assert len((await manager.get(f"/team/people?team={low['id']}")).json()["data"]) == 3


async def test_a_team_with_members_is_deleted_only_into_another(manager: httpx.AsyncClient) -> None:
    top, other = await _team(manager, "Wings"), await _team(manager, "Tail")
    low = await _team(manager, "Flaps", top["id"])
    person, second, _ = await _people(manager)
    for team, somebody in ((top, person), (top, second), (other, second)):
        await manager.post(
            f"/team/teams/{team['id']}/members", json={"person_id": somebody, "valid_from": "2026-01-01T00:00:00Z"}
        )
    refused = await manager.delete(f"/team/teams/{top['id']}", headers=ANY)
    assert refused.status_code == 409
    assert "1 sub-teams and 2 memberships" in refused.json()["detail"]
    for into in (top["id"], low["id"]):
        below = await manager.delete(f"/team/teams/{top['id']}?into={into}", headers=ANY)
        assert (below.status_code, below.json()["errors"][0]["field"]) == (422, "into")
    assert (await manager.delete(f"/team/teams/{top['id']}?into={other['id']}", headers=ANY)).status_code == 204
    assert (await manager.get(f"/team/teams/{top['id']}")).status_code == 404
    assert (await manager.get(f"/team/teams/{low['id']}")).json()["path"] == ["Tail", "Flaps"]
    assert (await manager.get(f"/team/teams/{other['id']}/members")).json()["total"] == 2
    known = (await manager.get(f"/team/people/{person}")).json()["memberships"]
    assert [(one["team_name"], one["valid_to"] is None) for one in known] == [("Tail", True), ("Wings", False)]
    assert (await _team(manager, "Wings"))["id"] != top["id"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1899-12-31T00:00:00Z"])
async def test_moments_beyond_reach_are_refused(moment: str, manager: httpx.AsyncClient) -> None:
    team = await _team(manager, "Wings")
    [person, *_] = await _people(manager)
    body = {"person_id": person, "valid_from": moment}
    answer = await manager.post(f"/team/teams/{team['id']}/members", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "valid_from")
    listed = await manager.get(f"/team/teams/{team['id']}/members", params={"at": moment})
    assert listed.status_code == 422
