"""Where work lives: projects and spaces, and the fields a source defines for it."""

from datetime import datetime

import msgspec


class Project(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A Jira project, a GitLab project or a Confluence space.

    `kind` is project, repository or space; `key` is what people call it by (`GLD`, `fernweh/glider/app`).
    `access_lost_at` is when the source first refused to show it: nothing in it counts as deleted.
    """

    external_id: str
    kind: str
    key: str
    name: str
    url: str | None = None
    description: str | None = None
    default_branch: str | None = None
    archived: bool = False
    lead_account: str | None = None
    created_at: datetime | None = None
    access_lost_at: datetime | None = None


class FieldDefinition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A field of work items as one connection defines it.

    `role` is what the field means to us, found by the source's own type: sprint, story_points, team, flagged,
    epic_link; None for all others.
    """

    external_id: str
    name: str
    custom: bool
    type: str | None = None
    role: str | None = None


class StatusDefinition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A status of work items. `category` is todo, in_progress or done, as the source says."""

    external_id: str
    name: str
    category: str | None = None
    scope: str | None = None
