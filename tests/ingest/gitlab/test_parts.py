"""Which parts are asked for with a record, and what happens where GitLab does not give them."""

from datetime import timedelta

from ovia_shared.source_client.client import SourceClient
from tests.ingest.gitlab.server import START, Served, SmallGitLab, at, batches_of, ids_of
from tests.ingest.gitlab.things import (
    ISSUES,
    JOBS,
    MANY,
    MERGE_REQUESTS,
    PIPELINES,
    content,
    discussed_things,
    numbered,
    reading_of,
)


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
