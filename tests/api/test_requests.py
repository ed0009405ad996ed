"""What every request meets, whatever it asks for: tokens, limits, ids, an absent database."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import psycopg
import pytest

from ovia_shared.admin import operations
from ovia_shared.database.pool import Database
from ovia_shared.security import tokens
from tests.api.announcing import announced
from tests.api.conftest import Organisations, Service, StartService
from tests.conftest import OpenDatabase, RoleDsn


async def test_without_a_valid_token_there_is_nothing_to_see(service: Service, organisations: Organisations) -> None:
    real = organisations[0].tokens["admin"]  # type: ignore[index]
    forged, _ = tokens.make(organisations[1].id, uuid4())
    altered = real[:-1] + ("a" if real[-1] != "a" else "q")
    bad = ["", "Bearer", "Bearer x", f"Basic {real}", f"Bearer {altered}", f"Bearer {forged}", f"Bearer {real.upper()}"]
    async with service.client() as client:
        answers = [await client.get("/team/people")] + [
            await client.get("/team/people", headers={"Authorization": value}) for value in bad
        ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}


async def test_a_revoked_or_expired_token_opens_nothing_at_once(
    service: Service, organisations: Organisations, open_database: OpenDatabase
) -> None:
    owner: Database = await open_database("ovia_owner")
    org = organisations[0].id
    soon = datetime.now(UTC) + timedelta(seconds=1.5)
    revoked, revoked_text = await operations.issue_token(owner, org, name="a", role="viewer", actor="test")
    _, expiring_text = await operations.issue_token(owner, org, name="b", role="viewer", actor="test", expires_at=soon)
    async with service.client() as client:

        async def status(text: str) -> int:
            return (await client.get("/sync", headers={"Authorization": f"Bearer {text}"})).status_code

        assert [await status(revoked_text), await status(expiring_text)] == [200, 200]
        await operations.revoke_token(owner, org, revoked.id, actor="test")
        assert await status(revoked_text) == 401
        await asyncio.sleep(1.6)
        assert await status(expiring_text) == 401


async def test_every_answer_has_a_request_id_taken_from_the_request_if_it_is_one(ours: httpx.AsyncClient) -> None:
    assert (await ours.get("/sync", headers={"X-Request-Id": "abc-1.2_3"})).headers["x-request-id"] == "abc-1.2_3"
    for bad in ("a b", "x" * 129, "a;b", ""):
        given = (await ours.get("/nowhere", headers={"X-Request-Id": bad})).headers["x-request-id"]
        assert re.fullmatch(r"[0-9a-f-]{36}", given)


async def test_unknown_addresses_and_methods_are_problems(ours: httpx.AsyncClient) -> None:
    answers = [await ours.get("/nowhere"), await ours.post("/sync"), await ours.get("/team/people/not-an-id")]
    assert [answer.status_code for answer in answers] == [404, 405, 404]
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}


async def test_a_body_beyond_the_limit_is_refused(service: Service) -> None:
    assert await announced(service, "/sync", 1024 * 1024 + 1) == "413"


async def test_a_token_that_asks_too_often_is_told_when_to_come_back(
    start_service: StartService, role_dsn: RoleDsn, organisations: Organisations
) -> None:
    service = await start_service(
        "ovia-api",
        OVIA_DATABASE_URL=role_dsn("ovia_api"),
        OVIA_REQUESTS_PER_MINUTE="3",
        OVIA_ANONYMOUS_REQUESTS_PER_MINUTE="2",
    )
    ours, theirs = (organisation.authorization("viewer") for organisation in organisations)
    async with service.client() as client:
        statuses = [(await client.get("/sync", headers=ours)).status_code for _ in range(4)]
        limited = await client.get("/sync", headers=ours)
        other = await client.get("/sync", headers=theirs)
        strangers = [(await client.get("/sync")).status_code for _ in range(3)]
    # The minute of the clock may turn once while the test runs.
    assert 429 in statuses or limited.status_code == 429
    if limited.status_code == 429:
        assert 1 <= int(limited.headers["retry-after"]) <= 60
    assert other.status_code == 200
    assert strangers[-1] in (401, 429)


async def test_a_database_that_is_away_is_503_and_comes_back(
    start_service: StartService, role_dsn: RoleDsn, organisations: Organisations, cluster_dsn: str, database_dsn: str
) -> None:
    service = await start_service("ovia-api", OVIA_DATABASE_URL=role_dsn("ovia_api"))
    name = database_dsn.partition("/ovia_test_")[2].partition("?")[0]
    headers = organisations[0].authorization("viewer")
    async with service.client() as client:
        assert (await client.get("/ready")).status_code == 200
        with psycopg.connect(cluster_dsn, autocommit=True) as admin:
            admin.execute(f'alter database "ovia_test_{name}" allow_connections false')
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [f"ovia_test_{name}"]
            )
            away = await client.get("/team/people", headers=headers)
            unready = await client.get("/ready")
            alive = await client.get("/health")
            admin.execute(f'alter database "ovia_test_{name}" allow_connections true')
        back = await client.get("/team/people", headers=headers)
    assert away.status_code == 503, service.log.read_text()
    assert (away.status_code, unready.status_code, alive.status_code, back.status_code) == (503, 503, 200, 200)
    assert away.headers["retry-after"].isdigit()
    assert "does not answer" in away.json()["detail"]


async def test_a_service_starts_while_the_database_is_away_and_says_it_is_not_ready(
    start_service: StartService,
) -> None:
    service = await start_service("ovia-api", OVIA_DATABASE_URL="postgresql://ovia_api:x@127.0.0.1:1/ovia")
    async with service.client() as client:
        answer = await client.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"][0]["name"] == "database"


@pytest.mark.parametrize("name", ["ovia-metrics", "ovia-rag", "ovia-console"])
async def test_services_yet_to_be_built_say_what_they_are_and_nothing_more(
    name: str, start_service: StartService, role_dsn: RoleDsn
) -> None:
    dsn = role_dsn(name.replace("-", "_")) if name != "ovia-console" else ""
    service = await start_service(name, **({"OVIA_DATABASE_URL": dsn} if dsn else {}))
    async with service.client() as client:
        statuses = {path: (await client.get(path)).status_code for path in ("/health", "/ready", "/info", "/metrics")}
        assert set(statuses.values()) == {200}, statuses
        assert (await client.get("/info")).json()["service"] == name
        assert "ovia_http_requests_total" in (await client.get("/metrics")).text
        assert (await client.get("/team/people")).status_code == 404


async def test_no_secret_reaches_a_log(
    start_service: StartService, organisations: Organisations, role_dsn: RoleDsn
) -> None:
    service = await start_service("ovia-api", OVIA_DATABASE_URL=role_dsn("ovia_api"))
    text = organisations[0].tokens["viewer"]  # type: ignore[index]
    async with service.client(**organisations[0].authorization("viewer")) as ours:
        await ours.get("/team/people", params={"search": text})
        await ours.get(f"/{text}")
        await ours.get("/sync", headers={"Authorization": f"Bearer {text}x"})
        await ours.get("/sync", params={text: "1"})
    await service.end()
    logged = service.log.read_text()
    assert logged.count('"event":"request"') >= 4
    for secret in (text, text.rsplit("_", 1)[1], "of-no-worth-outside-the-tests"):
        assert secret not in logged


async def test_a_service_told_to_end_says_it_is_not_ready_and_exits_cleanly(
    start_service: StartService, role_dsn: RoleDsn
) -> None:
    service = await start_service("ovia-api", OVIA_DATABASE_URL=role_dsn("ovia_api"))
    assert await service.end(within=20) == 0


async def test_a_bad_setting_is_one_sentence(start_service: StartService) -> None:
    with pytest.raises(AssertionError, match="OVIA_DATABASE_URL") as fault:
        await start_service("ovia-api")
    assert "Traceback" not in str(fault.value)


async def test_the_documentation_page_loads_only_from_here(service: Service) -> None:
    async with service.client() as client:
        page = await client.get("/docs")
        assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert assets
        assert all(path.startswith("/docs/") for path in assets)
        assert {(await client.get(path)).status_code for path in assets} == {200}
        described = (await client.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    assert {"/team/people", "/team/people/{person_id}", "/team/identity-mappings", "/sync"} <= described["paths"].keys()
    assert "unsafe" not in page.headers["content-security-policy"]
