"""What people are owed: who looked at their page, and to say that an account is not theirs."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from ovia_shared.database import mapping_changes, person_views
from ovia_shared.linking.incremental import link_identities
from tests.api.conftest import Organisations, Service
from tests.api.test_lists import everything
from tests.conftest import OpenDatabase


@pytest.fixture
async def admin(service: Service, filled: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client(**filled[0].authorization("admin")) as client:
        yield client


@pytest.fixture
async def viewer(service: Service, filled: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client(**filled[0].authorization("viewer")) as client:
        yield client


@pytest.fixture
async def person(admin: httpx.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await admin.get("/team/people?limit=1")).json()["data"][0]
    return found


@pytest.fixture
async def themself(
    service: Service, admin: httpx.AsyncClient, person: dict[str, Any]
) -> AsyncIterator[httpx.AsyncClient]:
    """The person, with a viewer's token of their own."""
    wanted = {"name": "own token", "role": "viewer", "person_id": person["id"]}
    made = (await admin.post("/tokens", json=wanted)).json()
    async with service.client(Authorization=f"Bearer {made['secret']}") as client:
        yield client


async def test_a_look_at_somebody_is_recorded_once_an_hour(
    viewer: httpx.AsyncClient,
    admin: httpx.AsyncClient,
    themself: httpx.AsyncClient,
    person: dict[str, Any],
    database_dsn: str,
) -> None:
    page = f"/team/people/{person['id']}"
    for path in ("/profile", "/activity", "/profile", "/activity?limit=1"):
        assert (await viewer.get(f"{page}{path}")).status_code == 200
    await themself.get(f"{page}/profile")
    assert (await viewer.get(page)).status_code == 200
    (view,) = await everything(admin, f"{page}/views")
    assert (view["viewer"], view["person"]) == ("viewer of Fernweh Gliders", None)
    connection = await asyncpg.connect(database_dsn)
    await connection.execute(
        "update person_views set hour = hour - interval '1 hour', viewed_at = viewed_at - interval '1 hour'"
    )
    await connection.close()
    await viewer.get(f"{page}/profile")
    await admin.get(f"{page}/activity")
    views = await everything(admin, f"{page}/views", limit=1)
    assert [one["viewer"].partition(" ")[0] for one in views] == ["admin", "viewer", "viewer"]
    assert views[2] == view | {"viewed_at": views[2]["viewed_at"]}
    assert views == await everything(themself, f"{page}/views")


async def test_who_looked_is_for_the_person_and_for_managers(
    service: Service, filled: Organisations, viewer: httpx.AsyncClient, themself: httpx.AsyncClient,
    person: dict[str, Any], admin: httpx.AsyncClient,
) -> None:  # fmt: skip
    page = f"/team/people/{person['id']}/views"
    assert (await viewer.get(page)).status_code == 403
    other = (await admin.get("/team/people?limit=2")).json()["data"][1]
    assert (await themself.get(page)).status_code == 200
    assert (await themself.get(f"/team/people/{other['id']}/views")).status_code == 403
    async with service.client(**filled[0].authorization("manager")) as manager:
        assert (await manager.get(page)).status_code == 200
    async with service.client(**filled[1].authorization("admin")) as theirs:
        assert (await theirs.get(page)).status_code == 404
    named = await viewer.get(f"/team/people/{other['id']}/profile")
    assert named.status_code == 200
    await themself.get(f"/team/people/{other['id']}/profile")
    seen = await everything(admin, f"/team/people/{other['id']}/views")
    assert seen[0]["person"] == {"id": person["id"], "display_name": person["display_name"]}


async def test_whoever_reads_is_answered_where_nothing_can_be_written(
    open_database: OpenDatabase, filled: Organisations, person: dict[str, Any], admin: httpx.AsyncClient
) -> None:
    token = (await admin.get("/me")).json()["token_id"]
    database = await open_database("ovia_api")
    async with database.transaction(filled[0].id) as conn:
        await conn.execute("set transaction read only")
        await person_views.note(conn, filled[0].id, person["id"], token)
        assert await conn.fetchval("select count(*) from person_views") == 0


