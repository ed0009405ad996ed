"""What of GitLab's JSON becomes rows. Anything may be missing or null, whatever the specification says."""

from typing import Any

import msgspec

Moment = str | int | float | None
Id = int | str | None


class User(msgspec.Struct):
    id: Id = None
    username: str | None = None
    name: str | None = None
    email: str | None = None
    public_email: str | None = None
    state: str | None = None
    bot: bool | None = None
    user_type: str | None = None


class Titled(msgspec.Struct):
    title: str | None = None
    name: str | None = None


class References(msgspec.Struct):
    full: str | None = None


class Note(msgspec.Struct):
    id: Id = None
    type: str | None = None
    body: str | None = None
    author: User | None = None
    created_at: Moment = None
    updated_at: Moment = None
    system: bool | None = None
    resolvable: bool | None = None
    resolved: bool | None = None
    internal: bool | None = None
    confidential: bool | None = None


class StateEvent(msgspec.Struct):
    id: Id = None
    user: User | None = None
    created_at: Moment = None
    state: str | None = None


class Approval(msgspec.Struct):
    user: User | None = None
    approved_at: Moment = None


class Approvals(msgspec.Struct):
    approved_by: list[Approval | None] | None = None


class Commit(msgspec.Struct):
    id: Id = None
    title: str | None = None
    message: str | None = None
    author_name: str | None = None
    author_email: str | None = None
    authored_date: Moment = None
    committed_date: Moment = None


class DiffFile(msgspec.Struct):
    additions: int | None = None
    deletions: int | None = None


class MergeRequest(msgspec.Struct):
    id: Id = None
    iid: int | None = None
    title: str | None = None
    description: str | None = None
    state: str | None = None
    draft: bool | None = None
    work_in_progress: bool | None = None
    web_url: str | None = None
    author: User | None = None
    assignee: User | None = None
    assignees: list[User | None] | None = None
    reviewers: list[User | None] | None = None
    merge_user: User | None = None
    merged_by: User | None = None
    closed_by: User | None = None
    source_branch: str | None = None
    target_branch: str | None = None
    labels: list[str | Titled | None] | None = None
    milestone: Titled | None = None
    references: References | None = None
    sha: str | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None
    created_at: Moment = None
    updated_at: Moment = None
    merged_at: Moment = None
    closed_at: Moment = None


class MergeRequestEnvelope(msgspec.Struct):
    merge_request: MergeRequest
    project_id: Id = None
    notes: list[Note | None] | None = None
    approvals: Approvals | None = None
    commits: list[Commit | None] | None = None
    diffs: list[DiffFile | None] | None = None
    diffs_unread: str | None = None
    state_events: list[StateEvent | None] | None = None


class TimeStats(msgspec.Struct):
    time_estimate: int | float | None = None
    total_time_spent: int | float | None = None


class Issue(msgspec.Struct):
    id: Id = None
    iid: int | None = None
    title: str | None = None
    description: str | None = None
    state: str | None = None
    issue_type: str | None = None
    confidential: bool | None = None
    web_url: str | None = None
    author: User | None = None
    assignee: User | None = None
    assignees: list[User | None] | None = None
    closed_by: User | None = None
    labels: list[str | Titled | None] | None = None
    milestone: Titled | None = None
    iteration: Titled | None = None
    epic: Titled | None = None
    references: References | None = None
    weight: int | float | None = None
    severity: str | None = None
    time_stats: TimeStats | None = None
    due_date: str | None = None
    moved_to_id: Id = None
    created_at: Moment = None
    updated_at: Moment = None
    closed_at: Moment = None


class IssueEnvelope(msgspec.Struct):
    issue: Issue
    project_id: Id = None
    notes: list[Note | None] | None = None
    state_events: list[StateEvent | None] | None = None


class Project(msgspec.Struct):
    id: Id = None
    name: str | None = None
    path_with_namespace: str | None = None
    description: str | None = None
    web_url: str | None = None
    default_branch: str | None = None
    archived: bool | None = None
    owner: User | None = None
    created_at: Moment = None


class Pipeline(msgspec.Struct):
    id: Id = None
    iid: int | None = None
    ref: str | None = None
    tag: bool | None = None
    sha: str | None = None
    status: str | None = None
    source: str | None = None
    user: User | None = None
    web_url: str | None = None
    duration: int | float | None = None
    queued_duration: int | float | None = None
    created_at: Moment = None
    started_at: Moment = None
    finished_at: Moment = None
    updated_at: Moment = None


class Job(msgspec.Struct):
    id: Id = None
    name: str | None = None
    stage: str | None = None
    status: str | None = None
    ref: str | None = None
    pipeline: Pipeline | None = None
    commit: Commit | None = None
    user: User | None = None
    allow_failure: bool | None = None
    failure_reason: str | None = None
    duration: int | float | None = None
    queued_duration: int | float | None = None
    created_at: Moment = None
    started_at: Moment = None
    finished_at: Moment = None


class Environment(msgspec.Struct):
    id: Id = None
    name: str | None = None
    tier: str | None = None
    state: str | None = None
    external_url: str | None = None
    created_at: Moment = None
    updated_at: Moment = None


class Deployment(msgspec.Struct):
    id: Id = None
    iid: int | None = None
    ref: str | None = None
    sha: str | None = None
    status: str | None = None
    user: User | None = None
    environment: Environment | None = None
    deployable: Job | None = None
    created_at: Moment = None
    updated_at: Moment = None
    finished_at: Moment = None


class Release(msgspec.Struct):
    name: str | None = None
    tag_name: str | None = None
    description: str | None = None
    commit: Commit | None = None
    author: User | None = None
    upcoming_release: bool | None = None
    created_at: Moment = None
    released_at: Moment = None


class Tag(msgspec.Struct):
    name: str | None = None
    message: str | None = None
    target: str | None = None
    commit: Commit | None = None
    created_at: Moment = None


class Envelope(msgspec.Struct):
    """A record that is one object: `project_id` is whose, the other field is named after its kind."""

    project_id: Id = None
    project: Project | None = None
    user: User | None = None
    environment: Environment | None = None
    pipeline: Pipeline | None = None
    job: Job | None = None
    deployment: Deployment | None = None
    release: Release | None = None
    tag: Tag | None = None


def read(payload: bytes, kind: type[Any]) -> Any:
    """The payload as `kind`. Raises `msgspec.DecodeError`."""
    return msgspec.json.decode(payload, type=kind)
