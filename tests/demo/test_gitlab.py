"""GitLab as the sample server speaks it."""

from typing import Any
from urllib.parse import quote

import pytest

from ovia_demo.gitlab import lists
from ovia_demo.organisation import Organisation
from ovia_demo.serving import LIMITED_TOKEN, zulu
from tests.demo.conftest import BEARER, PRIVATE, Serve, Source

API = "/gitlab/api/v4"


@pytest.fixture
async def gitlab(serve: Serve, fernweh: Organisation) -> Source:
    return await serve(fernweh, PRIVATE)


async def test_projects_come_by_keyset_and_by_their_groups(gitlab: Source, fernweh: Organisation) -> None:
    paths = [one.path for one in fernweh.repositories]
    keyset = await gitlab.follow(f"{API}/projects", pagination="keyset", order_by="id", sort="asc", per_page=5)
    assert [one["path_with_namespace"] for one in keyset] == paths
    nested = await gitlab.follow(f"{API}/groups/{quote('fernweh/booking', safe='')}/projects", include_subgroups="true")
    assert {one["path_with_namespace"] for one in nested} == {
        one for one in paths if one.startswith("fernweh/booking/")
    }
    assert await gitlab.get(f"{API}/groups/fernweh/projects") == []


async def test_a_project_is_found_by_its_path(gitlab: Source, fernweh: Organisation) -> None:
    wanted = fernweh.repositories[7]
    assert (await gitlab.get(f"{API}/projects/{wanted.id}"))["path_with_namespace"] == wanted.path
    async with gitlab.session.get(
        gitlab.client.make_url(f"{API}/projects/").human_repr() + quote(wanted.path, safe=""), headers=PRIVATE
    ) as response:
        assert (await response.json())["id"] == wanted.id


async def test_merge_requests_come_with_all_that_stands_below_them(gitlab: Source, fernweh: Organisation) -> None:
    expected = [one for one in fernweh.merge_requests if one.repository == 8]
    path = f"{API}/projects/8/merge_requests"
    shown = await gitlab.follow(path, order_by="created_at", sort="asc", per_page=10, scope="all")
    assert [one["iid"] for one in shown] == [one.iid for one in expected]
    for one in expected[:15]:
        notes = await gitlab.follow(f"{path}/{one.iid}/notes", sort="asc", per_page=5)
        assert sorted(note["id"] for note in notes) == sorted(note.id for note in one.notes)
        commits = await gitlab.follow(f"{path}/{one.iid}/commits", per_page=3)
        assert [commit["id"] for commit in reversed(commits)] == [commit.sha for commit in one.commits]
        approvals = await gitlab.get(f"{path}/{one.iid}/approvals")
        assert [each["approved_at"] for each in approvals["approved_by"]] == [zulu(each.at) for each in one.approvals]
        diffs = await gitlab.follow(f"{path}/{one.iid}/diffs")
        lines = [
            sum(line.startswith("+") for line in each["diff"].splitlines()) for each in diffs if not each["too_large"]
        ]
        assert lines == [file.added for file in one.files if file.added + file.removed <= 600]
        whole = await gitlab.get(f"{path}/{one.iid}")
        assert whole["changes_count"] == str(len(one.files))
        assert (whole["merged_at"] is not None) == (one.state == "merged")


