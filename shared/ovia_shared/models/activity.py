"""What people did, over all sources, as one timeline and as a card."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec

from ovia_shared.models.person import Membership, PersonStatus


class ActivitySource(StrEnum):
    """Where something happened. ovia: what was decided about the person's accounts here."""

    GIT = "git"
    JIRA = "jira"
    GITLAB = "gitlab"
    CONFLUENCE = "confluence"
    OVIA = "ovia"


class ActivityType(StrEnum):
    """What happened. `merge_request_changed`: made a draft, made ready, reopened, or somebody was asked to review."""

    WORK_ITEM_CREATED = "work_item_created"
    WORK_ITEM_TRANSITIONED = "work_item_transitioned"
    WORK_ITEM_CHANGED = "work_item_changed"
    WORK_ITEM_COMMENTED = "work_item_commented"
    WORK_LOGGED = "work_logged"
    MERGE_REQUEST_OPENED = "merge_request_opened"
    MERGE_REQUEST_MERGED = "merge_request_merged"
    MERGE_REQUEST_CLOSED = "merge_request_closed"
    MERGE_REQUEST_COMMENTED = "merge_request_commented"
    MERGE_REQUEST_APPROVED = "merge_request_approved"
    MERGE_REQUEST_UNAPPROVED = "merge_request_unapproved"
    MERGE_REQUEST_CHANGES_REQUESTED = "merge_request_changes_requested"
    MERGE_REQUEST_CHANGED = "merge_request_changed"
    COMMIT_AUTHORED = "commit_authored"
    COMMIT_CO_AUTHORED = "commit_co_authored"
    PIPELINE_STARTED = "pipeline_started"
    DEPLOYMENT_MADE = "deployment_made"
    DOCUMENT_CREATED = "document_created"
    DOCUMENT_EDITED = "document_edited"
    DOCUMENT_COMMENTED = "document_commented"
    IDENTITY_CHANGED = "identity_changed"


class ActivitySubject(msgspec.Struct, frozen=True):
    """What it happened to: a work item, merge request, document, commit, pipeline or deployment."""

    kind: str
    external_id: str
    key: str | None
    title: str | None


class ActivityProject(msgspec.Struct, frozen=True):
    """Where it stands: a project or space; a repository that belongs to none has the connection's name alone."""

    connection_id: UUID
    external_id: str | None
    key: str | None
    name: str


class Activity(msgspec.Struct, frozen=True):
    """One thing a person did. `url` leads to it at its source, or to its project where it has no page of its own.

    `detail` says more, by type: field, from and to of a change, seconds of work, the beginning of a comment.
    """

    id: str
    occurred_at: datetime
    type: ActivityType
    source: ActivitySource
    identity_id: UUID | None
    subject: ActivitySubject | None
    project: ActivityProject | None
    url: str | None
    detail: dict[str, Any]


class ActivityFilter(msgspec.Struct, frozen=True):
    """Whose activity is wanted, and which; `since` is included, `until` is not."""

    person_id: UUID
    since: datetime | None = None
    until: datetime | None = None
    source: ActivitySource | None = None
    type: ActivityType | None = None


class ActivityPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of activity ended. `at` in microseconds since 1970, UTC."""

    at: Annotated[int, msgspec.Meta(ge=-62135596800_000_000, le=253402300799_999_999)]
    id: Annotated[str, msgspec.Meta(pattern="^[^\\x00]*\\Z")]


class Timeline(msgspec.Struct, frozen=True):
    """Part of a timeline, newest first. `next` is null on the last page. It is not counted: that would read all."""

    data: list[Activity]
    next: str | None


class ProfileAccount(msgspec.Struct, frozen=True):
    """An account in use, as its source shows it."""

    identity_id: UUID
    source: str
    username: str | None
    email: str | None
    display_name: str | None
    status: str


class MonthOfActivity(msgspec.Struct, frozen=True):
    """How many things were done in one source in one month (UTC), such as `2026-03`."""

    source: ActivitySource
    month: str
    events: int


class ProfileProduct(msgspec.Struct, frozen=True):
    """A product the person did something for in the last twelve months."""

    id: UUID
    name: str
    events: int


class Profile(msgspec.Struct, frozen=True):
    """Who somebody is: an identity card, not a judgement. Nobody is ranked, and no number compares people.

    `names` are all names the accounts go by. `months` are the last twelve with activity, the newest first.
    """

    id: UUID
    display_name: str
    primary_email: str | None
    status: PersonStatus
    names: list[str]
    accounts: list[ProfileAccount]
    teams_now: list[Membership]
    teams_before: list[Membership]
    first_seen: datetime | None
    last_seen: datetime | None
    months: list[MonthOfActivity]
    products: list[ProfileProduct]
