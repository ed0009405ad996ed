"""What GitLab's merge requests, issues, projects and accounts become."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ovia_shared.models.canonical.merge_requests import MergeRequest, MergeRequestCommit
from ovia_shared.models.canonical.projects import Project
from ovia_shared.models.canonical.references import Reference
from ovia_shared.models.canonical.work_items import Comment, WorkItem, WorkItemKey, WorkItemTransition
from tests.ingest.gitlab.payloads import ANNA, BORIS, merge_request, normalised, note, rows_of

ANNA_ID, BORIS_ID = "3@git.example", "4@git.example"


def references(rows: list[Reference]) -> set[tuple[str, str, str]]:
    return {(row.target_kind, row.target, row.found_in) for row in rows}


def test_a_merge_request_becomes_a_row_that_names_its_people_by_host() -> None:
    found = normalised("merge_requests", merge_request=merge_request())
    (row,) = rows_of(found, MergeRequest)
    assert (row.external_id, row.number, row.project_external_id, row.state) == ("12", 5, "7", "merged")
    assert (row.author_account, row.merged_by_account, row.reviewer_accounts) == (ANNA_ID, BORIS_ID, (BORIS_ID,))
    assert row.merged_at == datetime(2026, 3, 3, 8, tzinfo=UTC)
    accounts = {one.external_id: one for one in found.accounts}
    assert accounts[ANNA_ID].username == "anna"
    assert (accounts[ANNA_ID].active, accounts[BORIS_ID].active) == (True, False)


@pytest.mark.parametrize(
    ("state", "ours"), [("opened", "open"), ("locked", "open"), ("merged", "merged"), ("closed", "closed")]
)
def test_states_are_open_merged_or_closed(state: str, ours: str) -> None:
    (row,) = rows_of(normalised("merge_requests", merge_request=merge_request(state=state)), MergeRequest)
    assert row.state == ours


def test_older_gitlabs_say_work_in_progress_and_one_assignee() -> None:
    old = merge_request(
        draft=None, work_in_progress=True, assignees=None, assignee=BORIS, merge_user=None, merged_by=ANNA
    )
    (row,) = rows_of(normalised("merge_requests", merge_request=old), MergeRequest)
    assert (row.draft, row.assignee_accounts, row.merged_by_account) == (True, (BORIS_ID,), ANNA_ID)


def test_lines_are_summed_over_files_and_unknown_if_any_file_is_left_out() -> None:
    files: list[dict[str, Any]] = [{"additions": 3, "deletions": 1}, {"additions": 4, "deletions": 0}]
    (row,) = rows_of(normalised("merge_requests", merge_request=merge_request(), diffs=files), MergeRequest)
    assert (row.additions, row.deletions, row.changed_files, row.notes) == (7, 1, 2, ())
    files.append({"additions": None, "deletions": None, "too_large": True})
    (row,) = rows_of(normalised("merge_requests", merge_request=merge_request(), diffs=files), MergeRequest)
    assert (row.additions, row.deletions, row.changed_files) == (None, None, 3)
    assert "1 of 3" in row.notes[0]


def test_a_diff_that_could_not_be_read_is_unknown_and_says_why() -> None:
    found = normalised("merge_requests", merge_request=merge_request(), diffs=None, diffs_unread="500 for /diffs")
    (row,) = rows_of(found, MergeRequest)
    assert (row.additions, row.changed_files) == (None, None)
    assert row.notes == ("the diff could not be read: 500 for /diffs",)


def test_commits_are_counted_and_the_first_is_when_work_began() -> None:
    commits = [
        {"id": "c" * 40, "title": "Second", "message": "Second\n\nCloses #9",
         "authored_date": "2026-03-01T12:00:00+03:00"},
        {"id": "d" * 40, "title": "First", "authored_date": "2026-02-27T12:00:00Z",
         "author_email": "anna@fernweh.example"},
        {"id": "d" * 40, "title": "First, listed twice"},
        None,
    ]  # fmt: skip
    found = normalised("merge_requests", merge_request=merge_request(), commits=commits)
    (row,) = rows_of(found, MergeRequest)
    assert (row.commit_count, row.first_commit_at) == (2, datetime(2026, 3, 1, 9, tzinfo=UTC))
    assert {one.sha[:1] for one in rows_of(found, MergeRequestCommit)} == {"c", "d"}
    assert ("work_item", "fernweh/app#9", "commit_message") in references(rows_of(found, Reference))


def test_unread_commits_are_unknown_and_not_none() -> None:
    (row,) = rows_of(normalised("merge_requests", merge_request=merge_request(), commits=None), MergeRequest)
    assert (row.commit_count, row.first_commit_at) == (None, None)


def test_keys_and_commits_named_anywhere_become_references() -> None:
    shown = merge_request(
        title="GLD-8: tow hook", description="See SKY-3, #4, app2#5 and other/repo#6; not &#55; nor https://x.example/p#7",
        squash_commit_sha="e" * 40,
    )  # fmt: skip
    commits = [{"id": "f" * 40, "message": "GLD-9 bolt\n\nfor OPS-1"}]
    found = rows_of(normalised("merge_requests", merge_request=shown, commits=commits), Reference)
    assert references(found) == {
        ("work_item", "GLD-7", "branch"), ("work_item", "GLD-8", "title"), ("work_item", "SKY-3", "description"),
        ("work_item", "fernweh/app#4", "description"), ("work_item", "fernweh/app2#5", "description"),
        ("work_item", "other/repo#6", "description"), ("work_item", "GLD-9", "commit_title"),
        ("work_item", "OPS-1", "commit_message"), ("commit", "b" * 40, "merge_commit"),
        ("commit", "e" * 40, "squash_commit"), ("commit", "f" * 40, "commits"),
    }  # fmt: skip


def test_a_branch_made_for_an_issue_names_it() -> None:
    found = normalised("merge_requests", merge_request=merge_request(source_branch="31-tow-hook"))
    assert ("work_item", "fernweh/app#31", "branch") in references(rows_of(found, Reference))


def test_an_issue_is_a_work_item_known_by_path_and_number() -> None:
    issue = {
        "id": 90, "iid": 4, "title": "Hook breaks", "state": "closed", "issue_type": "incident", "author": ANNA,
        "assignees": [BORIS, ANNA], "labels": [{"name": "urgent"}, "urgent"], "weight": 3, "moved_to_id": 77,
        "references": {"full": "fernweh/app#4"}, "time_stats": {"time_estimate": 3600, "total_time_spent": 0},
        "description": "As #4 and GLD-2 say", "closed_at": "2026-03-04T10:00:00Z", "due_date": "2026-04-01",
        "milestone": {"title": "Spring"},
    }  # fmt: skip
    events = [{"id": 6, "state": "closed", "user": BORIS, "created_at": "2026-03-04T10:00:00Z"}]
    found = normalised("issues", issue=issue, state_events=events)
    (row,) = rows_of(found, WorkItem)
    assert (row.key, row.type, row.status_category, row.resolution) == ("fernweh/app#4", "incident", "done", "moved")
    assert (row.assignee_account, row.story_points, row.labels, row.fields) == (
        BORIS_ID, 3.0, ("urgent",), {"milestone": "Spring"},
    )  # fmt: skip
    assert (row.estimate_seconds, row.spent_seconds, row.due_on) == (3600, None, "2026-04-01")
    assert rows_of(found, WorkItemKey) == [WorkItemKey(key="fernweh/app#4", work_item_external_id="90")]
    (transition,) = rows_of(found, WorkItemTransition)
    assert (transition.from_text, transition.to_text, transition.actor_account) == ("opened", "closed", BORIS_ID)
    # An issue that names itself refers to nothing.
    assert references(rows_of(found, Reference)) == {("work_item", "GLD-2", "description")}


def test_a_closed_issue_without_a_history_was_closed_once() -> None:
    issue = {"id": 90, "iid": 4, "state": "closed", "closed_by": ANNA, "closed_at": "2026-03-04T10:00:00Z"}
    (transition,) = rows_of(normalised("issues", issue=issue), WorkItemTransition)
    assert (transition.to_text, transition.actor_account) == ("closed", ANNA_ID)


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        ({"username": "ghost", "name": "Ghost User"}, "the ghost user"),
        ({"username": "ghostwriter", "name": "Gil Host"}, None),
        ({"username": "project_7_bot_0f1e", "name": "deploy"}, "the user of an access token"),
        ({"username": "group_9_bot", "name": "deploy"}, "the user of an access token"),
        ({"username": "robin", "name": "Robin", "bot": True}, "GitLab says it is a bot"),
        ({"username": "sa", "user_type": "service_account"}, "GitLab says it is a service_account account"),
        ({"username": "anna", "name": "Anna Żuraw", "bot": False, "user_type": "human"}, None),
    ],
)
def test_accounts_that_are_no_persons_are_known_by_what_gives_them_away(
    user: dict[str, Any], reason: str | None
) -> None:
    (account,) = normalised("users", user={"id": 8, **user}).accounts
    assert (account.machine_reason, account.service_account) == (reason, reason is not None)


def test_a_project_keeps_its_id_when_it_is_renamed() -> None:
    one = {"id": 7, "name": "App", "path_with_namespace": "fernweh/app", "archived": True, "owner": ANNA}
    (row,) = rows_of(normalised("projects", project=one), Project)
    assert (row.external_id, row.kind, row.key, row.archived, row.lead_account) == (
        "7", "repository", "fernweh/app", True, ANNA_ID,
    )  # fmt: skip


@pytest.mark.parametrize(("told", "restricted"), [(True, True), (False, False), (None, False)])
def test_a_confidential_issue_is_restricted(told: bool | None, restricted: bool) -> None:
    issue = {"id": 9, "iid": 4, "title": "Crack in the spar", "state": "opened", "confidential": told}
    (row,) = rows_of(normalised("issues", issue=issue), WorkItem)
    assert row.restricted is restricted


@pytest.mark.parametrize("stream", ["issues", "merge_requests"])
def test_internal_notes_are_restricted_whatever_this_gitlab_calls_them(stream: str) -> None:
    notes = [
        note(1, "For all", system=False, internal=False, confidential=False),
        note(2, "Internal", system=False, internal=True, confidential=True),
        note(3, "Before 15.5", system=False, confidential=True),
        note(4, "Before 13.9", system=False),
    ]
    of = {"issue": {"id": 9, "iid": 4, "title": "x"}} if stream == "issues" else {"merge_request": merge_request()}
    found = rows_of(normalised(stream, **of, notes=notes), Comment)
    assert {one.external_id for one in found if one.restricted} == {"2", "3"}
