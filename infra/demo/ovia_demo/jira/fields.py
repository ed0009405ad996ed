"""The fields that this Jira has. Custom ones have numbers that differ from one Jira to the next."""

from typing import Any

from ovia_demo.jira.payloads import EPIC_FIELD, TEAM_FIELD
from ovia_demo.organisation.issue_flow import FLAG_FIELD, POINTS_FIELD, SPRINT_FIELD

_SYSTEM = {
    "summary": ("Summary", "string"), "description": ("Description", "string"),
    "issuetype": ("Issue Type", "issuetype"),
    "project": ("Project", "project"), "status": ("Status", "status"), "resolution": ("Resolution", "resolution"),
    "priority": ("Priority", "priority"), "reporter": ("Reporter", "user"), "creator": ("Creator", "user"),
    "assignee": ("Assignee", "user"), "labels": ("Labels", "array"), "components": ("Components", "array"),
    "fixVersions": ("Fix versions", "array"), "versions": ("Affects versions", "array"),
    "created": ("Created", "datetime"),
    "updated": ("Updated", "datetime"), "resolutiondate": ("Resolved", "datetime"), "duedate": ("Due date", "date"),
    "issuelinks": ("Linked Issues", "array"), "comment": ("Comment", "comments-page"), "worklog": ("Log Work", "array"),
    "timespent": ("Time Spent", "number"), "timeoriginalestimate": ("Original estimate", "number"),
    "parent": ("Parent", "any"),
}  # fmt: skip
_CUSTOM = {
    POINTS_FIELD: ("Story point estimate", "number", "com.pyxis.greenhopper.jira:jsw-story-points"),
    SPRINT_FIELD: ("Sprint", "array", "com.pyxis.greenhopper.jira:gh-sprint"),
    FLAG_FIELD: ("Flagged", "array", "com.atlassian.jira.plugin.system.customfieldtypes:multicheckboxes"),
    EPIC_FIELD: ("Epic Link", "any", "com.pyxis.greenhopper.jira:gh-epic-link"),
    TEAM_FIELD: ("Team", "team", "com.atlassian.jira.plugin.system.customfieldtypes:atlassian-team"),
    "customfield_10019": ("Rank", "any", "com.pyxis.greenhopper.jira:gh-lexo-rank"),
    "customfield_10031": ("Wind speed", "number", "com.atlassian.jira.plugin.system.customfieldtypes:float"),
}


def fields() -> list[dict[str, Any]]:
    """As `/field` gives them."""
    shown: list[dict[str, Any]] = [
        {"id": identity, "key": identity, "name": name, "custom": False, "orderable": True, "navigable": True,
         "searchable": True, "clauseNames": [identity], "schema": {"type": kind, "system": identity}}
        for identity, (name, kind) in _SYSTEM.items()
    ]  # fmt: skip
    shown.append({"id": "issuekey", "key": "issuekey", "name": "Key", "custom": False, "navigable": True})
    for identity, (name, kind, custom) in _CUSTOM.items():
        number = int(identity.rsplit("_", 1)[1])
        shown.append(
            {"id": identity, "key": identity, "name": name, "custom": True, "orderable": True, "navigable": True,
             "searchable": True, "clauseNames": [f"cf[{number}]", name],
             "schema": {"type": kind, "custom": custom, "customId": number}}
        )  # fmt: skip
    return shown
