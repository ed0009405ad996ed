"""GitLab's JSON as tests need it, all invented."""

from typing import Any

import msgspec

from ovia_ingest.connectors.gitlab.connector import CONNECTOR
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.reading import Normalised
from ovia_shared.models.source import Deployment, SourceSettings

CONTEXT = Context("https://git.example/gitlab", SourceSettings(), Deployment.CLOUD, project_key="fernweh/app")
ANNA = {"id": 3, "username": "anna", "name": "Anna Żuraw", "state": "active"}
BORIS = {"id": 4, "username": "boris", "name": "Борис Лётный", "state": "blocked"}


def normalised(stream: str, **envelope: Any) -> Normalised:
    """What a record of this stream says, in project 7."""
    return CONNECTOR.shape(stream, CONTEXT).normalise(msgspec.json.encode({"project_id": "7", **envelope}))


def rows_of(found: Normalised, kind: type[Any]) -> list[Any]:
    """The rows of one table."""
    return [row for row in found.rows if type(row) is kind]


def merge_request(**fields: Any) -> dict[str, Any]:
    """A merge request as lists show it."""
    return {
        "id": 12, "iid": 5, "title": "Tow hook", "state": "merged", "draft": False, "author": ANNA, "merge_user": BORIS,
        "reviewers": [BORIS], "assignees": [ANNA], "source_branch": "gld-7-tow-hook", "target_branch": "main",
        "references": {"full": "fernweh/app!5"}, "web_url": "https://git.example/fernweh/app/-/merge_requests/5",
        "sha": "a" * 40, "merge_commit_sha": "b" * 40, "squash_commit_sha": None, "labels": ["safety"],
        "created_at": "2026-03-02T09:00:00.000Z", "updated_at": "2026-03-03T08:00:00.000Z",
        "merged_at": "2026-03-03T09:00:00.000+01:00", "closed_at": None, **fields,
    }  # fmt: skip


def note(number: int, body: str, **fields: Any) -> dict[str, Any]:
    """A note of GitLab's own, unless `system` says otherwise."""
    return {"id": number, "body": body, "author": BORIS, "system": True, "created_at": "2026-03-02T10:00:00Z", **fields}
