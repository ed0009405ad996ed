"""Access tokens looked after over HTTP, and who is asking."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from tests.api.conftest import Organisations, Service
from tests.api.test_lists import everything


@pytest.fixture
async def admin(service: Service, filled: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client(**filled[0].authorization("admin")) as client:
        yield client


@pytest.fixture
async def theirs(service: Service, filled: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client(**filled[1].authorization("admin")) as client:
        yield client


async def issue(admin: httpx.AsyncClient, **wanted: Any) -> dict[str, Any]:
    answer = await admin.post("/tokens", json={"name": "grafana", "role": "viewer"} | wanted)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/tokens/{answer.json()['token']['id']}"
    assert answer.headers["cache-control"] == "no-store"
    made: dict[str, Any] = answer.json()
    return made


async def entries(database_dsn: str, action: str) -> list[dict[str, Any]]:
    """The details of the audit log's entries about tokens that a request made."""
    connection = await asyncpg.connect(database_dsn)
    rows = await connection.fetch(
        "select detail from audit_log where action = $1 and subject_kind = 'token' and request_id is not null"
        " order by id",
        action,
    )
    await connection.close()
    return [msgspec.json.decode(row["detail"]) for row in rows]


def holding(service: Service, secret: str) -> httpx.AsyncClient:
    return service.client(Authorization=f"Bearer {secret}")


async def test_who_asks_is_told_with_their_organisation(service: Service, filled: Organisations) -> None:
    async with service.client(**filled[0].authorization("viewer")) as client:
        me = (await client.get("/me")).json()
    assert me["name"] == "viewer of Fernweh Gliders"
    assert (me["role"], me["expires_at"], me["person"]) == ("viewer", None, None)
    assert me["organisation"] == {"id": str(filled[0].id), "name": "Fernweh Gliders", "time_zone": "UTC"}
    async with service.client() as nobody:
        assert (await nobody.get("/me")).status_code == 401


async def test_a_token_knows_its_person_and_whom_they_turned_out_to_be(
    service: Service, admin: httpx.AsyncClient
) -> None:
    one, other = (await admin.get("/team/people?limit=2")).json()["data"]
    made = await issue(admin, person_id=one["id"])
    assert made["token"]["person"] == {"id": one["id"], "display_name": one["display_name"]}
    async with holding(service, made["secret"]) as client:
        assert (await client.get("/me")).json()["person"]["id"] == one["id"]
        merged = await admin.post("/team/people/merge", json={"person_id": one["id"], "into_person_id": other["id"]})
        assert (await client.get("/me")).json()["person"] == {"id": other["id"], "display_name": other["display_name"]}
        undone = {"decision_id": merged.json()["decision_id"]}
        assert (await admin.post("/team/identity-mappings/undo", json=undone)).status_code == 200
        assert (await client.get("/me")).json()["person"]["id"] == one["id"]
        await admin.delete(f"/team/people/{one['id']}", headers={"If-Match": "*"})
        assert (await client.get("/me")).json()["person"] is None


async def test_a_secret_is_shown_once_and_nowhere_else(
    service: Service, admin: httpx.AsyncClient, database_dsn: str
) -> None:
    made = await issue(admin, expires_at="2099-01-31T00:00:00+01:00")
    assert made["token"]["expires_at"] == "2099-01-30T23:00:00Z"
    assert (made["token"]["usable"], made["token"]["created_by"]) == (True, "admin of Fernweh Gliders")
    async with holding(service, made["secret"]) as client:
        assert (await client.get("/me")).json()["token_id"] == made["token"]["id"]
    told = (await admin.get("/tokens")).text + (await admin.get(f"/tokens/{made['token']['id']}")).text
    told += service.log.read_text() + str(await entries(database_dsn, "issue"))
    assert made["secret"].rpartition("_")[2] not in told
    assert "hash" not in told
    (entry,) = await entries(database_dsn, "issue")
    assert (entry["name"], entry["role"]) == ("grafana", "viewer")


async def test_tokens_are_listed_newest_first_and_narrowed(admin: httpx.AsyncClient, theirs: httpx.AsyncClient) -> None:
    person = (await admin.get("/team/people?limit=1")).json()["data"][0]
    made = [await issue(admin, name=f"reader {n}", person_id=person["id"] if n else None) for n in range(3)]
    await admin.delete(f"/tokens/{made[1]['token']['id']}")
    rows = await everything(admin, "/tokens", limit=2)
    assert [row["name"] for row in rows[:3]] == ["reader 2", "reader 1", "reader 0"]
    assert len(rows) == 7
    assert [row["name"] for row in await everything(admin, "/tokens", usable="false")] == ["reader 1"]
    assert len(await everything(admin, "/tokens", usable="true", limit=1)) == 6
    assert len(await everything(admin, "/tokens", role="viewer")) == 4
    assert len(await everything(admin, "/tokens", person_id=person["id"])) == 2
    assert len(await everything(theirs, "/tokens")) == 4
    place = f"/tokens/{made[0]['token']['id']}"
    assert (await theirs.get(place)).status_code == 404
    assert (await theirs.delete(place)).status_code == 404
    assert (await theirs.patch(place, json={}, headers={"If-Match": "*"})).status_code == 404


async def test_a_revoked_token_opens_nothing_and_is_not_brought_back(
    service: Service, admin: httpx.AsyncClient, database_dsn: str
) -> None:
    made = await issue(admin)
    place = f"/tokens/{made['token']['id']}"
    async with holding(service, made["secret"]) as client:
        ended = await admin.delete(place)
        assert (ended.status_code, ended.json()["usable"]) == (200, False)
        assert (await client.get("/me")).status_code == 401
        again = await admin.delete(place)
        assert (again.status_code, again.json()["revoked_at"]) == (200, ended.json()["revoked_at"])
        refused = await admin.patch(place, json={"expires_at": None}, headers={"If-Match": "*"})
        assert refused.status_code == 409
        assert (await client.get("/me")).status_code == 401
    assert len(await entries(database_dsn, "revoke")) == 1


