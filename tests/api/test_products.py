"""Products, projects, the timeline and the card, over HTTP."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from tests.api.conftest import Organisations, Service
from tests.bench import busy_person


@pytest.fixture
async def people(database_dsn: str, organisations: Organisations) -> list[str]:
    """Somebody busy in each organisation."""
    conn = await asyncpg.connect(database_dsn)
    found = [str(await busy_person.fill(conn, organisation.id, 80)) for organisation in organisations]
    await conn.close()
    return found


@pytest.fixture
async def manager(service: Service, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client(**organisations[0].authorization("manager")) as client:
        yield client


@pytest.fixture
async def theirs(service: Service, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client(**organisations[1].authorization("manager")) as client:
        yield client


async def test_a_timeline_is_paged_filtered_and_closed_to_others(
    people: list[str], manager: httpx.AsyncClient, theirs: httpx.AsyncClient
) -> None:
    place = f"/team/people/{people[0]}/activity"
    found: list[str] = []
    page = (await manager.get(f"{place}?limit=30")).json()
    while True:
        found += [one["id"] for one in page["data"]]
        if page["next"] is None:
            break
        page = (await manager.get(f"{place}?limit=30&cursor={page['next']}")).json()
    assert len(found) == len(set(found)) == 81
    assert (await theirs.get(place)).status_code == 404
    reviews = (await manager.get(f"{place}?source=gitlab&type=merge_request_approved")).json()["data"]
    assert {(one["source"], one["type"], one["project"]["key"]) for one in reviews} == {
        ("gitlab", "merge_request_approved", "GLD")
    }
    assert (await manager.get(f"{place}?to=2020-01-01T00:00:00Z")).json() == {"data": [], "next": None}
    for query, field in (("from=2026-01-02&to=2026-01-01", "to"), ("from=0001-01-01T00:00:00%2B14:00", "from")):
        refused = await manager.get(f"{place}?{query}")
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert (await manager.get(f"{place}?source=teletype")).status_code in {400, 422}


async def test_a_card_says_who_somebody_is(
    people: list[str], manager: httpx.AsyncClient, theirs: httpx.AsyncClient
) -> None:
    card = (await manager.get(f"/team/people/{people[0]}/profile")).json()
    assert {one["source"] for one in card["accounts"]} == {"git_commit_author", "jira", "gitlab", "confluence"}
    assert card["first_seen"] < card["last_seen"]
    assert [one["name"] for one in card["products"]] == ["Glider"]
    assert (await theirs.get(f"/team/people/{people[0]}/profile")).status_code == 404


async def test_products_are_made_of_projects(
    people: list[str], manager: httpx.AsyncClient, theirs: httpx.AsyncClient
) -> None:
    assert people
    projects = (await manager.get("/team/projects?search=gLD")).json()
    assert projects["total"] == 3
    pages = (await manager.get("/team/projects?limit=2")).json()
    rest = (await manager.get(f"/team/projects?limit=2&cursor={pages['next']}")).json()
    assert len({one["connection_id"] for one in pages["data"] + rest["data"]}) == 3
    (jira,) = (await manager.get("/team/projects?source=jira")).json()["data"]
    key = {"connection_id": jira["connection_id"], "external_id": jira["external_id"]}
    (foreign,) = (await theirs.get("/team/projects?source=jira")).json()["data"]

    added = await manager.post("/team/products", json={"name": "Engine", "projects": [key, key]})
    assert (added.status_code, [one["key"] for one in added.json()["projects"]]) == (201, ["GLD"])
    place = added.headers["location"]
    assert (await manager.post("/team/products", json={"name": "Engine"})).status_code == 409
    unknown = {"connection_id": foreign["connection_id"], "external_id": foreign["external_id"]}
    refused = await manager.post("/team/products", json={"name": "X", "projects": [key, unknown]})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "projects[1]")
    assert (await theirs.get(place)).status_code == 404
    assert (await theirs.put(place, json={"name": "X"}, headers={"If-Match": "*"})).status_code == 404
    changed = await manager.put(place, json={"name": "Engines"}, headers={"If-Match": added.headers["etag"]})
    assert (changed.json()["name"], changed.json()["projects"]) == ("Engines", [])
    stale = await manager.put(place, json={"name": "Motor"}, headers={"If-Match": added.headers["etag"]})
    assert stale.status_code == 412
    assert [one["name"] for one in (await manager.get("/team/products")).json()["data"]] == ["Engines", "Glider"]
    assert (await manager.delete(place, headers={"If-Match": "*"})).status_code == 204
    assert (await manager.get(place)).status_code == 404
    assert (await manager.post("/team/products", json={"name": "Engines"})).status_code == 201
