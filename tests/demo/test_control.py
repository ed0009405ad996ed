"""Changes on demand, and how the sources show them."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from ovia_demo.organisation import Organisation, generate
from ovia_demo.serving import milliseconds
from tests.demo.conftest import BASIC, PRIVATE, Serve, Source

JIRA, GITLAB, CONFLUENCE = "/jira/rest/api/3", "/gitlab/api/v4", "/confluence/wiki/api/v2"


@pytest.fixture
def organisation() -> Organisation:
    """One of its own for each test, because the tests change it."""
    return generate(seed=7, people=8, months=2)


@pytest.fixture
async def source(serve: Serve, organisation: Organisation) -> Source:
    return await serve(organisation, {**BASIC, **PRIVATE}, control=True)


async def act(source: Source, action: str, kind: str, identity: Any, **more: Any) -> Any:
    return await source.post("/control", {"action": action, "kind": kind, "id": identity, **more})


async def test_an_edited_issue_is_updated_by_the_servers_own_clock(source: Source, organisation: Organisation) -> None:
    issue = organisation.issues[0]
    async with source.client.get(f"{JIRA}/myself", headers=source.headers) as response:
        before = parsedate_to_datetime(response.headers["Date"])
    assert abs((before - organisation.until).total_seconds()) < 60
    await act(source, "edit", "issue", issue.key, title="Another title")
    jql = f"project in (GLD, SKY, OPS) and updated >= {milliseconds(before)}"
    found = await source.post(f"{JIRA}/search/jql", {"jql": jql, "fields": ["summary"]})
    assert [(one["id"], one["fields"]["summary"]) for one in found["issues"]] == [(str(issue.id), "Another title")]
    changes = await source.post(f"{JIRA}/changelog/bulkfetch", {"issueIdsOrKeys": [str(issue.id)]})
    assert changes["issueChangeLogs"][0]["changeHistories"][-1]["items"][0]["toString"] == "Another title"


async def test_a_deleted_issue_is_nowhere_and_comes_back(source: Source, organisation: Organisation) -> None:
    issue = organisation.issues[3]
    await act(source, "delete", "issue", issue.id)
    await source.get(f"{JIRA}/issue/{issue.key}", status=404)
    found = await source.post(f"{JIRA}/search/jql", {"jql": f"id in ({issue.id})"})
    assert found["issues"] == []
    await act(source, "restore", "issue", issue.id)
    await source.get(f"{JIRA}/issue/{issue.key}")


async def test_a_moved_issue_keeps_its_id_and_answers_to_both_keys(source: Source, organisation: Organisation) -> None:
    issue = next(one for one in organisation.issues if one.product == "GLD")
    old = issue.key
    new = (await act(source, "move", "issue", old, to="OPS"))["result"]
    assert new.startswith("OPS-")
    for key in (old, new):
        assert (await source.get(f"{JIRA}/issue/{key}"))["key"] == new


async def test_a_revoked_project_is_hidden_and_not_deleted(source: Source, organisation: Organisation) -> None:
    await act(source, "revoke", "project", "GLD")
    await source.get(f"{JIRA}/project/GLD", status=404)
    await source.post(f"{JIRA}/search/jql", {"jql": "project = GLD"}, status=400)
    await act(source, "restore", "project", "GLD")
    found = await source.post(f"{JIRA}/search/jql", {"jql": "project = GLD", "maxResults": 5000})
    assert len(found["issues"]) == sum(one.product == "GLD" for one in organisation.issues)
    await act(source, "revoke", "repository", 1)
    await source.get(f"{GITLAB}/projects/1", status=404)
    assert len(await source.get(f"{GITLAB}/projects", per_page=100)) == 11
    await act(source, "revoke", "space", "TEL")
    assert len((await source.get(f"{CONFLUENCE}/spaces"))["results"]) == 2
    await act(source, "revoke", "token", "")
    await source.get(f"{GITLAB}/user", status=401)


async def test_merge_requests_pipelines_and_repositories_change(source: Source, organisation: Organisation) -> None:
    one = organisation.merge_requests[0]
    path = f"{GITLAB}/projects/{one.repository}/merge_requests"
    before = one.updated_at
    await act(source, "edit", "merge_request", one.id)
    shown = await source.get(f"{path}/{one.iid}")
    assert shown["title"].endswith("(edited)")
    assert datetime.fromisoformat(shown["updated_at"]) > before
    await act(source, "delete", "merge_request", one.id)
    await source.get(f"{path}/{one.iid}", status=404)
    pipeline = organisation.pipelines[0]
    await act(source, "edit", "pipeline", pipeline.id, status="canceled")
    shown = await source.get(f"{GITLAB}/projects/{pipeline.repository}/pipelines/{pipeline.id}")
    assert shown["status"] == "canceled"
    await act(source, "move", "repository", 1, to="fernweh/telemetry/apps/renamed")
    assert (await source.get(f"{GITLAB}/projects/1"))["path_with_namespace"].endswith("/renamed")


async def test_an_edited_page_has_one_version_more_and_comes_first(source: Source, organisation: Organisation) -> None:
    page = next(one for one in organisation.pages if one.kind == "page")
    number = len(page.versions)
    await act(source, "edit", "page", page.id)
    newest = (await source.get(f"{CONFLUENCE}/pages", sort="-modified-date", limit=1))["results"][0]
    assert (newest["id"], newest["version"]["number"]) == (str(page.id), number + 1)
    await act(source, "move", "page", page.id, to="BOOK")
    space = next(one.space_id for one in organisation.products if one.space_key == "BOOK")
    assert (await source.get(f"{CONFLUENCE}/pages/{page.id}"))["spaceId"] == str(space)


@pytest.mark.parametrize(
    "wish",
    [
        {"action": "explode"},
        {"action": "edit", "kind": "planet", "id": 1},
        {"action": "edit", "kind": "issue", "id": 1},
        {"action": "move", "kind": "pipeline", "id": 5001, "to": "GLD"},
        {"action": "revoke", "kind": "issue", "id": 10001},
        {"action": "fault", "kinds": ["earthquake"]},
        {"action": 5},
    ],
)
async def test_a_wish_that_makes_no_sense_is_explained(source: Source, wish: dict[str, Any]) -> None:
    assert (await source.post("/control", wish, status=400))["error"]


async def test_without_control_nothing_can_be_changed(serve: Serve, organisation: Organisation) -> None:
    source = await serve(organisation, BASIC)
    async with source.client.post("/control", json={"action": "delete", "kind": "issue", "id": 10001}) as response:
        assert response.status == 404
    async with source.client.get("/control/log") as response:
        assert response.status == 404
