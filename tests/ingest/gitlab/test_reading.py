"""Reading merge requests, issues, pipelines, deployments and jobs while people change them."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from ovia_ingest.connectors.gitlab import delivery, discussed
from ovia_ingest.sources.reading import Reading, Window
from ovia_shared.errors import SourceError, SourceRefused
from ovia_shared.source_client.client import SourceClient
from tests.ingest.gitlab.server import PROJECT, START, Served, SmallGitLab, Thing, at, batches_of, ids_of

MERGE_REQUESTS = f"{PROJECT}/merge_requests"
ISSUES = f"{PROJECT}/issues"
PIPELINES = f"{PROJECT}/pipelines"
DEPLOYMENTS = f"{PROJECT}/deployments"
JOBS = f"{PROJECT}/jobs"
MANY = 130


def numbered(many: int, **fields: Any) -> list[Thing]:
    """Things created a minute apart, with ids from 1001 and numbers from 1."""
    return [
        {"id": 1000 + n, "iid": n, "created_at": at(n), "updated_at": at(n), "status": "success", **fields}
        for n in range(1, many + 1)
    ]


def parts(gitlab: SmallGitLab, path: str, things: list[Thing]) -> None:
    """Each thing's parts, empty."""
    for one in things:
        gitlab.single[f"{path}/{one['iid']}/approvals"] = {"approved_by": []}
        for part in ("notes", "commits", "diffs", "resource_state_events"):
            gitlab.lists[f"{path}/{one['iid']}/{part}"] = []


def discussed_things(gitlab: SmallGitLab, path: str, many: int) -> list[Thing]:
    gitlab.lists[path] = numbered(many)
    parts(gitlab, path, gitlab.lists[path])
    return gitlab.lists[path]


def reading_of(path: str, served: Served, client: SourceClient) -> Reading:
    """The reading of the list at this path."""
    api = served.api(client)
    makers: dict[str, Any] = {
        MERGE_REQUESTS: discussed.merge_requests,
        ISSUES: discussed.issues,
        PIPELINES: delivery.pipelines,
        DEPLOYMENTS: delivery.deployments,
        JOBS: delivery.JobsReading,
    }
    made: Reading = makers[path](api, "7")
    return made


def content(payload: bytes) -> Any:
    return msgspec.json.decode(payload)


