"""Merge requests and their reviews."""

from datetime import datetime

import msgspec


class MergeRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A proposal to merge one branch into another. `state` is open, merged or closed (without merging).

    `number` is the one people use inside the project. Line counts are those of the diff against the target branch.
    `first_commit_at` is the earliest date its commits were authored on.
    """

    external_id: str
    project_external_id: str
    number: int
    title: str
    description: str | None = None
    url: str | None = None
    state: str
    draft: bool = False
    author_account: str | None = None
    merged_by_account: str | None = None
    closed_by_account: str | None = None
    reviewer_accounts: tuple[str, ...] = ()
    assignee_accounts: tuple[str, ...] = ()
    source_branch: str | None = None
    target_branch: str | None = None
    labels: tuple[str, ...] = ()
    milestone: str | None = None
    head_sha: str | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None
    additions: int | None = None
    deletions: int | None = None
    changed_files: int | None = None
    commit_count: int | None = None
    first_commit_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    notes: tuple[str, ...] = ()


class MergeRequestCommit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A commit of a merge request, as the source lists it; the commit itself comes from git."""

    merge_request_external_id: str
    sha: str
    title: str | None = None
    message: str | None = None
    author_name: str | None = None
    author_email: str | None = None
    authored_at: datetime | None = None
    committed_at: datetime | None = None


class MergeRequestEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What happened in a review besides comments.

    `kind` is approved, unapproved, changes_requested, review_requested, draft, ready, merged, closed, reopened,
    commits_added or other.
    """

    merge_request_external_id: str
    external_id: str
    kind: str
    text: str | None = None
    actor_account: str | None = None
    occurred_at: datetime | None = None
