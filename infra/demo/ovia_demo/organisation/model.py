"""The organisation as it is generated: plain structs, no knowledge of any API.

An actor is a person or a machine, by id (`p-004`, `m-02`). Every time is aware, in UTC, of whole milliseconds.
"""

from datetime import datetime

import msgspec


class Account(msgspec.Struct, kw_only=True):
    """A login of an actor in one source, or a name and e-mail that stand in commits (source `git`).

    `data_center_id` is the id on Data Center, where accounts are not those of the cloud. `email_shown` says whether
    the source shows the e-mail to others. `since` and `until` bound when the actor uses the account.
    """

    source: str
    external_id: str
    data_center_id: str | None = None
    username: str | None = None
    email: str | None = None
    email_shown: bool = False
    name: str
    active: bool = True
    machine: bool = False
    since: datetime | None = None
    until: datetime | None = None


class Person(msgspec.Struct, kw_only=True):
    """Somebody who works, or worked, at the organisation. A changed name has held since `renamed_at`, the team since
    `changed_team_at`."""

    id: str
    name: str
    former_name: str | None = None
    renamed_at: datetime | None = None
    nickname: str | None = None
    team: str
    former_team: str | None = None
    changed_team_at: datetime | None = None
    role: str
    zone: str
    joined_at: datetime
    left_at: datetime | None = None
    accounts: list[Account] = []


class Machine(msgspec.Struct, kw_only=True):
    """An account that is nobody's: a bot, an app, a service account, the ghost user, somebody deleted."""

    id: str
    name: str
    kind: str
    accounts: list[Account] = []


class Team(msgspec.Struct, kw_only=True):
    id: str
    name: str
    product: str


class Status(msgspec.Struct, frozen=True):
    id: int
    name: str
    category: str


class Workflow(msgspec.Struct, frozen=True):
    todo: Status
    doing: Status
    review: Status
    done: Status
    blocked: Status | None = None


class Product(msgspec.Struct, kw_only=True):
    """A product: a Jira project, a board, a GitLab group and a Confluence space."""

    id: int
    key: str
    name: str
    path: str
    space_id: int
    space_key: str
    board_id: int
    lead: str
    workflow: Workflow
    components: tuple[str, ...]
    created_at: datetime


class Group(msgspec.Struct, kw_only=True):
    id: int
    path: str
    name: str
    parent: int | None


class Repository(msgspec.Struct, kw_only=True):
    id: int
    path: str
    name: str
    group: int
    product: str
    created_at: datetime
    folders: tuple[str, ...]
    archived: bool = False
    deleted: bool = False


class Sprint(msgspec.Struct, kw_only=True):
    id: int
    product: str
    number: int
    name: str
    goal: str
    start_at: datetime
    end_at: datetime
    completed_at: datetime | None
    state: str


class Version(msgspec.Struct, kw_only=True):
    id: int
    product: str
    name: str
    start_at: datetime
    release_at: datetime
    released: bool


class Block(msgspec.Struct, frozen=True):
    """A piece of a text: `p`, `h`, `ul`, `code`, `quote` or `mention` (whose text is an actor)."""

    kind: str
    text: str = ""
    items: tuple[str, ...] = ()


Text = tuple[Block, ...]


class Change(msgspec.Struct, frozen=True):
    """One changed field. With `actors`, the values are actors, whom each API shows as its own accounts."""

    field: str
    field_id: str
    from_value: str | None = None
    from_text: str | None = None
    to_value: str | None = None
    to_text: str | None = None
    actors: bool = False


class History(msgspec.Struct, kw_only=True):
    id: int = 0
    at: datetime
    author: str
    changes: tuple[Change, ...]


class Comment(msgspec.Struct, kw_only=True):
    """A comment on an issue or a page."""

    id: int = 0
    at: datetime
    updated_at: datetime
    author: str
    text: Text
    inline: bool = False
    resolved: bool = False
    parent: int | None = None
    deleted: bool = False


class Worklog(msgspec.Struct, kw_only=True):
    id: int = 0
    created_at: datetime
    started_at: datetime
    author: str
    seconds: int
    text: str


class Link(msgspec.Struct, kw_only=True):
    """A link out of the issue that holds it, seen from there. `inward`: it is blocked by, it is cloned by."""

    id: int = 0
    type: str
    inward: bool
    other: int
    at: datetime


class Step(msgspec.Struct, frozen=True):
    """The issue entered a status."""

    at: datetime
    status: Status


class Interval(msgspec.Struct, frozen=True):
    start: datetime
    end: datetime | None
    reason: str


class Stay(msgspec.Struct, kw_only=True):
    """The issue was in a sprint."""

    sprint: int
    start: datetime
    end: datetime | None = None


class Issue(msgspec.Struct, kw_only=True):
    """A Jira issue. `steps`, `blocked` and `stays` are what happened; `histories` is how Jira tells it."""

    id: int = 0
    key: str = ""
    former_keys: list[str] = []
    product: str
    type: str
    title: str
    text: Text
    status: Status
    resolution: str | None = None
    priority: str = "Medium"
    reporter: str
    creator: str
    assignee: str | None = None
    parent: int | None = None
    points: float | None = None
    flagged: bool = False
    team: str
    labels: list[str] = []
    components: list[str] = []
    versions: list[int] = []
    sprints: list[int] = []
    repository: int | None = None
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None = None
    due_on: str | None = None
    estimate: int | None = None
    histories: list[History] = []
    comments: list[Comment] = []
    worklogs: list[Worklog] = []
    links: list[Link] = []
    steps: list[Step] = []
    blocked: list[Interval] = []
    stays: list[Stay] = []
    deleted: bool = False
