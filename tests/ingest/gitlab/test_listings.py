"""Reading what GitLab lists whole: projects, accounts, environments, releases and tags."""

from typing import Any

import msgspec
import pytest

from ovia_ingest.connectors.gitlab import listings
from ovia_shared.errors import SourceError, SourceFault, SourceRefused
from ovia_shared.source_client.client import SourceClient
from tests.ingest.gitlab.server import PROJECT, Served, SmallGitLab, batches_of, ids_of


def project(number: int, **fields: Any) -> dict[str, Any]:
    group = {"id": 100 + number % 3, "kind": "group"}
    return {"id": number, "path_with_namespace": f"fernweh/p{number}", "namespace": group, **fields}


async def test_without_scopes_all_projects_of_the_account_are_read_by_links(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.lists["/projects"] = [project(number) for number in range(1, 231)]
    gitlab.calls_itself = "https://gitlab.inside.example"
    assert await ids_of(listings.projects(served.api(client))) == [str(number) for number in range(1, 231)]
    assert gitlab.requests("/projects")[0]["membership"] == "true"


async def test_a_project_is_kept_without_its_secrets_and_counters(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.lists["/projects"] = [project(1, runners_token="glrt-secret", star_count=5, archived=True)]
    (batch,) = await batches_of(listings.projects(served.api(client)))
    assert msgspec.json.decode(batch.records[0].payload)["project"] == project(1, archived=True)


async def test_scopes_are_groups_with_their_subgroups_or_projects_each_project_once(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.single |= {"/groups/fernweh/gliders": {"id": 5}, "/projects/fernweh/p3": project(3)}
    gitlab.lists["/groups/fernweh/gliders/projects"] = [project(number) for number in range(1, 121)]
    found = await ids_of(listings.projects(served.api(client, "fernweh/gliders", "/fernweh/p3/")))
    assert found == [str(number) for number in range(1, 121)]
    assert gitlab.requests("/groups/fernweh/gliders/projects")[0]["include_subgroups"] == "true"


async def test_a_scope_that_nobody_can_see_stops_the_stream_and_is_named(served: Served, client: SourceClient) -> None:
    with pytest.raises(SourceError, match="fernweh/typo") as error:
        await ids_of(listings.projects(served.api(client, "fernweh/typo")))
    assert error.value.fault is SourceFault.FATAL


async def test_all_accounts_are_read_without_what_says_when_and_where_people_work(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.lists["/users"] = [{"id": n, "username": f"u{n}", "last_sign_in_ip": "10.0.0.1"} for n in range(1, 140)]
    batches = await batches_of(listings.users(served.api(client)))
    records = [record for batch in batches for record in batch.records]
    assert [record.external_id for record in records] == [str(n) for n in range(1, 140)]
    assert msgspec.json.decode(records[0].payload) == {"user": {"id": 1, "username": "u1"}}


async def test_where_accounts_are_not_listed_the_members_of_groups_and_own_projects_are_each_once(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.refused["/users"] = 403
    gitlab.lists["/projects"] = [project(1), project(2), project(4), project(9, namespace={"id": 3, "kind": "user"})]
    gitlab.lists["/groups/101/members/all"] = [{"id": n, "access_level": 30} for n in range(1, 111)]
    gitlab.lists["/projects/9/members/all"] = [{"id": 1, "access_level": 50}, {"id": 500}]
    gitlab.refused["/groups/102/members/all"] = 403
    found = await ids_of(listings.users(served.api(client)))
    assert sorted(map(int, found)) == [*range(1, 111), 500]
    assert len(gitlab.requests("/groups/101/members/all")) == 2


async def test_environments_releases_and_bare_tags_are_read_with_their_project(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.lists[f"{PROJECT}/environments"] = [{"id": 4, "name": "production"}]
    gitlab.lists[f"{PROJECT}/releases"] = [{"tag_name": f"v{n}"} for n in range(150)]
    gitlab.lists[f"{PROJECT}/repository/tags"] = [
        {"name": "v1", "release": {"tag_name": "v1"}},
        {"name": "nightly", "release": None},
    ]
    api = served.api(client)
    assert await ids_of(listings.environments(api, "7")) == ["4"]
    assert await ids_of(listings.releases(api, "7")) == [f"7:release:v{n}" for n in range(150)]
    (batch,) = await batches_of(listings.tags(api, "7"))
    assert [(one.external_id, msgspec.json.decode(one.payload)) for one in batch.records] == [
        ("7:tag:nightly", {"project_id": "7", "tag": {"name": "nightly", "release": None}})
    ]


async def test_named_releases_and_tags_are_found_by_name_and_a_released_tag_is_bare_no_more(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.lists[f"{PROJECT}/releases"] = [{"tag_name": "v1"}]
    gitlab.lists[f"{PROJECT}/repository/tags"] = [{"name": "v1", "release": {"tag_name": "v1"}}, {"name": "v2"}]
    api = served.api(client)
    found = await listings.releases(api, "7").named(["7:release:v1", "7:release:v9"])
    assert [one.external_id for one in found] == ["7:release:v1"]
    assert [one.external_id for one in await listings.tags(api, "7").named(["7:tag:v1", "7:tag:v2"])] == ["7:tag:v2"]


async def test_environments_that_are_hidden_are_none_and_are_not_taken_for_deleted(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.refused[f"{PROJECT}/environments"] = 403
    reading = listings.environments(served.api(client), "7")
    assert await ids_of(reading) == []
    with pytest.raises(SourceRefused):
        await reading.named(["4"])