async def test_a_merge_request_comes_with_all_pages_of_all_its_parts(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    discussed_things(gitlab, MERGE_REQUESTS, 1)
    gitlab.lists[f"{MERGE_REQUESTS}/1/notes"] = [{"id": n, "body": "x", "created_at": at(n)} for n in range(1, 251)]
    gitlab.lists[f"{MERGE_REQUESTS}/1/commits"] = [{"id": f"{n:040x}", "title": "x"} for n in range(120)]
    gitlab.lists[f"{MERGE_REQUESTS}/1/diffs"] = [
        {"new_path": f"{n}.py", "diff": "@@ -1 +1,2 @@\n-a\n+b\n+c\n"} for n in range(120)
    ]
    gitlab.lists[f"{MERGE_REQUESTS}/1/resource_state_events"] = [{"id": 5, "state": "closed"}]
    gitlab.single[f"{MERGE_REQUESTS}/1/approvals"] = {"approved_by": [{"user": {"id": 3}}]}
    (batch,) = await batches_of(reading_of(MERGE_REQUESTS, served, client))
    found = content(batch.records[0].payload)
    assert found["merge_request"] == gitlab.lists[MERGE_REQUESTS][0]
    assert found["project_id"] == "7"
    assert [note["id"] for note in found["notes"]] == list(range(1, 251))
    assert len(found["commits"]) == 120
    assert len({file["new_path"] for file in found["diffs"]}) == 120
    assert found["diffs"][0] == {"new_path": "0.py", "additions": 2, "deletions": 1}
    assert found["state_events"] == [{"id": 5, "state": "closed"}]
    assert found["approvals"] == {"approved_by": [{"user": {"id": 3}}]}


@pytest.mark.parametrize("path", [MERGE_REQUESTS, ISSUES, PIPELINES, DEPLOYMENTS])
@pytest.mark.parametrize("seed", range(6))
async def test_what_nobody_touches_is_read_while_the_rest_is_edited_and_deleted(
    path: str, seed: int, gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    chance = random.Random(seed)  # the same tricks at every run
    things = discussed_things(gitlab, path, 260)
    if seed % 2:
        # All of one moment: then only their ids tell them apart.
        for one in things:
            one["created_at"] = one["updated_at"] = at(1)
    untouched = {str(one["id"]) for one in things}

    def meddle(asked: str) -> None:
        if asked != path:
            return
        for one in chance.sample(things, min(len(things), chance.randrange(8))):
            untouched.discard(str(one["id"]))
            if chance.random() < 0.6:
                things.remove(one)
            else:
                one["updated_at"] = at(2000)

    gitlab.meanwhile = meddle
    since = START if seed >= 4 else None
    found = await ids_of(reading_of(path, served, client), since)
    assert untouched <= set(found)
    assert len(found) < 3 * 260


@pytest.mark.parametrize("path", [MERGE_REQUESTS, ISSUES, PIPELINES, DEPLOYMENTS, JOBS])
@pytest.mark.parametrize("since", [None, START])
async def test_a_read_that_was_cut_off_goes_on_where_its_last_batch_ended(
    path: str, since: Any, gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    discussed_things(gitlab, path, MANY)
    if path == JOBS and since is not None:
        gitlab.lists[PIPELINES] = numbered(30)
        for one in gitlab.lists[PIPELINES]:
            gitlab.lists[f"{PIPELINES}/{one['id']}/jobs"] = [{"id": one["id"] + 5000}]
    everything = Counter(await ids_of(reading_of(path, served, client), since))
    found: Counter[str] = Counter()
    position, goes_on = None, True
    while goes_on:
        goes_on = False
        async for batch in reading_of(path, served, client).batches(Window(since, position)):
            found.update(record.external_id for record in batch.records)
            # As it comes back from the database.
            position, goes_on = msgspec.json.decode(msgspec.json.encode(batch.position)), bool(batch.records)
            if goes_on:
                break
    assert set(found) == set(everything)
    assert found.total() <= everything.total() + 20


async def test_only_what_changed_since_is_read(gitlab: SmallGitLab, served: Served, client: SourceClient) -> None:
    for path in (MERGE_REQUESTS, ISSUES, PIPELINES, DEPLOYMENTS):
        things = discussed_things(gitlab, path, MANY)
        things[3]["updated_at"] = things[77]["updated_at"] = at(5000)
        found = await ids_of(reading_of(path, served, client), START + timedelta(minutes=4000))
        assert found == ["1004", "1078"]


@pytest.mark.parametrize("path", [PIPELINES, DEPLOYMENTS])
async def test_what_has_no_time_of_change_is_read_first_and_counted_in_a_census(
    path: str, gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.lists[path] = numbered(250)
    for one in gitlab.lists[path][::3]:
        one["updated_at"] = None
    reading = reading_of(path, served, client)
    assert await ids_of(reading) == [str(1000 + n) for n in range(1, 251)]
    assert sorted(await reading.present() or []) == [str(1000 + n) for n in range(1, 251)]


@pytest.mark.parametrize("many", [350, 600, 1000])
async def test_lists_longer_than_gitlab_counts_are_read_from_both_ends_and_by_time(
    many: int, gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.counts_to = 300
    gitlab.lists[DEPLOYMENTS] = numbered(many)
    found = await ids_of(reading_of(DEPLOYMENTS, served, client))
    assert set(found) == {str(1000 + n) for n in range(1, many + 1)}
    assert len(found) == many


async def test_a_pipeline_that_changes_meanwhile_is_read_again(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    things = gitlab.lists[PIPELINES] = numbered(250)
    for one in things:
        one["status"] = "running"

    def finish(asked: str) -> None:
        if asked == PIPELINES and things[0]["status"] == "running":
            things[0] |= {"status": "success", "updated_at": at(9000)}

    gitlab.meanwhile = finish
    found = [
        record
        for batch in await batches_of(reading_of(PIPELINES, served, client), START)
        for record in batch.records
        if record.external_id == "1001"
    ]
    assert [content(one.payload)["pipeline"]["status"] for one in found] == ["running", "success"]


async def test_only_pipelines_that_ended_are_asked_for_one_by_one(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.lists[PIPELINES] = numbered(4)
    gitlab.lists[PIPELINES][1]["status"] = "running"
    (batch,) = await batches_of(reading_of(PIPELINES, served, client))
    single = [content(record.payload)["pipeline"].get("single", False) for record in batch.records]
    assert single == [True, False, True, True]


async def test_a_later_read_of_jobs_takes_new_ones_and_those_of_pipelines_that_changed(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.lists[JOBS] = numbered(450)
    gitlab.lists[PIPELINES] = [
        {"id": 1, "updated_at": at(1000)},
        {"id": 2, "updated_at": at(5)},
        {"id": 3, "updated_at": at(1001), "source": "parent_pipeline"},
    ]
    for number, job in ((1, 11), (2, 12), (3, 13)):
        gitlab.lists[f"{PIPELINES}/{number}/jobs"] = [{"id": job, "created_at": at(1)}]
    found = await ids_of(reading_of(JOBS, served, client), START + timedelta(minutes=440))
    assert set(found) == {"11", "13"} | {str(1000 + n) for n in range(351, 451)}
    assert gitlab.requests(f"{PIPELINES}/1/jobs")[0]["include_retried"] == "true"


async def test_a_gitlab_without_links_for_jobs_is_read_by_counted_pages(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.links = False
    gitlab.lists[JOBS] = numbered(MANY)
    assert set(await ids_of(reading_of(JOBS, served, client))) == {str(1000 + n) for n in range(1, MANY + 1)}


async def test_a_server_that_gives_one_page_again_and_again_is_an_error(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.deaf = True
    for path in (MERGE_REQUESTS, PIPELINES):
        discussed_things(gitlab, path, MANY)
        with pytest.raises(SourceError, match="again and again"):
            await ids_of(reading_of(path, served, client))
    assert len(gitlab.requests(MERGE_REQUESTS)) < 50


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("path", [MERGE_REQUESTS, ISSUES, PIPELINES, DEPLOYMENTS, JOBS])
async def test_a_part_that_is_switched_off_has_no_records_and_its_absence_deletes_nothing(
    path: str, status: int, gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.refused[path] = status
    reading = reading_of(path, served, client)
    assert await ids_of(reading) == []
    assert await reading.present() == []
    with pytest.raises(SourceRefused):
        await reading.named(["1001"])


@pytest.mark.parametrize("path", [MERGE_REQUESTS, ISSUES, PIPELINES, DEPLOYMENTS, JOBS])
async def test_a_project_that_is_no_longer_shown_is_refused_and_not_empty(
    path: str, gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.refused |= {path: 404, PROJECT: 404}
    with pytest.raises(SourceRefused) as refused:
        await ids_of(reading_of(path, served, client))
    assert refused.value.status == 404
    with pytest.raises(SourceRefused):
        await reading_of(path, served, client).present()


@pytest.mark.parametrize("path", [MERGE_REQUESTS, ISSUES, PIPELINES, DEPLOYMENTS, JOBS])
async def test_named_records_come_as_they_are_and_those_that_are_gone_are_left_out(
    path: str, gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    discussed_things(gitlab, path, 220)
    gitlab.lists[path][0]["title"] = "as it is now"
    found = await reading_of(path, served, client).named(["1001", "99", "1150"])
    payloads = {one.external_id: one.payload for one in found}
    assert sorted(payloads) == ["1001", "1150"]
    assert b"as it is now" in payloads["1001"]


async def test_a_merge_request_deleted_between_list_and_parts_is_left_out(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    discussed_things(gitlab, MERGE_REQUESTS, 3)
    del gitlab.lists[f"{MERGE_REQUESTS}/2/notes"]
    assert await ids_of(reading_of(MERGE_REQUESTS, served, client)) == ["1001", "1003"]


async def test_a_diff_that_gitlab_cannot_make_does_not_hold_up_its_merge_request(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    discussed_things(gitlab, MERGE_REQUESTS, 1)
    gitlab.refused[f"{MERGE_REQUESTS}/1/diffs"] = 500
    (batch,) = await batches_of(reading_of(MERGE_REQUESTS, served, client))
    found = content(batch.records[0].payload)
    assert found["diffs"] is None
    assert "500" in found["diffs_unread"]


async def test_issues_that_nobody_commented_on_are_not_asked_for_their_notes(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    things = discussed_things(gitlab, ISSUES, 2)
    things[0]["user_notes_count"], things[1]["user_notes_count"] = 0, 1
    await ids_of(reading_of(ISSUES, served, client))
    assert (len(gitlab.requests(f"{ISSUES}/1/notes")), len(gitlab.requests(f"{ISSUES}/2/notes"))) == (0, 1)


async def test_the_time_is_that_of_the_source(served: Served, client: SourceClient) -> None:
    assert await reading_of(JOBS, served, client).now() == START + timedelta(hours=9)
