"""What webhook deliveries hint at: streams to be read sooner. What changed is read from the source itself."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database import planning, webhooks
from ovia_shared.database.pool import Database
from ovia_shared.models.connection import ConnectionKind

# A stream, and the external id of the project it is to be read in; None: in all of them.
Hint = tuple[str, str | None]

AT_ONCE = 500
# What was followed is of no more use; kept a while so that repetitions are still recognised.

_GITLAB: Mapping[str, tuple[str, ...]] = {
    "merge_request": ("merge_requests",),
    "note": ("merge_requests", "issues"),
    "issue": ("issues",),
    "work_item": ("issues",),
    "pipeline": ("pipelines",),
    "build": ("jobs",),
    "deployment": ("deployments", "environments"),
    "release": ("releases", "tags"),
    "tag_push": ("tags",),
    "push": ("merge_requests",),
    "project_create": ("projects",),
    "project_rename": ("projects",),
    "project_transfer": ("projects",),
    "user_add_to_group": ("users",),
}
_JIRA_PREFIXES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("jira:issue", ("issues",)),
    ("jira:worklog", ("issues",)),
    ("jira:version", ("versions",)),
    ("comment", ("issues",)),
    ("worklog", ("issues",)),
    ("issuelink", ("issues",)),
    ("sprint", ("sprints", "issues")),
    ("board", ("sprints",)),
    ("project", ("projects",)),
    ("user", ("users",)),
)

# Read for the whole connection, whatever project a delivery names.
_WHOLE = frozenset({"projects", "users", "sprints"})


async def follow(database: Database, org_id: UUID, connection_id: UUID, kind: ConnectionKind, kept_days: int) -> int:
    """Takes the deliveries of a connection that wait, and makes what they speak of due; returns how many.

    Those looked at more than `kept_days` ago are dropped.
    """
    count = 0
    while True:
        async with database.transaction(org_id) as conn:
            deliveries = await webhooks.take(conn, org_id, connection_id, AT_ONCE)
            due = {hint for delivery in deliveries for hint in hints_of(kind, delivery.payload)}
            if due:
                await planning.hasten(conn, org_id, connection_id, list(due))
            if deliveries:
                await webhooks.done(conn, org_id, [delivery.id for delivery in deliveries])
        count += len(deliveries)
        if not deliveries:
            break
    async with database.transaction(org_id) as conn:
        await webhooks.forget(conn, org_id, kept_days, 10 * AT_ONCE)
    return count


def hints_of(kind: ConnectionKind, payload: bytes) -> list[Hint]:
    """The streams a delivery speaks of, and the project where it names one.

    Empty for a delivery that cannot be read or is about something else.
    """
    try:
        body: Any = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    if not isinstance(body, dict):
        return []
    if kind is ConnectionKind.GITLAB:
        event = body.get("object_kind") or body.get("event_name")
        streams = _GITLAB.get(event, ()) if isinstance(event, str) else ()
        project = _at(body, "project", "id") or _at(body, "project_id")
    else:
        streams = _of_jira(body.get("webhookEvent"))
        project = _at(body, "issue", "fields", "project", "id") or _at(body, "version", "projectId")
    return [(stream, None if stream in _WHOLE else project) for stream in streams]


def _of_jira(event: Any) -> tuple[str, ...]:
    if isinstance(event, str):
        for prefix, streams in _JIRA_PREFIXES:
            if event.startswith(prefix):
                return streams
    return ()


def _at(body: Any, *path: str) -> str | None:
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return str(body) if isinstance(body, str | int) and not isinstance(body, bool) else None
