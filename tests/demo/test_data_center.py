"""Jira and Confluence Data Center: the same records, told in the words of the older APIs."""

from typing import Any

import pytest

from ovia_demo.organisation import Organisation
from tests.demo.conftest import BEARER, Serve, Source

JIRA, CONFLUENCE = "/jira-dc/rest/api/2", "/confluence-dc/rest/api"


@pytest.fixture
async def source(serve: Serve, fernweh: Organisation) -> Source:
    return await serve(fernweh, BEARER)


async def test_jira_searches_by_offset_and_gives_whole_changelogs(source: Source, fernweh: Organisation) -> None:
    issues: list[Any] = []
    while True:
        body = {"jql": "project in (GLD, SKY, OPS) order by created asc", "startAt": len(issues), "maxResults": 70,
                "fields": ["*all"], "expand": ["changelog"]}  # fmt: skip
        page = await source.post(f"{JIRA}/search", body)
        issues += page["issues"]
        if len(issues) == page["total"]:
            break
    assert [one["key"] for one in issues] == [one.key for one in fernweh.issues]
    for shown, issue in zip(issues, fernweh.issues, strict=True):
        assert len(shown["changelog"]["histories"]) == len(issue.histories)
        assert len(shown["fields"]["comment"]["comments"]) == len(issue.comments)
        assert isinstance(shown["fields"]["description"], str)
        for sprint, number in zip(shown["fields"]["customfield_10020"] or [], issue.sprints, strict=True):
            assert f"[id={number}," in sprint
    assert "accountId" not in str(issues)
    assert all(one["fields"]["reporter"]["key"] for one in issues)


async def test_jira_lists_active_users_by_key_and_projects_as_an_array(source: Source, fernweh: Organisation) -> None:
    active = await source.get(f"{JIRA}/user/search", username=".", maxResults=1000)
    everybody = await source.get(f"{JIRA}/user/search", username=".", maxResults=1000, includeInactive="true")
    assert {one["key"] for one in active} == {one["key"] for one in everybody if one["active"]}
    assert len(everybody) > len(active)
    assert [one["key"] for one in await source.get(f"{JIRA}/project")] == [one.key for one in fernweh.products]
    assert (await source.get(f"{JIRA}/serverInfo"))["deploymentType"] == "Server"


async def test_confluence_gives_what_was_asked_to_be_expanded(source: Source, fernweh: Organisation) -> None:
    expand = "body.storage,version,history,ancestors,metadata.labels,space"
    shown: list[Any] = []
    while True:
        page = await source.get(
            f"{CONFLUENCE}/content", spaceKey="BOOK", type="page", expand=expand, start=len(shown), limit=11
        )
        shown += page["results"]
        if "next" not in page["_links"]:
            break
    mine = [one for one in fernweh.pages if one.product == "SKY" and one.kind == "page"]
    assert [one["id"] for one in shown] == [str(one.id) for one in mine]
    for one, page in zip(shown, mine, strict=True):
        assert one["version"]["number"] == len(page.versions)
        assert [label["name"] for label in one["metadata"]["labels"]["results"]] == page.labels
        assert (one["ancestors"][-1]["id"] if one["ancestors"] else None) == (str(page.parent) if page.parent else None)
    bare = await source.get(f"{CONFLUENCE}/content/{mine[0].id}")
    assert "body" not in bare
    assert "body" in bare["_expandable"]


async def test_confluence_finds_by_cql_and_gives_versions_and_all_comments(
    source: Source, fernweh: Organisation
) -> None:
    since = fernweh.pages[len(fernweh.pages) // 2].created_at
    cql = f'space = BOOK and type = page and lastmodified >= "{since:%Y-%m-%d %H:%M}" order by created asc'
    found = await source.get(f"{CONFLUENCE}/content/search", cql=cql, limit=200)
    surely = {
        str(one.id) for one in fernweh.pages
        if one.product == "SKY" and one.kind == "page" and (one.versions[-1].at - since).days >= 1
    }  # fmt: skip
    assert surely <= {one["id"] for one in found["results"]}
    talked = max(fernweh.pages, key=lambda one: len(one.comments))
    comments = await source.get(f"{CONFLUENCE}/content/{talked.id}/child/comment", depth="all", limit=200)
    assert [one["id"] for one in comments["results"]] == [str(one.id) for one in talked.comments]
    top = await source.get(f"{CONFLUENCE}/content/{talked.id}/child/comment", limit=200)
    assert len(top["results"]) == sum(one.parent is None for one in talked.comments)
    for path in ("/confluence-dc/rest/experimental", CONFLUENCE):
        versions = await source.get(f"{path}/content/{talked.id}/version", limit=200)
        assert [one["number"] for one in versions["results"]] == [one.number for one in reversed(talked.versions)]


async def test_confluence_lists_groups_and_their_members_by_name(source: Source) -> None:
    names = [one["name"] for one in (await source.get(f"{CONFLUENCE}/group"))["results"]]
    members = await source.get(f"{CONFLUENCE}/group/{names[0]}/member", limit=200)
    one = members["results"][0]
    assert (await source.get(f"{CONFLUENCE}/user", key=one["userKey"]))["username"] == one["username"]
    await source.get(f"{CONFLUENCE}/group/nobody/member", status=404)


async def test_a_wrong_token_is_turned_away_by_both(serve: Serve, fernweh: Organisation) -> None:
    stranger = await serve(fernweh, {"Authorization": "Bearer wrong"})
    await stranger.get(f"{JIRA}/myself", status=401)
    await stranger.post(f"{JIRA}/search", {"jql": "project = GLD"}, status=401)
    await stranger.get(f"{CONFLUENCE}/space", status=401)
