"""What a GitLab server holds of the organisation, and its documents in Confluence."""

from datetime import datetime

import msgspec

from ovia_demo.organisation.model import (
    Comment,
    Group,
    Issue,
    Machine,
    Person,
    Product,
    Repository,
    Sprint,
    Team,
    Text,
    Version,
)


class Commit(msgspec.Struct, kw_only=True):
    sha: str
    author: str
    author_name: str
    author_email: str
    committer_name: str
    committer_email: str
    authored_at: datetime
    committed_at: datetime
    title: str
    message: str


class Note(msgspec.Struct, kw_only=True):
    """A human's comment, or GitLab's own record of an act (`system`). `kind` is DiffNote at a line of code."""

    id: int = 0
    at: datetime
    updated_at: datetime
    author: str
    text: str
    system: bool = False
    kind: str | None = None
    resolved: bool | None = None


class Approval(msgspec.Struct, frozen=True):
    actor: str
    at: datetime


class FileChange(msgspec.Struct, frozen=True):
    path: str
    added: int
    removed: int
    new: bool = False


class MergeRequest(msgspec.Struct, kw_only=True):
    """`ready_at` is when it could first be reviewed: at its creation, or when it stopped being a draft.

    `first_response_at` is the first comment or approval of a human who is not the author, not before `ready_at`.
    `updated_at` is as GitLab shows it, which for some is before `merged_at`.
    """

    id: int = 0
    iid: int = 0
    repository: int
    title: str
    text: Text
    author: str
    assignees: list[str] = []
    reviewers: list[str] = []
    state: str = "opened"
    draft: bool = False
    source_branch: str
    target_branch: str = "main"
    labels: list[str] = []
    milestone: str | None = None
    created_at: datetime
    updated_at: datetime
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    merged_by: str | None = None
    closed_by: str | None = None
    merge_sha: str | None = None
    squash_sha: str | None = None
    commits: list[Commit] = []
    notes: list[Note] = []
    approvals: list[Approval] = []
    files: list[FileChange] = []
    issues: list[int] = []
    ready_at: datetime | None = None
    first_response_at: datetime | None = None
    hotfix: bool = False
    deleted: bool = False


class Job(msgspec.Struct, kw_only=True):
    id: int = 0
    name: str
    stage: str
    status: str
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    queued: float | None = None
    allow_failure: bool = False
    failure_reason: str | None = None
    retried: bool = False


class Pipeline(msgspec.Struct, kw_only=True):
    id: int = 0
    iid: int = 0
    repository: int
    ref: str
    sha: str
    source: str
    status: str
    actor: str
    tag: bool = False
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    updated_at: datetime | None = None
    jobs: list[Job] = []
    deleted: bool = False


class Environment(msgspec.Struct, kw_only=True):
    id: int = 0
    repository: int
    name: str
    tier: str
    created_at: datetime


class Deployment(msgspec.Struct, kw_only=True):
    """`purpose` is regular, retry, hotfix or rollback. `incident` is the issue it led to.

    `restores` is the incident that a hotfix or rollback ended; a retry ends the failure of the deployment before it.
    """

    id: int = 0
    iid: int = 0
    repository: int
    environment: int
    ref: str
    sha: str
    status: str
    actor: str
    created_at: datetime
    finished_at: datetime | None = None
    updated_at: datetime | None = None
    job: int | None = None
    pipeline: int | None = None
    merge_requests: list[int] = []
    purpose: str = "regular"
    incident: int | None = None
    restores: int | None = None
    deleted: bool = False


class Release(msgspec.Struct, kw_only=True):
    """A tag, and the release made of it unless `bare`."""

    repository: int
    tag: str
    name: str
    text: str
    sha: str
    author: str
    created_at: datetime
    released_at: datetime
    bare: bool = False
    deleted: bool = False


class Ticket(msgspec.Struct, kw_only=True):
    """An issue in GitLab, which the organisation hardly uses."""

    id: int = 0
    iid: int = 0
    repository: int
    title: str
    text: str
    state: str
    author: str
    assignees: list[str]
    labels: list[str]
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    deleted: bool = False


class PageVersion(msgspec.Struct, kw_only=True):
    number: int
    at: datetime
    author: str
    message: str
    minor: bool = False


class Page(msgspec.Struct, kw_only=True):
    """A page or a blog post (`kind`), its body in Confluence's storage format."""

    id: int = 0
    kind: str
    product: str
    parent: int | None = None
    title: str
    body: str
    labels: list[str] = []
    created_at: datetime
    versions: list[PageVersion] = []
    comments: list[Comment] = []
    deleted: bool = False


class Organisation(msgspec.Struct, kw_only=True):
    """Everything, each list in the order of ids, which is the order of creation."""

    name: str
    domain: str
    seed: int
    start: datetime
    until: datetime
    people: list[Person] = []
    machines: list[Machine] = []
    teams: list[Team] = []
    products: list[Product] = []
    groups: list[Group] = []
    repositories: list[Repository] = []
    sprints: list[Sprint] = []
    versions: list[Version] = []
    issues: list[Issue] = []
    merge_requests: list[MergeRequest] = []
    pipelines: list[Pipeline] = []
    environments: list[Environment] = []
    deployments: list[Deployment] = []
    releases: list[Release] = []
    tickets: list[Ticket] = []
    pages: list[Page] = []
    shared_mailboxes: list[str] = []
