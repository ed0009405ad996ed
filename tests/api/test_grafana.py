"""Who may open Grafana: what the gateway asks, with every way a token can be presented."""

import base64

import asyncpg
import pytest

from ovia_shared.admin import operations
from ovia_shared.database.pool import Database
from ovia_shared.models.token import Role
from tests.api.conftest import Organisations, Service, StartService
from tests.conftest import RoleDsn

PATH = "/auth/grafana"


@pytest.fixture
async def open_service(start_service: StartService, role_dsn: RoleDsn) -> Service:
    """An api that lets people of any organisation into Grafana."""
    return await start_service("ovia-api", OVIA_DATABASE_URL=role_dsn("ovia_api"), OVIA_GRAFANA_ORGANISATION="any")


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("role", "theirs"),
    [(Role.VIEWER, "Viewer"), (Role.ANALYST, "Viewer"), (Role.MANAGER, "Editor"), (Role.ADMIN, "Admin")],
)
async def test_a_token_says_who_comes_and_how_far_they_may_go(
    open_service: Service, organisations: Organisations, role: Role, theirs: str
) -> None:
    token = organisations[0].tokens[role]
    async with open_service.client() as client:
        for headers in (organisations[0].authorization(role), basic("", token), basic("anybody", token)):
            answer = await client.get(PATH, headers=headers)
            assert answer.status_code == 200
            assert answer.headers["x-webauth-role"] == theirs
            assert answer.headers["x-webauth-user"].endswith("." + organisations[0].id.hex[-12:])


async def test_two_organisations_are_never_one_user(
    open_service: Service, organisations: Organisations, owner_dsn: str
) -> None:
    database = Database(owner_dsn, size=1)
    await database.open()
    users = set()
    async with open_service.client() as client:
        for organisation in organisations:
            _, text = await operations.issue_token(
                database, organisation.id, name="Żuraw: łączność", role="viewer", actor="test"
            )
            users.add((await client.get(PATH, headers=basic("x", text))).headers["x-webauth-user"])
    await database.close()
    assert len(users) == 2
    assert all(user.isascii() and user.startswith("%C5%BBuraw%3A%20") for user in users)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic"},
        {"Authorization": "Basic not base64!"},
        {"Authorization": "Basic " + base64.b64encode(b"no colon").decode()},
        {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode()},
        basic("ovia", "ovia_" + "a" * 52 + "_" + "b" * 52),
        {"X-Webauth-User": "admin"},
    ],
)
async def test_a_browser_is_asked_for_a_token(service: Service, headers: dict[str, str]) -> None:
    async with service.client() as client:
        answer = await client.get(PATH, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="Ovia", charset="UTF-8"'
    assert "x-webauth-user" not in answer.headers


async def test_nothing_else_takes_a_password(service: Service, organisations: Organisations) -> None:
    # A browser sends a password it knows by itself, also on behalf of a page of somebody else's.
    async with service.client() as client:
        answer = await client.get("/team/people", headers=basic("x", organisations[0].tokens[Role.ADMIN]))
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_grafana_can_be_kept_to_one_organisation(
    start_service: StartService, organisations: Organisations, role_dsn: RoleDsn
) -> None:
    service = await start_service(
        "ovia-api",
        OVIA_DATABASE_URL=role_dsn("ovia_api"),
        OVIA_GRAFANA_ORGANISATION=str(organisations[0].id),
    )
    async with service.client() as client:
        statuses = [(await client.get(PATH, headers=one.authorization("admin"))).status_code for one in organisations]
    assert statuses == [200, 403]


async def test_of_several_organisations_none_sees_the_others_unless_that_was_said(
    service: Service, organisations: Organisations
) -> None:
    async with service.client() as client:
        answer = await client.get(PATH, headers=organisations[0].authorization("admin"))
    assert answer.status_code == 403
    assert "OVIA_GRAFANA_ORGANISATION" in answer.json()["detail"]
    assert "x-webauth-user" not in answer.headers


async def test_the_only_organisation_there_is_may_open_grafana(
    service: Service, organisations: Organisations, database_dsn: str
) -> None:
    superuser = await asyncpg.connect(database_dsn)
    # What hangs on the other one does not matter here.
    await superuser.execute("set session_replication_role = replica")
    await superuser.execute("delete from organisations where org_id = $1", organisations[1].id)
    await superuser.close()
    async with service.client() as client:
        answer = await client.get(PATH, headers=organisations[0].authorization("viewer"))
    assert (answer.status_code, answer.headers["x-webauth-role"]) == (200, "Viewer")