async def test_filters_by_time_include_their_bounds(gitlab: Source, fernweh: Organisation) -> None:
    mine = [one for one in fernweh.merge_requests if one.repository == 8]
    middle = sorted(one.updated_at for one in mine)[len(mine) // 2]
    shown = await gitlab.follow(
        f"{API}/projects/8/merge_requests", updated_after=zulu(middle), order_by="created_at", sort="asc"
    )
    assert [one["id"] for one in shown] == [one.id for one in mine if one.updated_at >= middle]
    shown = await gitlab.follow(
        f"{API}/projects/8/merge_requests", created_before=zulu(mine[4].created_at), state="merged"
    )
    assert {one["id"] for one in shown} == {one.id for one in mine[:5] if one.state == "merged"}
    await gitlab.get(f"{API}/projects/8/merge_requests", status=400, updated_after="yesterday")
    await gitlab.get(f"{API}/projects/8/merge_requests", status=400, order_by="mood")


async def test_jobs_come_by_keyset_newest_first(gitlab: Source, fernweh: Organisation) -> None:
    jobs = [job.id for one in fernweh.pipelines if one.repository == 3 for job in one.jobs]
    shown = await gitlab.follow(f"{API}/projects/3/jobs", pagination="keyset", per_page=40)
    assert [one["id"] for one in shown] == sorted(jobs, reverse=True)


async def test_pipelines_and_deployments_without_an_update_are_left_out_of_filters(
    gitlab: Source, fernweh: Organisation
) -> None:
    for name, records in (("pipelines", fernweh.pipelines), ("deployments", fernweh.deployments)):
        for project in range(1, 13):
            mine: list[Any] = [one for one in records if one.repository == project]
            shown = await gitlab.follow(
                f"{API}/projects/{project}/{name}", order_by="updated_at", sort="asc", per_page=100,
                updated_after="2020-01-01T00:00:00Z",
            )  # fmt: skip
            assert {one["id"] for one in shown} == {one.id for one in mine if one.updated_at is not None}
            everything = await gitlab.follow(
                f"{API}/projects/{project}/{name}", order_by="id", sort="asc", per_page=100
            )
            assert [one["id"] for one in everything] == [one.id for one in mine]


async def test_filters_of_deployments_want_their_order(gitlab: Source) -> None:
    path = f"{API}/projects/1/deployments"
    refused = await gitlab.get(path, status=400, updated_after="2026-01-01T00:00:00Z")
    assert "must be paired" in refused["message"]
    await gitlab.get(path, status=400, finished_after="2026-01-01T00:00:00Z", order_by="finished_at")


async def test_releases_tags_environments_and_issues_are_listed(gitlab: Source, fernweh: Organisation) -> None:
    mine = [one for one in fernweh.releases if one.repository == 2]
    tags = await gitlab.follow(f"{API}/projects/2/repository/tags", per_page=3)
    assert {one["name"] for one in tags} == {one.tag for one in mine}
    releases = await gitlab.follow(f"{API}/projects/2/releases", per_page=3)
    assert {one["tag_name"] for one in releases} == {one.tag for one in mine if not one.bare}
    tiers = {one["tier"] for one in await gitlab.get(f"{API}/projects/8/environments")}
    assert tiers == {"staging", "production"}
    issues = await gitlab.follow(f"{API}/projects/2/issues", per_page=2)
    assert {one["id"] for one in issues} == {one.id for one in fernweh.tickets if one.repository == 2}


async def test_users_show_bots_and_the_ghost_and_follow_a_cursor(gitlab: Source, fernweh: Organisation) -> None:
    users = await gitlab.follow(f"{API}/users", pagination="keyset", order_by="id", sort="asc", per_page=7)
    names = {one["username"]: one for one in users}
    assert len(names) == len(users)
    assert not names["ghost"]["bot"]
    assert sum(one["bot"] for one in users) == 3
    with_account = sum(any(account.source == "gitlab" for account in one.accounts) for one in fernweh.people)
    assert len(users) == with_account + 5


async def test_long_lists_hide_their_length_and_end_at_an_offset(
    gitlab: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "LARGEST_TOTAL", 10)
    monkeypatch.setattr(lists, "LARGEST_OFFSET", 20)
    async with gitlab.client.get(f"{API}/projects/8/jobs", params={"per_page": 10}, headers=PRIVATE) as response:
        assert "X-Total" not in response.headers
        assert "last" not in response.links
        assert response.headers["X-Next-Page"] == "2"
    await gitlab.get(f"{API}/projects/8/jobs", per_page=10, page=3)
    await gitlab.get(f"{API}/projects/8/jobs", status=405, per_page=10, page=4)
    await gitlab.get(f"{API}/projects/8/merge_requests", status=405, pagination="keyset", order_by="created_at")


async def test_tokens_are_asked_for_and_their_scope_counts(serve: Serve, fernweh: Organisation) -> None:
    stranger = await serve(fernweh, {})
    assert await stranger.get(f"{API}/user", status=401) == {"message": "401 Unauthorized"}
    bearer = await serve(fernweh, BEARER)
    assert (await bearer.get(f"{API}/personal_access_tokens/self"))["scopes"] == ["read_api", "read_user"]
    limited = await serve(fernweh, {"PRIVATE-TOKEN": LIMITED_TOKEN})
    assert (await limited.get(f"{API}/personal_access_tokens/self"))["scopes"] == ["read_user"]
    assert (await limited.get(f"{API}/projects", status=403))["error"] == "insufficient_scope"
    await bearer.get(f"{API}/projects/999", status=404)


async def test_too_many_requests_are_told_to_wait(serve: Serve, fernweh: Organisation) -> None:
    gitlab = await serve(fernweh, PRIVATE, rate_limit=3)
    for left in (2, 1, 0):
        async with gitlab.client.get(f"{API}/version", headers=PRIVATE) as response:
            assert response.headers["RateLimit-Remaining"] == str(left)
    async with gitlab.client.get(f"{API}/version", headers=PRIVATE) as response:
        assert response.status == 429
        assert 0 < int(response.headers["Retry-After"]) <= 60
