"""People looked after by hand, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.api.conftest import Organisations, Service


@pytest.fixture
async def manager(service: Service, filled: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client(**filled[0].authorization("manager")) as client:
        yield client


@pytest.fixture
async def theirs(service: Service, filled: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client(**filled[1].authorization("manager")) as client:
        yield client


async def _first(client: httpx.AsyncClient, query: str = "limit=1") -> dict[str, Any]:
    person: dict[str, Any] = (await client.get(f"/team/people?{query}")).json()["data"][0]
    return person


async def test_a_person_is_added_changed_and_put_away(manager: httpx.AsyncClient, theirs: httpx.AsyncClient) -> None:
    added = await manager.post("/team/people", json={"display_name": " Ann Lee ", "primary_email": "Ann@Ours.example"})
    assert (added.status_code, added.json()["display_name"]) == (201, "Ann Lee")
    place = added.headers["location"]
    assert (await manager.get("/team/people?search=ann")).json()["total"] == 1
    assert (await manager.get("/team/people")).json()["total"] == 21
    assert (await theirs.get(place)).status_code == 404

    body = {"display_name": "Ann Lee-Ray", "primary_email": "ann@ours.example", "status": "inactive"}
    assert (await manager.put(place, json=body)).status_code == 428
    changed = await manager.put(place, json=body, headers={"If-Match": added.headers["etag"]})
    assert (changed.json()["status"], changed.json()["display_name"]) == ("inactive", "Ann Lee-Ray")
    assert (await manager.put(place, json=body, headers={"If-Match": added.headers["etag"]})).status_code == 412
    assert (await manager.get("/team/people?status=inactive")).json()["total"] == 1
    assert (await theirs.put(place, json=body, headers={"If-Match": "*"})).status_code == 404

    assert (await manager.delete(place)).status_code == 428
    assert (await theirs.delete(place, headers={"If-Match": "*"})).status_code == 404
    gone = await manager.delete(place, headers={"If-Match": changed.headers["etag"]})
    assert gone.status_code == 200
    assert (await manager.get(place)).status_code == 404
    assert (await manager.get("/team/people?search=ann")).json()["data"] == []
    assert (await manager.get("/team/people")).json()["total"] == 20
    again = await manager.post("/team/people", json={"display_name": "Another", "primary_email": "ann@ours.example"})
    assert again.status_code == 201


async def test_why_somebody_was_changed_or_put_away_is_on_record(manager: httpx.AsyncClient) -> None:
    added = await manager.post("/team/people", json={"display_name": "Ann Lee"})
    place = added.headers["location"]
    changed = await manager.put(
        f"{place}?reason=she+married",
        json={"display_name": "Ann Lee-Ray"},
        headers={"If-Match": added.headers["etag"]},
    )
    gone = await manager.delete(f"{place}?reason=a+machine", headers={"If-Match": changed.headers["etag"]})
    assert gone.status_code == 200
    history = (await manager.get(f"{place}/history")).json()["data"]
    assert [(one["action"], one["reason"]) for one in history] == [
        ("delete person", "a machine"),
        ("change person", "she married"),
        ("create person", None),
    ]


async def test_an_email_is_one_persons_in_whatever_case(manager: httpx.AsyncClient, theirs: httpx.AsyncClient) -> None:
    known = await _first(manager)
    wanted = {"display_name": "Twin", "primary_email": known["primary_email"].upper()}
    refused = await manager.post("/team/people", json=wanted)
    assert refused.status_code == 409
    assert known["id"] in refused.json()["detail"]
    assert (await theirs.post("/team/people", json=wanted)).status_code == 201
    other = (await manager.get("/team/people?limit=2")).json()["data"][1]
    change = await manager.put(f"/team/people/{other['id']}", json=wanted, headers={"If-Match": "*"})
    assert (change.status_code, change.json()["errors"][0]["field"]) == (409, "primary_email")


async def test_of_many_who_give_one_email_at_once_one_is_taken(manager: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(
            manager.post("/team/people", json={"display_name": f"N{n}", "primary_email": "n@n.example"})
            for n in range(8)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


async def test_the_accounts_of_a_deleted_person_are_ignored_until_it_is_undone(
    service: Service, manager: httpx.AsyncClient
) -> None:
    person = await _first(manager)
    before = (await manager.get(f"/team/people/{person['id']}/identities")).json()
    assert len(before) == 3
    answer = await manager.delete(f"/team/people/{person['id']}", headers={"If-Match": "*"})
    assert {mapping["status"] for mapping in answer.json()["mappings"]} == {"ignored"}
    assert all(mapping["person"] is None for mapping in answer.json()["mappings"])
    undone = await manager.post("/team/identity-mappings/undo", json={"decision_id": answer.json()["decision_id"]})
    assert undone.status_code == 200, undone.text
    after = (await manager.get(f"/team/people/{person['id']}/identities")).json()
    assert [(one["status"], one["identity"]["id"]) for one in after] == [
        (one["status"], one["identity"]["id"]) for one in before
    ]
    actions = [e["action"] for e in (await manager.get(f"/team/people/{person['id']}/history")).json()["data"]]
    assert "delete person" in actions


async def test_whom_a_merged_person_turned_out_to_be_is_told(manager: httpx.AsyncClient) -> None:
    one, other = (await manager.get("/team/people?limit=2")).json()["data"]
    merged = await manager.post("/team/people/merge", json={"person_id": one["id"], "into_person_id": other["id"]})
    assert merged.status_code == 200
    shown = await manager.get(f"/team/people/{one['id']}")
    assert (shown.json()["merged_into_id"], shown.json()["accounts"]) == (other["id"], 0)
    assert (await manager.get("/team/people")).json()["total"] == 19
    refused = await manager.delete(f"/team/people/{one['id']}", headers={"If-Match": "*"})
    assert refused.status_code == 409
    assert other["id"] in refused.json()["detail"]


async def test_accounts_are_linked_and_unlinked_by_hand(manager: httpx.AsyncClient, theirs: httpx.AsyncClient) -> None:
    person = await _first(manager)
    place = f"/team/people/{person['id']}/identities"
    orphan = (await manager.get("/team/identities/orphans")).json()["data"][0]
    foreign = (await theirs.get("/team/identities/orphans")).json()["data"][0]
    linked = await manager.post(place, json={"identity_id": orphan["id"], "reason": "she told me"})
    assert linked.status_code == 200, linked.text
    assert linked.json()["mappings"][0]["status"] == "verified"
    assert (await manager.post(place, json={"identity_id": foreign["id"]})).status_code == 404
    assert (await theirs.post(place, json={"identity_id": foreign["id"]})).status_code == 404
    other = (await manager.get("/team/people?limit=2")).json()["data"][1]
    taken = await manager.post(f"/team/people/{other['id']}/identities", json={"identity_id": orphan["id"]})
    assert taken.status_code == 409
    assert (await _first(manager))["accounts"] == person["accounts"] + 1
    unlinked = await manager.delete(f"{place}/{orphan['id']}?reason=wrong")
    assert unlinked.status_code == 200
    assert [one["status"] for one in (await manager.get(place)).json()].count("rejected") == 1
    assert (await manager.delete(f"{place}/{foreign['id']}")).status_code == 404


async def test_reading_is_for_viewers_and_changing_for_managers(service: Service, filled: Organisations) -> None:
    async with service.client(**filled[0].authorization("analyst")) as client:
        person = await _first(client)
        for answer in (
            await client.post("/team/people", json={"display_name": "X"}),
            await client.put(f"/team/people/{person['id']}", json={"display_name": "X"}),
            await client.delete(f"/team/people/{person['id']}"),
            await client.post("/team/teams", json={"name": "X"}),
        ):
            assert answer.status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"display_name": "  "}, 422),
        ({"display_name": "a\0b"}, 422),
        ({"display_name": "A", "primary_email": "nobody"}, 422),
        ({"display_name": "A", "colour": "red"}, 400),
        ({}, 400),
    ],
)
async def test_what_is_no_person_is_refused(body: dict[str, Any], status: int, manager: httpx.AsyncClient) -> None:
    assert (await manager.post("/team/people", json=body)).status_code in {status, 422}
