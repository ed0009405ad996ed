"""Lists of people and teams, imported over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.api.announcing import announced
from tests.api.conftest import Organisations, Service

PEOPLE = (
    "Name;Email;External ID;Username;Team;Role;From;Active\n"
    "Ann Lee;Ann@ours.example|ann.lee@home.example;E1;alee;Engineering / Wings;lead;2026-01-01;yes\n"
    "Bo Ray;bo@ours.example;E2;;Engineering;;;no\n"
)
TEAMS = "team,email,role,from,to\nOps / Night,p0@ours.example,=cmd,2026-01-01,\nOps / Day,,,,\n"


@pytest.fixture
async def manager(service: Service, filled: Organisations) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client(**filled[0].authorization("manager")) as client:
        yield client


async def _people(client: httpx.AsyncClient, text: str | bytes, dry_run: bool = False) -> httpx.Response:
    body = text if isinstance(text, bytes) else text.encode()
    place = f"/team/people/import?dry_run={str(dry_run).lower()}"
    return await client.post(place, content=body, headers={"Content-Type": "text/csv"})


async def _teams(client: httpx.AsyncClient, text: str, dry_run: bool = False) -> httpx.Response:
    place = f"/team/teams/import?dry_run={str(dry_run).lower()}"
    return await client.post(place, content=text.encode(), headers={"Content-Type": "text/csv"})


async def _state(client: httpx.AsyncClient) -> list[Any]:
    mappings = (await client.get("/team/identity-mappings?source=hr")).json()["data"]
    people = (await client.get("/team/people?limit=200")).json()["data"]
    return [people, mappings, (await client.get("/team/teams/export")).text]


async def test_people_of_a_list_are_made_once_with_certain_accounts(
    service: Service, filled: Organisations, manager: httpx.AsyncClient
) -> None:
    before = await _state(manager)
    dry = await _people(manager, PEOPLE, dry_run=True)
    assert dry.status_code == 200, dry.text
    assert (dry.json()["written"], dry.json()["created"]) == (False, 2)
    assert [one["line"] for one in dry.json()["lines"]] == [2, 3]
    assert await _state(manager) == before

    done = await _people(manager, b"\xef\xbb\xbf" + PEOPLE.replace("\n", "\r\n").encode())
    assert (done.json()["written"], done.json()["created"]) == (True, 2)
    (ann,) = (await manager.get("/team/people?search=ann")).json()["data"]
    (bo,) = (await manager.get("/team/people?status=inactive")).json()["data"]
    assert (ann["primary_email"], bo["display_name"]) == ("ann@ours.example", "Bo Ray")
    accounts = (await manager.get(f"/team/people/{ann['id']}/identities")).json()
    assert {(one["status"], one["identity"]["source"]) for one in accounts} == {("verified", "hr")}
    assert {one["identity"]["email"] for one in accounts} == {"ann@ours.example", "ann.lee@home.example"}
    memberships = (await manager.get(f"/team/people/{ann['id']}")).json()["memberships"]
    assert [(one["team_name"], one["role"]) for one in memberships] == [("Wings", "lead")]

    after = await _state(manager)
    again = await _people(manager, PEOPLE)
    assert (again.json()["ignored"], again.json()["created"], again.json()["updated"]) == (2, 0, 0)
    assert await _state(manager) == after
    changed = await _people(manager, PEOPLE.replace("Ann Lee", "Ann Ray").replace(";no\n", ";yes\n"))
    assert changed.json()["updated"] == 2
    assert (await manager.get("/team/people?status=inactive")).json()["total"] == 0
    assert (await manager.get(f"/team/people/{ann['id']}")).json()["display_name"] == "Ann Ray"
    async with service.client(**filled[1].authorization("manager")) as theirs:
        assert (await theirs.get("/team/people?search=ann")).json()["total"] == 0
        assert (await _people(theirs, PEOPLE)).json()["created"] == 2


async def test_who_is_known_by_email_is_taken_over(manager: httpx.AsyncClient) -> None:
    known = (await manager.get("/team/people?limit=1")).json()["data"][0]
    text = f"name,email,external_id\nPat Known,{known['primary_email'].upper()},E9\n"
    assert (await _people(manager, text)).json()["updated"] == 1
    assert (await manager.get(f"/team/people/{known['id']}")).json()["display_name"] == "Pat Known"
    moved = await _people(manager, "name,email,external_id\nPat Known,new@ours.example,E9\n")
    assert moved.json()["updated"] == 1
    assert (await manager.get(f"/team/people/{known['id']}")).json()["primary_email"] == "new@ours.example"


async def test_one_bad_line_keeps_all_others_out(manager: httpx.AsyncClient) -> None:
    before = await _state(manager)
    text = (
        "name,email,external_id,from\nAnn,ann@a.example,E1,\n,x@a.example,E2,\nBo,ann@a.example,E3,\n"
        "Cy,nobody,E4,\nDi,,,\nEd,,E1,\nFy,fy@a.example,E7,2026-02-30\n"
    )
    dry = (await _people(manager, text, dry_run=True)).json()
    assert [one["outcome"] for one in dry["lines"]] == ["create"] + ["error"] * 6
    refused = await _people(manager, text)
    assert refused.status_code == 422
    assert [one["field"] for one in refused.json()["errors"]] == [f"line {n}" for n in range(3, 9)]
    assert await _state(manager) == before


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 422, "empty"),
        ("name\nЁ".encode("cp1251"), 400, "cp1251"),
        (b"name,colour\nA,red", 422, "colour"),
        (b"email\nx@y.example", 422, "name is missing"),
        (b"name,name\nA,B", 422, "twice"),
        (b'name,email\n"A,b', 400, "line 2"),
        (b"name\nA\0", 400, "no text"),
    ],
)
async def test_files_that_cannot_be_read_are_refused_in_words(
    body: bytes, status: int, words: str, manager: httpx.AsyncClient
) -> None:
    refused = await _people(manager, body)
    assert refused.status_code == status
    assert words in refused.json()["detail"]


async def test_a_file_in_utf16_is_read_and_a_large_one_refused(service: Service, manager: httpx.AsyncClient) -> None:
    text = "name\temail\nЁлка\te@ours.example\n"
    assert (await _people(manager, text.encode("utf-16"), dry_run=True)).json()["created"] == 1
    assert await announced(service, "/team/people/import", 1024 * 1024 + 1) == "413"


async def test_teams_go_out_and_come_back_the_same(manager: httpx.AsyncClient) -> None:
    assert (await _teams(manager, TEAMS, dry_run=True)).json()["created"] == 2
    assert (await manager.get("/team/teams")).json()["total"] == 0
    done = await _teams(manager, TEAMS)
    assert done.json()["created"] == 2, done.text
    assert (await manager.get("/team/teams")).json()["total"] == 3
    exported = (await manager.get("/team/teams/export")).text
    assert "'=cmd" in exported
    again = await _teams(manager, exported)
    assert again.json() | {"lines": []} == {
        "written": True, "created": 0, "updated": 0, "ignored": 3, "errors": 0, "lines": [],
    }  # fmt: skip
    ended = await _teams(manager, TEAMS.replace("01-01,\n", "01-01,2026-02-01\n"))
    assert ended.json()["updated"] == 1
    overlapping = TEAMS.replace("2026-01-01", "2026-01-15")
    refused = await _teams(manager, overlapping)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "line 2")
    stranger = await _teams(manager, "team,email,from\nOps,nobody@ours.example,2026-01-01\n")
    assert "add the person first" in stranger.json()["errors"][0]["message"]
