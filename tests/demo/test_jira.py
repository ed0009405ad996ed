"""Jira Cloud as the sample server speaks it."""

import base64
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ovia_demo.organisation import Organisation
from ovia_demo.serving import milliseconds
from tests.demo.conftest import BASIC, Serve, Source

API = "/jira/rest/api/3"


@pytest.fixture
async def jira(serve: Serve, fernweh: Organisation) -> Source:
    return await serve(fernweh, BASIC)


async def found(jira: Source, jql: str, **more: Any) -> list[Any]:
    """Every issue of a search."""
    body: dict[str, Any] = {"jql": jql, "maxResults": 100, **more}
    issues: list[Any] = []
    while True:
        page = await jira.post(f"{API}/search/jql", body)
        issues += page["issues"]
        assert page["isLast"] == ("nextPageToken" not in page)
        if page["isLast"]:
            return issues
        body["nextPageToken"] = page["nextPageToken"]


async def test_the_server_says_that_it_is_a_cloud_of_sample_data(jira: Source) -> None:
    info = await jira.get(f"{API}/serverInfo")
    assert info["deploymentType"] == "Cloud"
    assert "sample data" in info["serverTitle"]


async def test_a_search_gives_every_issue_once_in_the_order_of_creation(jira: Source, fernweh: Organisation) -> None:
    issues = await found(jira, 'project in ("GLD", "SKY", OPS) order by created asc, id asc', fields=["*all"])
    assert [one["id"] for one in issues] == [str(one.id) for one in fernweh.issues]
    for shown, issue in zip(issues, fernweh.issues, strict=True):
        assert shown["key"] == issue.key
        fields = shown["fields"]
        assert fields["summary"] == issue.title
        assert fields["comment"]["total"] == len(issue.comments)
        assert len(fields["comment"]["comments"]) == min(20, len(issue.comments))
        assert fields["status"]["statusCategory"]["key"] == issue.status.category
        assert [sprint["id"] for sprint in fields["customfield_10020"] or []] == issue.sprints


async def test_a_search_for_nothing_but_ids_gives_thousands_a_page(jira: Source, fernweh: Organisation) -> None:
    page = await jira.post(f"{API}/search/jql", {"jql": "project in (GLD, SKY, OPS)", "maxResults": 5000})
    assert sorted(page["issues"], key=lambda one: int(one["id"])) == [{"id": str(one.id)} for one in fernweh.issues]
    page = await jira.post(f"{API}/search/jql", {"jql": "id > 0", "maxResults": 5000, "fields": ["summary"]})
    assert len(page["issues"]) == 100


