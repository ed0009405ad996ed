"""Deployments to production over HTTP, and what people say they caused."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import _prepare
from tests.api.conftest import Organisations, Service, UseService
from tests.conftest import OpenDatabase
from tests.facts.conftest import Ledger, day


@pytest.fixture
async def metrics(use_service: UseService) -> Service:
    return await use_service("ovia-metrics")


@pytest.fixture
async def ledgers(
    database_dsn: str, open_database: OpenDatabase, organisations: Organisations
) -> AsyncIterator[list[Ledger]]:
    """Two organisations with four deployments each; the last is a fix of the incident that the second is blamed for."""
    admin = await asyncpg.connect(database_dsn)
    await _prepare(admin)
    database = await open_database("ovia_metrics")
    made = [Ledger(admin, database, organisation.id) for organisation in organisations]
    for one in made:
        await one.put("projects")
        await one.put("environments", external_id="1")
        for number in range(1, 5):
            sha = f"sha {number}"
            await one.put("merge_requests", external_id=f"2{number}", state="merged", created_at=day(number - 0.5),
                          merged_at=day(number), head_sha=sha)  # fmt: skip
            await one.put("deployments", external_id=f"3{number}", sha=sha, finished_at=day(number + 0.25))
        for name in ("90", "91"):
            await one.put("work_items", external_id=name, key=f"GLD-{name}", type="Incident", created_at=day(2.3))
        await one.put("source_references", subject_external_id="24", target="GLD-90")
        await one.derive()
    yield made
    await admin.close()


@pytest.fixture
async def manager(metrics: Service, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with metrics.client(**organisations[0].authorization("manager")) as client:
        yield client


@pytest.fixture
async def viewer(metrics: Service, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with metrics.client(**organisations[0].authorization("viewer")) as client:
        yield client


@pytest.fixture
async def theirs(metrics: Service, organisations: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with metrics.client(**organisations[1].authorization("manager")) as client:
        yield client


async def _listed(client: httpx.AsyncClient, query: str = "") -> dict[str, Any]:
    answer = await client.get(f"/team/deployments?{query}")
    assert answer.status_code == 200, answer.text
    return {one["external_id"]: one for one in answer.json()["data"]}


def _keys(incidents: list[dict[str, Any]]) -> list[str]:
    return [one["key"] for one in incidents]


async def test_deployments_are_listed_newest_first_with_what_they_caused(
    ledgers: list[Ledger], viewer: httpx.AsyncClient
) -> None:
    listed = await _listed(viewer)
    assert list(listed) == ["34", "33", "32", "31"]
    assert {name for name, one in listed.items() if one["failed"]} == {"32"}
    assert _keys(listed["32"]["incidents"]) == ["GLD-90"]
    assert (listed["34"]["fix"], listed["34"]["environment"], listed["34"]["source"]) == (
        True, "production", "environments",
    )  # fmt: skip
    assert listed["34"]["project_key"] == "GLD"
    assert listed["32"]["corrected_by"] is None


async def test_deployments_are_those_of_a_scope(ledgers: list[Ledger], viewer: httpx.AsyncClient) -> None:
    ledger, product, team, person = ledgers[0], new_id(), new_id(), new_id()
    organisation = ledger.org_id
    await ledger.admin.execute("insert into products (org_id, id, name) values ($1, $2, 'P')", organisation, product)
    assert await _listed(viewer, f"scope_kind=product&scope_id={product}") == {}
    await ledger.admin.execute(
        "insert into product_projects (org_id, product_id, connection_id, project_external_id) values ($1, $2, $3, $4)",
        organisation, product, ledger.connection_id, "1",
    )  # fmt: skip
    for query in (f"scope_kind=product&scope_id={product}", f"scope_kind=project&scope_id={ledger.connection_id}:1"):
        assert list(await _listed(viewer, query)) == ["34", "33", "32", "31"]
    await ledger.admin.execute("insert into teams (org_id, id, name) values ($1, $2, 'T')", organisation, team)
    await ledger.admin.execute(
        "insert into people (org_id, id, display_name) values ($1, $2, 'Ada')", organisation, person
    )
    identity = new_id()
    await ledger.account(identity)
    await ledger.admin.execute(
        """
        insert into mappings (org_id, id, person_id, identity_id, status, confidence, rule_trace, engine_version,
                              valid_from, verified_by, verified_at)
        values ($1, $2, $3, $4, 'verified', 1, '[]', 'test', $5, 'test', now())
        """,
        organisation, new_id(), person, identity, day(0),
    )  # fmt: skip
    await ledger.admin.execute(
        "insert into team_memberships (org_id, id, team_id, person_id, valid_from) values ($1, $2, $3, $4, $5)",
        organisation, new_id(), team, person, day(3),
    )  # fmt: skip
    for number in (2, 3):  # in the team only when the second of these was deployed
        await ledger.put("deployments", external_id=f"3{number}", sha=f"sha {number}", finished_at=day(number + 0.25),
                         actor_identity_id=identity)  # fmt: skip
    await ledger.derive()
    assert list(await _listed(viewer, f"scope_kind=team&scope_id={team}")) == ["33"]
    refused = await viewer.get(f"/team/deployments?scope_kind=person&scope_id={person}")
    assert refused.status_code == 422


async def test_items_that_may_be_incidents_are_found_by_key_or_by_time(
    ledgers: list[Ledger], viewer: httpx.AsyncClient
) -> None:
    await ledgers[0].put("work_items", external_id="92", key="GLD-9", created_at=day(2))

    async def found(**query: str) -> list[str]:
        answer = await viewer.get("/team/deployments/incident-candidates", params=query)
        assert answer.status_code == 200, answer.text
        return _keys(answer.json())

    assert await found(key="gld-9") == ["GLD-9", "GLD-90", "GLD-91"]
    assert sorted(await found(around=day(2.25).isoformat())) == ["GLD-90", "GLD-91"]
    assert await found(around=day(60).isoformat()) == []


async def test_deployments_are_paged_and_filtered(ledgers: list[Ledger], viewer: httpx.AsyncClient) -> None:
    found, cursor = [], ""
    while True:
        page = (await viewer.get(f"/team/deployments?limit=3{cursor}")).json()
        found += [one["external_id"] for one in page["data"]]
        assert page["total"] == 4
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == ["34", "33", "32", "31"]
    assert list(await _listed(viewer, "failed=true")) == ["32"]
    assert list(await _listed(viewer, f"connection={ledgers[0].connection_id}&project=1&failed=false")) == [
        "34", "33", "31",
    ]  # fmt: skip
    assert list(await _listed(viewer, "project=2")) == []
    begins, ends = (f"{day(number):%Y-%m-%dT%H:%M:%SZ}" for number in (2, 4))
    assert list(await _listed(viewer, f"from={begins}&to={ends}")) == ["33", "32"]
    refused = await viewer.get("/team/deployments?from=2026-01-02&to=2026-01-01")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "to")


async def test_somebody_says_what_a_deployment_caused_and_takes_it_back(
    ledgers: list[Ledger], manager: httpx.AsyncClient
) -> None:
    ours = ledgers[0]
    listed = await _listed(manager)
    place = f"/team/deployments/{listed['33']['id']}/incidents"
    before = await manager.get(place)
    assert (before.json()["incidents"], before.json()["correction"]) == ([], None)
    said = await manager.put(
        place, headers={"If-Match": before.headers["ETag"]},
        json={
            "incidents": [{"connection_id": str(ours.connection_id), "external_id": name} for name in ("90", "91")],
            "reason": "the alarm went off later",
        },
    )  # fmt: skip
    assert said.status_code == 200, said.text
    assert _keys(said.json()["incidents"]) == ["GLD-90", "GLD-91"]
    assert said.json()["correction"]["reason"] == "the alarm went off later"
    assert (await manager.get(place)).json() == said.json()

    await ours.derive()
    corrected = await _listed(manager)
    assert {name for name, one in corrected.items() if one["failed"]} == {"33"}
    assert _keys(corrected["33"]["incidents"]) == ["GLD-90", "GLD-91"]
    assert corrected["33"]["corrected_by"] == said.json()["correction"]["said_by"]

    undone = await manager.delete(place, headers={"If-Match": said.headers["ETag"]})
    assert (undone.status_code, undone.json()["correction"]) == (200, None)
    await ours.derive()
    assert await _listed(manager) == listed
    actions = await ours.admin.fetch(
        "select action, detail->'was' as was from audit_log where subject_kind = 'deployment' order by id"
    )
    assert [(one["action"], len(one["was"])) for one in actions] == [("correct", 0), ("undo", 2)]


async def test_somebody_says_that_a_deployment_caused_nothing(
    ledgers: list[Ledger], manager: httpx.AsyncClient
) -> None:
    place = f"/team/deployments/{(await _listed(manager))['32']['id']}/incidents"
    assert _keys((await manager.get(place)).json()["incidents"]) == ["GLD-90"]
    said = await manager.put(place, headers={"If-Match": "*"}, json={"incidents": []})
    assert said.json()["incidents"] == []
    await ledgers[0].derive()
    assert not any(one["failed"] for one in (await _listed(manager)).values())


async def test_what_was_said_meanwhile_is_not_overwritten(ledgers: list[Ledger], manager: httpx.AsyncClient) -> None:
    place = f"/team/deployments/{(await _listed(manager))['32']['id']}/incidents"
    tag = (await manager.get(place)).headers["ETag"]
    assert (await manager.put(place, json={"incidents": []})).status_code == 428
    assert (await manager.delete(place, headers={"If-Match": tag})).status_code == 404
    first = await manager.put(place, headers={"If-Match": tag}, json={"incidents": []})
    assert first.status_code == 200
    assert (await manager.put(place, headers={"If-Match": tag}, json={"incidents": []})).status_code == 412
    undone = await manager.delete(place, headers={"If-Match": first.headers["ETag"]})
    # Nobody takes for unchanged what was corrected and put back meanwhile.
    assert len({tag, first.headers["ETag"], undone.headers["ETag"]}) == 3


async def test_sent_twice_it_is_said_once(ledgers: list[Ledger], manager: httpx.AsyncClient) -> None:
    place = f"/team/deployments/{(await _listed(manager))['32']['id']}/incidents"
    headers = {"If-Match": "*", "Idempotency-Key": "once"}
    first, second = [await manager.put(place, headers=headers, json={"incidents": []}) for _ in range(2)]
    assert first.json() == second.json()
    assert await ledgers[0].admin.fetchval("select count(*) from deployment_corrections") == 1


async def test_only_work_items_that_are_there_can_be_incidents(
    ledgers: list[Ledger], manager: httpx.AsyncClient
) -> None:
    place = f"/team/deployments/{(await _listed(manager))['32']['id']}/incidents"
    known, foreign = str(ledgers[0].connection_id), str(ledgers[1].connection_id)
    refused = await manager.put(
        place, headers={"If-Match": "*"},
        json={"incidents": [{"connection_id": known, "external_id": "90"},
                            {"connection_id": foreign, "external_id": "90"}]},
    )  # fmt: skip
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "incidents[1]")


async def test_who_may_only_look_says_nothing_and_others_see_nothing(
    ledgers: list[Ledger], viewer: httpx.AsyncClient, theirs: httpx.AsyncClient
) -> None:
    place = f"/team/deployments/{(await _listed(viewer))['32']['id']}/incidents"
    assert (await viewer.put(place, headers={"If-Match": "*"}, json={"incidents": []})).status_code == 403
    assert (await viewer.delete(place, headers={"If-Match": "*"})).status_code == 403
    assert (await theirs.get(place)).status_code == 404
    assert (await theirs.put(place, headers={"If-Match": "*"}, json={"incidents": []})).status_code == 404
    assert {one["connection_id"] for one in (await _listed(theirs)).values()} == {str(ledgers[1].connection_id)}