async def test_role_expiry_and_person_change_for_whoever_saw_the_last_version(
    service: Service, admin: httpx.AsyncClient, database_dsn: str
) -> None:
    person = (await admin.get("/team/people?limit=1")).json()["data"][0]
    made = await issue(admin, expires_at="2099-01-31T00:00:00Z")
    place = f"/tokens/{made['token']['id']}"
    seen = {"If-Match": (await admin.get(place)).headers["etag"]}
    assert (await admin.patch(place, json={"role": "manager"})).status_code == 428
    changed = await admin.patch(place, json={"role": "manager", "person_id": person["id"]}, headers=seen)
    assert (changed.status_code, changed.json()["role"]) == (200, "manager")
    assert changed.json()["expires_at"] == "2099-01-31T00:00:00Z"
    assert (await admin.patch(place, json={"role": "viewer"}, headers=seen)).status_code == 412
    async with holding(service, made["secret"]) as client:
        assert (await client.get("/me")).json()["role"] == "manager"
        latest = {"If-Match": changed.headers["etag"]}
        bare = (await admin.patch(place, json={"expires_at": None, "person_id": None}, headers=latest)).json()
        assert (bare["expires_at"], bare["person"], bare["role"]) == (None, None, "manager")
        same = await admin.patch(place, json={"role": "manager"}, headers={"If-Match": "*"})
        assert same.json()["version"] == bare["version"] == 3
    first, second = await entries(database_dsn, "change")
    assert first == {"name": "grafana", "role": ["viewer", "manager"], "person_id": [None, person["id"]]}
    assert set(second) == {"name", "expires_at", "person_id"}


async def test_the_last_admin_who_can_act_stays_one(service: Service, admin: httpx.AsyncClient) -> None:
    own = f"/tokens/{(await admin.get('/me')).json()['token_id']}"
    assert (await admin.delete(own)).status_code == 409
    assert (await admin.patch(own, json={"role": "viewer"}, headers={"If-Match": "*"})).status_code == 409
    second = await issue(admin, role="admin")
    spent = await issue(admin, role="admin")
    await admin.delete(f"/tokens/{spent['token']['id']}")
    async with holding(service, second["secret"]) as other:
        assert (await admin.delete(own)).status_code == 200
        assert (await admin.get("/me")).status_code == 401
        assert (await other.delete(f"/tokens/{second['token']['id']}")).status_code == 409
        assert (await other.get("/me")).status_code == 200


async def test_of_admins_who_end_each_other_at_once_one_is_left(service: Service, admin: httpx.AsyncClient) -> None:
    own = f"/tokens/{(await admin.get('/me')).json()['token_id']}"
    others = [await issue(admin, role="admin") for _ in range(4)]
    clients = [admin, *(holding(service, other["secret"]) for other in others)]
    places = [own, *(f"/tokens/{other['token']['id']}" for other in others)]
    # Each holds the row of their own token, used for the first time, while ending that of the next.
    answers = await asyncio.gather(*(client.delete(places[(n + 1) % len(places)]) for n, client in enumerate(clients)))
    assert {answer.status_code for answer in answers} <= {200, 401, 409}
    assert [(await client.get("/me")).status_code for client in clients].count(200) >= 1
    for client in clients[1:]:
        await client.aclose()


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"name": "  ", "role": "viewer"}, 422, "name"),
        ({"name": "a\tb", "role": "viewer"}, 422, "name"),
        ({"name": "x" * 201, "role": "viewer"}, 422, "name"),
        ({"name": "x", "role": "owner"}, 422, "role"),
        ({"name": "x", "role": "viewer", "expires_at": "2020-01-01T00:00:00Z"}, 422, "expires_at"),
        ({"name": "x", "role": "viewer", "expires_at": "9999-12-31T23:59:59-12:00"}, 422, "expires_at"),
        ({"name": "x", "role": "viewer", "person_id": "01a20af7-2c11-7d02-8c3b-0d7f3f1a2b4c"}, 422, "person_id"),
        ({"name": "x", "role": "viewer", "colour": "red"}, 400, "colour"),
        ({"name": "x"}, 400, "role"),
    ],
)
async def test_what_is_no_token_is_refused(
    body: dict[str, Any], status: int, field: str, admin: httpx.AsyncClient
) -> None:
    refused = await admin.post("/tokens", json=body)
    assert refused.status_code == status, refused.text
    assert field in refused.text
    assert len(await everything(admin, "/tokens")) == 4


async def test_somebody_of_another_organisation_is_nobody(admin: httpx.AsyncClient, theirs: httpx.AsyncClient) -> None:
    stranger = (await theirs.get("/team/people?limit=1")).json()["data"][0]["id"]
    wanted = {"name": "x", "role": "viewer", "person_id": stranger}
    assert (await admin.post("/tokens", json=wanted)).status_code == 422


async def test_tokens_are_for_admins(service: Service, filled: Organisations) -> None:
    async with service.client(**filled[0].authorization("manager")) as client:
        me = (await client.get("/me")).json()
        for answer in (
            await client.get("/tokens"),
            await client.get(f"/tokens/{me['token_id']}"),
            await client.post("/tokens", json={"name": "x", "role": "admin"}),
            await client.patch(f"/tokens/{me['token_id']}", json={"role": "admin"}, headers={"If-Match": "*"}),
            await client.delete(f"/tokens/{me['token_id']}"),
        ):
            assert answer.status_code == 403
