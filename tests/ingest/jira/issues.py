"""Issues as Jira sends them, for tests: a good one, changed piece by piece."""

from typing import Any

import msgspec

from ovia_ingest.sources.context import Context
from ovia_shared.models.canonical.projects import FieldDefinition
from ovia_shared.models.source import Deployment, SourceSettings

SPRINT, POINTS, FLAGGED, EPIC, TEAM = (f"customfield_1000{number}" for number in range(5))

CONTEXT = Context(
    "https://fernweh.example",
    SourceSettings(),
    Deployment.CLOUD,
    fields=(
        FieldDefinition(external_id=SPRINT, name="Sprint", custom=True, role="sprint"),
        FieldDefinition(external_id=POINTS, name="Story Points", custom=True, role="story_points"),
        FieldDefinition(external_id=FLAGGED, name="Flagged", custom=True, role="flagged"),
        FieldDefinition(external_id=EPIC, name="Epic Link", custom=True, role="epic_link"),
        FieldDefinition(external_id=TEAM, name="Team", custom=True, role="team"),
        FieldDefinition(external_id="customfield_10050", name="Wing type", custom=True),
    ),
    project_key="GLD",
)

ANN = {"accountId": "ann-1", "displayName": "Ann Example", "emailAddress": "ann@fernweh.example", "active": True}
BOT = {"accountId": "app-1", "displayName": "Sync", "accountType": "app"}


def document(*lines: str) -> dict[str, Any]:
    """An ADF document of paragraphs."""
    content = [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in lines]
    return {"type": "doc", "version": 1, "content": content}


def issue(**fields: Any) -> dict[str, Any]:
    """A good issue; `fields` replace or add."""
    good = {
        "project": {"id": "1", "key": "GLD"},
        "issuetype": {"name": "Story"},
        "summary": "Trim the left wing",
        "description": document("As agreed in SKY-7.", "Второй абзац"),
        "status": {"name": "In Progress", "statusCategory": {"key": "indeterminate"}},
        "priority": {"name": "High"},
        "reporter": ANN,
        "assignee": ANN,
        "creator": BOT,
        "labels": ["wing"],
        "components": [{"name": "airframe"}],
        "fixVersions": [{"name": "1.2"}],
        "issuelinks": [
            {
                "id": "31",
                "type": {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"},
                "inwardIssue": {"id": "44", "key": "SKY-9"},
            }
        ],
        "comment": {"comments": [{"id": "51", "author": BOT, "body": document("Done?")}], "total": 1},
        "worklog": {"worklogs": [{"id": "61", "author": ANN, "timeSpentSeconds": 3600}], "total": 1},
        "created": "2026-01-02T03:04:05.678+0000",
        "updated": "2026-01-05T00:00:00.000+0000",
        SPRINT: [{"id": 8, "name": "Sprint 8"}],
        POINTS: 5.0,
        FLAGGED: [{"value": "Impediment"}],
        "customfield_10050": {"value": "delta", "id": "1"},
    }
    return {"id": "1001", "key": "GLD-12", "fields": good | fields}


def change(number: int, created: Any, *items: dict[str, Any]) -> dict[str, Any]:
    """An entry of the changelog."""
    return {"id": str(number), "author": ANN, "created": created, "items": list(items)}


def moved(field: str, before: str | None, after: str | None, field_id: str | None = None) -> dict[str, Any]:
    """One changed field."""
    return {"field": field, "fieldId": field_id or field.lower(), "from": before, "fromString": before, "to": after,
            "toString": after}  # fmt: skip


def payload(changelog: list[dict[str, Any]] | None = None, **fields: Any) -> bytes:
    """The raw record of `issue` with this history."""
    return msgspec.json.encode({"issue": issue(**fields), "changelog": changelog or []})
