import asyncio
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import Organisations

LISTS = ["/team/people", "/team/identity-mappings", "/team/identities/orphans", "/sync"]


async def everything(client: httpx.AsyncClient, path: str, **query: Any) -> list[dict[str, Any]]:
    """All rows of a list, page by page, checking each page's form."""
    rows: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = await client.get(path, params=query | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        body = answer.json()
        rows += body["data"]
        cursor = body["next"]
        if cursor is None:
            assert body["total"] == len(rows)
            return rows


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_shows_nothing_of_another_organisation(
    path: str, ours: httpx.AsyncClient, filled: Organisations
) -> None:
    answer = await ours.get(path, params={"limit": 200})
    assert answer.status_code == 200
    assert answer.json()["total"] == {LISTS[0]: 20, LISTS[1]: 50, LISTS[2]: 10, LISTS[3]: 1}[path]
    assert "ours" in answer.text.lower()
    assert "theirs" not in answer.text.lower()


async def test_another_organisations_person_is_not_found(
    service: Any, ours: httpx.AsyncClient, filled: Organisations
) -> None:
    async with service.client(**filled[1].authorization("admin")) as theirs:
        person = (await theirs.get("/team/people")).json()["data"][0]["id"]
        assert (await theirs.get(f"/team/people/{person}")).status_code == 200
    answer = await ours.get(f"/team/people/{person}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_pages_hold_every_row_once_in_order(ours: httpx.AsyncClient, filled: Organisations) -> None:
    rows = await everything(ours, "/team/identity-mappings", limit=7)
    assert len({row["id"] for row in rows}) == 50
    confidences = [row["confidence"] for row in rows]
    assert confidences == sorted(confidences)
    names = [row["display_name"] for row in await everything(ours, "/team/people", limit=3)]
    assert names == sorted(names)
    assert len(names) == 20
    assert len(await everything(ours, "/team/identities/orphans", limit=1)) == 10


async def test_mappings_are_narrowed_by_every_filter(ours: httpx.AsyncClient, filled: Organisations) -> None:
    path = "/team/identity-mappings"
    conflicts = await everything(ours, path, status="conflict")
    assert {row["status"] for row in conflicts} == {"conflict"}
    assert len(conflicts) == 10
    committers = await everything(ours, path, source="git_commit_committer", limit=5)
    assert {row["identity"]["source"] for row in committers} == {"git_commit_committer"}
    between = await everything(ours, path, min_confidence=0.5, max_confidence=0.6)
    assert all(0.5 <= row["confidence"] <= 0.6 for row in between)
    assert len(between) == 10
    assert len(await everything(ours, path, search="account7")) == 1
    assert len(await everything(ours, path, search="ёлк ours")) == 50
    assert await everything(ours, path, search="ours theirs") == []
    both = await everything(ours, path, status="conflict", source="git_commit_committer", search="account1")
    assert {row["identity"]["display_name"] for row in both} == {"Account15 Ёлкина Ours"}


async def test_a_mapping_says_why_and_to_whom(ours: httpx.AsyncClient, filled: Organisations) -> None:
    row = (await ours.get("/team/identity-mappings", params={"limit": 1})).json()["data"][0]
    assert row["rule_trace"] == [
        {"rule": "same_mailbox", "evidence": "one mailbox", "weight": 4.0, "contribution": 4.0}
    ]
    assert row["person"]["display_name"] == "Person00 Ours"
    assert row["identity"]["email"] == "account0@ours.example"
    assert row["valid_from"] is None
    assert row["created_at"].endswith("Z")


async def test_a_person_comes_with_accounts_and_reasons(ours: httpx.AsyncClient, filled: Organisations) -> None:
    first = (await ours.get("/team/people")).json()["data"][0]
    person = (await ours.get(f"/team/people/{first['id']}")).json()
    assert person["display_name"] == "Person00 Ours"
    assert len(person["mappings"]) == 3
    assert all(mapping["rule_trace"] for mapping in person["mappings"])


async def test_sync_tells_what_failed(ours: httpx.AsyncClient, filled: Organisations) -> None:
    (row,) = (await ours.get("/sync")).json()["data"]
    assert (row["stream"], row["last_error"], row["consecutive_failures"]) == ("commits", "the disk is full", 2)
    assert row["status"] == "failing"


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/team/people?colour=red", 400, "colour"),
        ("/team/people?limit=many", 400, "limit"),
        ("/team/people?limit=0", 422, "limit"),
        ("/team/people?limit=201", 422, "limit"),
        ("/team/people?limit=5&limit=6", 400, "limit"),
        ("/team/people?search=%00", 400, "search"),
        ("/team/people?search=...", 422, "search"),
        ("/team/people?cursor=nonsense", 400, "cursor"),
        ("/team/identity-mappings?status=certain", 422, "status"),
        ("/team/identity-mappings?min_confidence=2", 422, "min_confidence"),
        ("/team/identity-mappings?min_confidence=0.9&max_confidence=0.1", 422, "min_confidence"),
        ("/team/identity-mappings?min_confidence=nan", 422, "min_confidence"),
    ],
)
async def test_bad_parameters_are_named(path: str, status: int, field: str, ours: httpx.AsyncClient) -> None:
    answer = await ours.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem = answer.json()
    assert problem["errors"][0]["field"] == field
    assert problem["request_id"] == answer.headers["x-request-id"]


async def test_a_cursor_of_another_list_or_filter_is_refused(ours: httpx.AsyncClient, filled: Organisations) -> None:
    cursor = (await ours.get("/team/people", params={"limit": 1})).json()["next"]
    assert (await ours.get("/team/people", params={"cursor": cursor, "status": "active"})).status_code == 400
    assert (await ours.get("/team/identity-mappings", params={"cursor": cursor})).status_code == 400
    assert (await ours.get("/team/people", params={"cursor": cursor})).status_code == 200


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(st.text(max_size=80), st.from_regex(r"[A-Za-z0-9_-]{1,120}", fullmatch=True)), min_size=4, max_size=4
    )
)
async def test_no_cursor_or_search_whatever_it_holds_is_a_server_error(
    ours: httpx.AsyncClient, texts: list[str]
) -> None:
    storable = [text.encode("utf-8", "replace").decode() for text in texts]
    answers = await asyncio.gather(
        *(ours.get(path, params={"cursor": text}) for path, text in zip(LISTS, storable, strict=True)),
        *(ours.get(path, params={"search": text}) for path, text in zip(LISTS[:3], storable[:3], strict=True)),
    )
    assert all(answer.status_code in (200, 400, 422) for answer in answers), [a.text for a in answers]