async def test_times_are_understood_as_milliseconds_and_in_the_callers_zone(
    jira: Source, fernweh: Organisation
) -> None:
    middle = fernweh.issues[len(fernweh.issues) // 2].updated_at
    after = {str(one.id) for one in fernweh.issues if one.updated_at >= middle}
    issues = await found(jira, f"project in (GLD, SKY, OPS) AND updated >= {milliseconds(middle)}")
    assert {one["id"] for one in issues} == after
    minute = middle.replace(second=0, microsecond=0)
    text = f"{minute.astimezone(ZoneInfo('Europe/Berlin')):%Y-%m-%d %H:%M}"
    issues = await found(jira, f'project in (GLD, SKY, OPS) and updated >= "{text}"')
    assert {one["id"] for one in issues} == {str(one.id) for one in fernweh.issues if one.updated_at >= minute}
    window = f"created >= {milliseconds(middle - timedelta(days=30))} and created < {milliseconds(middle)}"
    expected = {str(one.id) for one in fernweh.issues if middle - timedelta(days=30) <= one.created_at < middle}
    assert {one["id"] for one in await found(jira, window)} == expected


@pytest.mark.parametrize(
    ("jql", "message"),
    [
        ("", "Unbounded JQL"),
        ("order by created asc", "Unbounded JQL"),
        ("project = NOPE", "does not exist for the field 'project'"),
        ("colour = blue", "Field 'colour' does not exist"),
        ("project = GLD or project = SKY", "Expecting either 'OR' or 'AND'"),
        ('updated >= "yesterday"', "is invalid"),
        ("project in (GLD", "Expecting ')'|more was expected"),
    ],
)
async def test_a_query_that_jira_refuses_is_refused(jira: Source, jql: str, message: str) -> None:
    refused = await jira.post(f"{API}/search/jql", {"jql": jql}, status=400)
    assert any(part in refused["errorMessages"][0] for part in message.split("|"))


async def test_a_page_token_is_good_again_and_again_but_only_for_its_query(jira: Source) -> None:
    body = {"jql": "project = GLD order by created asc", "maxResults": 5}
    token = (await jira.post(f"{API}/search/jql", body))["nextPageToken"]
    pages = [await jira.post(f"{API}/search/jql", {**body, "nextPageToken": token}) for _ in range(2)]
    assert pages[0] == pages[1]
    other = {"jql": "project = SKY order by created asc", "nextPageToken": token}
    assert "invalid or expired" in (await jira.post(f"{API}/search/jql", other, status=400))["errorMessages"][0]
    await jira.post(f"{API}/search/jql", {**body, "nextPageToken": "rubbish"}, status=400)


async def test_the_old_search_is_gone_and_the_count_is_there(jira: Source, fernweh: Organisation) -> None:
    await jira.get(f"{API}/search", status=410, jql="project = GLD")
    count = await jira.post(f"{API}/search/approximate-count", {"jql": "project = GLD"})
    assert count == {"count": sum(one.product == "GLD" for one in fernweh.issues)}


async def test_changelogs_of_many_issues_come_whole_with_times_of_both_kinds(
    jira: Source, fernweh: Organisation
) -> None:
    ids = [str(one.id) for one in fernweh.issues]
    body: dict[str, Any] = {"issueIdsOrKeys": ids, "maxResults": 500}
    histories: dict[str, list[Any]] = {}
    while True:
        page = await jira.post(f"{API}/changelog/bulkfetch", body)
        for one in page["issueChangeLogs"]:
            histories.setdefault(one["issueId"], []).extend(one["changeHistories"])
        if "nextPageToken" not in page:
            break
        body["nextPageToken"] = page["nextPageToken"]
    told = {issue: [int(entry["id"]) for entry in entries] for issue, entries in histories.items()}
    assert told == {str(one.id): [entry.id for entry in one.histories] for one in fernweh.issues if one.histories}
    assert {type(entry["created"]) for entries in histories.values() for entry in entries} == {int, str}


async def test_changelogs_are_limited_as_jira_limits_them(jira: Source) -> None:
    await jira.post(f"{API}/changelog/bulkfetch", {"issueIdsOrKeys": ["10001"] * 1001}, status=400)
    await jira.post(
        f"{API}/changelog/bulkfetch", {"issueIdsOrKeys": ["10001"], "fieldIds": list("abcdefghijk")}, status=400
    )
    page = await jira.post(f"{API}/changelog/bulkfetch", {"issueIdsOrKeys": ["10001"], "fieldIds": ["status"]})
    for one in page["issueChangeLogs"]:
        for entry in one["changeHistories"]:
            assert any(item["fieldId"] == "status" for item in entry["items"])


async def test_parts_that_an_issue_holds_only_the_beginning_of_can_be_read_whole(
    jira: Source, fernweh: Organisation
) -> None:
    busiest = max(fernweh.issues, key=lambda one: len(one.comments))
    page = await jira.get(f"{API}/issue/{busiest.key}/comment", startAt=2, maxResults=3)
    assert [one["id"] for one in page["comments"]] == [str(one.id) for one in busiest.comments[2:5]]
    assert page["total"] == len(busiest.comments)
    edited = max(fernweh.issues, key=lambda one: len(one.histories))
    inline = await jira.get(f"{API}/issue/{edited.id}", expand="changelog")
    assert len(inline["changelog"]["histories"]) == min(40, len(edited.histories))
    page = await jira.get(f"{API}/issue/{edited.id}/changelog", maxResults=100)
    assert page["total"] == len(edited.histories)
    logged = next(one for one in fernweh.issues if one.worklogs)
    page = await jira.get(f"{API}/issue/{logged.id}/worklog")
    assert [one["timeSpentSeconds"] for one in page["worklogs"]] == [one.seconds for one in logged.worklogs]


async def test_a_moved_issue_is_found_by_its_former_key(jira: Source, fernweh: Organisation) -> None:
    moved = next(one for one in fernweh.issues if one.former_keys)
    shown = await jira.get(f"{API}/issue/{moved.former_keys[0]}")
    assert (shown["id"], shown["key"]) == (str(moved.id), moved.key)


async def test_boards_sprints_versions_and_users_are_listed(jira: Source, fernweh: Organisation) -> None:
    boards = (await jira.get("/jira/rest/agile/1.0/board"))["values"]
    sprints = []
    for board in boards:
        page = {"isLast": False, "values": []}
        start = 0
        while not page["isLast"]:
            page = await jira.get(f"/jira/rest/agile/1.0/board/{board['id']}/sprint", startAt=start)
            sprints += page["values"]
            start += len(page["values"])
    assert sorted(one["id"] for one in sprints) == [one.id for one in fernweh.sprints]
    versions = await jira.get(f"{API}/project/GLD/versions")
    assert len(versions) == sum(one.product == "GLD" for one in fernweh.versions)
    users = await jira.get(f"{API}/users/search", maxResults=1000)
    assert {one["accountType"] for one in users} == {"atlassian", "app"}
    assert 0 < sum("emailAddress" in one for one in users) < len(users) / 2


async def test_a_wrong_token_sees_an_empty_jira_and_learns_so_only_from_myself(
    serve: Serve, fernweh: Organisation
) -> None:
    wrong = base64.b64encode(b"reader@fernweh.example:wrong").decode()
    jira = await serve(fernweh, {"Authorization": f"Basic {wrong}"})
    await jira.get(f"{API}/myself", status=401)
    assert await jira.post(f"{API}/search/jql", {"jql": "project = GLD"}) == {"issues": [], "isLast": True}
    assert (await jira.get(f"{API}/project/search"))["values"] == []
    await jira.get(f"{API}/issue/10001", status=404)