async def _mapping(client: httpx.AsyncClient, person: dict[str, Any], status: str = "auto") -> dict[str, Any]:
    rows = (await client.get(f"/team/people/{person['id']}/identities")).json()
    found: dict[str, Any] = next(row for row in rows if row["status"] == status)
    return found


async def test_a_contested_mapping_waits_in_the_queue_with_its_reason_and_comes_back(
    themself: httpx.AsyncClient, admin: httpx.AsyncClient, database_dsn: str
) -> None:
    person = (await themself.get("/me")).json()["person"]
    connection = await asyncpg.connect(database_dsn)
    await connection.execute("update mappings set status = 'auto' where person_id = $1", person["id"])
    await connection.close()
    mapping = await _mapping(themself, person)
    place = f"/team/identity-mappings/{mapping['id']}/contest"
    contested = await themself.post(place, json={"reason": "my namesake's"})
    assert contested.status_code == 200, contested.text
    (now,) = contested.json()["mappings"]
    assert now["status"] == "conflict"
    assert now["rule_trace"][-1]["evidence"] == "own token: my namesake's"
    assert now["id"] in {row["id"] for row in await everything(admin, "/team/conflict-queue")}
    history = (await admin.get(f"/team/identity-mappings/{now['id']}/history")).json()["data"][0]
    assert (history["action"], history["actor"], history["reason"]) == ("contest", "own token", "my namesake's")
    again = await themself.post(f"/team/identity-mappings/{now['id']}/contest", json={"reason": "still"})
    assert again.status_code == 409
    assert (await themself.post(place, json={"reason": "still"})).status_code == 409
    undone = await admin.post("/team/identity-mappings/undo", json={"decision_id": contested.json()["decision_id"]})
    assert undone.status_code == 200, undone.text
    back = undone.json()["mappings"][0]
    assert back == mapping | {"id": back["id"]}


async def test_contesting_is_for_the_person_and_for_managers(
    service: Service, filled: Organisations, viewer: httpx.AsyncClient, themself: httpx.AsyncClient
) -> None:
    rows = (await viewer.get("/team/identity-mappings?status=auto&limit=200")).json()["data"]
    own = (await themself.get("/me")).json()["person"]["id"]
    other = next(row for row in rows if row["person"]["id"] != own)
    place = f"/team/identity-mappings/{other['id']}/contest"
    assert (await viewer.post(place, json={"reason": "no"})).status_code == 403
    assert (await themself.post(place, json={"reason": "no"})).status_code == 403
    async with service.client(**filled[1].authorization("admin")) as theirs:
        assert (await theirs.post(place, json={"reason": "no"})).status_code == 404
    async with service.client(**filled[0].authorization("manager")) as manager:
        assert (await manager.post(place, json={"reason": " "})).status_code == 422
        assert (await manager.post(place, json={})).status_code == 400
        contested = await manager.post(place, json={"reason": "no"})
        assert contested.json()["mappings"][0]["status"] == "conflict"
        mapping_id = contested.json()["mappings"][0]["id"]
        rejected = await manager.post("/team/identity-mappings/reject", json={"mapping_id": mapping_id})
        refused = rejected.json()["mappings"][0]["id"]
        late = await manager.post(f"/team/identity-mappings/{refused}/contest", json={"reason": "no"})
        assert late.status_code == 409


async def test_the_engine_leaves_what_a_person_contested(
    open_database: OpenDatabase, filled: Organisations, admin: httpx.AsyncClient
) -> None:
    row = (await admin.get("/team/identity-mappings?status=auto")).json()["data"][0]
    place = f"/team/identity-mappings/{row['id']}/contest"
    contested = (await admin.post(place, json={"reason": "no"})).json()["mappings"][0]
    api, org_id = await open_database("ovia_ingest"), filled[0].id
    identity = UUID(row["identity"]["id"])
    async with api.transaction(org_id) as conn:
        await mapping_changes.queue_for_matching(conn, org_id, [identity])
    await link_identities(api, org_id)
    still = await admin.get(f"/team/identity-mappings/{contested['id']}")
    assert (still.status_code, still.json()["status"]) == (200, "conflict")
    preview = await admin.post("/team/matching/preview", json={})
    assert row["identity"]["id"] not in preview.text
