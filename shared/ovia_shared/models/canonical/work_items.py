"""Work items and all that happens to them."""

from datetime import datetime
from typing import Any

import msgspec


class WorkItem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A Jira issue or a GitLab issue.

    `status_category` is todo, in_progress or done. `fields` are custom fields by the name they have in the source.
    `notes` say, in words, what had to be bent to fit. `restricted`: the source shows it to some people only.
    """

    external_id: str
    project_external_id: str
    key: str
    type: str | None = None
    title: str
    description: str | None = None
    url: str | None = None
    status: str | None = None
    status_category: str | None = None
    resolution: str | None = None
    priority: str | None = None
    reporter_account: str | None = None
    assignee_account: str | None = None
    creator_account: str | None = None
    parent_external_id: str | None = None
    epic_key: str | None = None
    story_points: float | None = None
    flagged: bool | None = None
    team: str | None = None
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    fix_versions: tuple[str, ...] = ()
    affected_versions: tuple[str, ...] = ()
    fields: dict[str, Any] = {}
    estimate_seconds: int | None = None
    spent_seconds: int | None = None
    due_on: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    resolved_at: datetime | None = None
    notes: tuple[str, ...] = ()
    restricted: bool = False


class WorkItemKey(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A key a work item has or once had: items that move between projects change their key, never their id."""

    key: str
    work_item_external_id: str


class WorkItemTransition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One changed field of one entry of an item's history; an entry may change several (`ordinal`, from 0).

    `from_value` and `to_value` are ids where the source has them, `from_text` and `to_text` what people read.
    """

    work_item_external_id: str
    history_external_id: str
    ordinal: int
    field: str
    field_external_id: str | None = None
    from_value: str | None = None
    from_text: str | None = None
    to_value: str | None = None
    to_text: str | None = None
    actor_account: str | None = None
    occurred_at: datetime | None = None


class WorkItemLink(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A link between two work items as seen from one of them, such as `is blocked by`."""

    work_item_external_id: str
    external_id: str
    type: str
    description: str
    inward: bool
    target_external_id: str | None = None
    target_key: str | None = None


class Comment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What somebody wrote under a work item, a merge request or a document (`subject_kind`).

    `inline` comments stand at a line or a passage; `resolved` is None where the source has no such thing.
    `restricted`: the source shows it to fewer people than what it stands under.
    """

    subject_kind: str
    subject_external_id: str
    external_id: str
    author_account: str | None = None
    body: str
    inline: bool = False
    resolved: bool | None = None
    restricted: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Worklog(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Time somebody says they spent on a work item, in seconds from `started_at`."""

    work_item_external_id: str
    external_id: str
    author_account: str | None = None
    seconds: int
    comment: str | None = None
    started_at: datetime | None = None
    created_at: datetime | None = None


class Sprint(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A sprint of a board. `state` is future, active or closed; `completed_at` is when somebody closed it."""

    external_id: str
    board_external_id: str | None = None
    board_name: str | None = None
    project_external_id: str | None = None
    name: str
    state: str
    goal: str | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    completed_at: datetime | None = None


class SprintMembership(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A work item was in a sprint from `added_at` until `left_at` (None: it still is), by its own history.

    `ordinal` counts the stays of one item in one sprint, from 0. `added_at` is None where history does not say.
    """

    work_item_external_id: str
    sprint_external_id: str
    ordinal: int
    added_at: datetime | None = None
    left_at: datetime | None = None
