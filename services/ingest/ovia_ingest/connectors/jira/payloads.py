"""The parts of Jira's payloads that are read. Anything may be missing or null, whatever the documentation promises."""

# ruff: noqa: N815 (Jira's spelling)

from typing import Any

import msgspec

Moment = str | int | float | None


class User(msgspec.Struct):
    accountId: str | None = None
    key: str | None = None
    name: str | None = None
    displayName: str | None = None
    emailAddress: str | None = None
    accountType: str | None = None
    active: bool | None = None


class Named(msgspec.Struct):
    id: str | int | None = None
    key: str | None = None
    name: str | None = None


class Status(Named):
    statusCategory: Named | None = None


class FieldSchema(msgspec.Struct):
    type: str | None = None
    custom: str | None = None


class Field(Named):
    custom: bool | None = None
    schema: FieldSchema | None = None


class StatusScope(msgspec.Struct):
    project: Named | None = None


class StatusDefinition(Status):
    scope: StatusScope | None = None


class Project(Named):
    description: str | None = None
    lead: User | None = None
    archived: bool | None = None


class Version(Named):
    description: str | None = None
    projectId: int | str | None = None
    released: bool | None = None
    startDate: str | None = None
    releaseDate: str | None = None


class SprintData(Named):
    state: str | None = None
    goal: str | None = None
    startDate: Moment = None
    endDate: Moment = None
    completeDate: Moment = None
    originBoardId: int | None = None


class BoardPlace(msgspec.Struct):
    projectId: int | None = None


class Board(Named):
    location: BoardPlace | None = None


class SprintEnvelope(msgspec.Struct):
    sprint: SprintData
    board: Board | None = None


class LinkType(msgspec.Struct):
    name: str | None = None
    inward: str | None = None
    outward: str | None = None


class IssueLink(Named):
    type: LinkType | None = None
    inwardIssue: Named | None = None
    outwardIssue: Named | None = None


class CommentData(msgspec.Struct):
    id: str | int | None = None
    author: User | None = None
    body: Any = None
    created: Moment = None
    updated: Moment = None
    visibility: Named | None = None
    jsdPublic: bool | None = None


class WorklogData(msgspec.Struct):
    id: str | int | None = None
    author: User | None = None
    comment: Any = None
    timeSpentSeconds: int | None = None
    started: Moment = None
    created: Moment = None


class Comments(msgspec.Struct):
    comments: list[CommentData] | None = None


class Worklogs(msgspec.Struct):
    worklogs: list[WorklogData] | None = None


class ChangeItem(msgspec.Struct):
    field: str | None = None
    fieldId: str | None = None
    # `from` is a word of Python's.
    from_value: str | None = msgspec.field(default=None, name="from")
    fromString: str | None = None
    to: str | None = None
    toString: str | None = None


class History(msgspec.Struct):
    id: str | int | None = None
    author: User | None = None
    created: Moment = None
    items: list[ChangeItem | None] | None = None


class Changelog(msgspec.Struct):
    histories: list[History] | None = None


class IssueFields(msgspec.Struct):
    project: Named | None = None
    issuetype: Named | None = None
    summary: str | None = None
    description: Any = None
    status: Status | None = None
    security: Named | None = None
    resolution: Named | None = None
    priority: Named | None = None
    reporter: User | None = None
    assignee: User | None = None
    creator: User | None = None
    parent: Named | None = None
    labels: list[str | None] | None = None
    components: list[Named | None] | None = None
    fixVersions: list[Named | None] | None = None
    versions: list[Named | None] | None = None
    issuelinks: list[IssueLink | None] | None = None
    comment: Comments | None = None
    worklog: Worklogs | None = None
    timeoriginalestimate: int | None = None
    timespent: int | None = None
    duedate: str | None = None
    created: Moment = None
    updated: Moment = None
    resolutiondate: Moment = None


class Issue(msgspec.Struct):
    id: str | int | None = None
    key: str | None = None
    fields: msgspec.Raw = msgspec.Raw(b"null")
    changelog: Changelog | None = None


class IssueEnvelope(msgspec.Struct):
    issue: Issue
    changelog: list[History] | None = None
    comments: list[CommentData] | None = None
    worklogs: list[WorklogData] | None = None
