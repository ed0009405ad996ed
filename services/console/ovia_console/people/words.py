"""What the services call things, in the words people are shown; translated where they are shown."""

from types import MappingProxyType
from typing import Any


def _(text: str) -> str:
    """Marks a sentence for the catalogues."""
    return text


PERSON_STATUS = {"active": _("Active"), "inactive": _("Left")}

MAPPING_STATUS = {
    "auto": _("Found by the rules"),
    "verified": _("Confirmed"),
    "conflict": _("Waits for a decision"),
    "rejected": _("Not theirs"),
    "ignored": _("Ignored"),
}
MAPPING_TONE = {"auto": "accent", "verified": "good", "conflict": "warn", "rejected": "", "ignored": ""}

SOURCES = {
    "jira": "Jira",
    "gitlab": "GitLab",
    "confluence": "Confluence",
    "git": "Git",
    "hr": _("List of people"),
    "ovia": "Ovia",
}
ACTIVITY_SOURCES = ("jira", "gitlab", "confluence", "git", "ovia")

# In groups, as the filter offers them.
ACTIVITY = (
    (
        _("Work items"),
        {
            "work_item_created": _("Created a work item"),
            "work_item_transitioned": _("Moved a work item"),
            "work_item_changed": _("Changed a work item"),
            "work_item_commented": _("Commented on a work item"),
            "work_logged": _("Logged work"),
        },
    ),
    (
        _("Merge requests and reviews"),
        {
            "merge_request_opened": _("Opened a merge request"),
            "merge_request_merged": _("Merged a merge request"),
            "merge_request_closed": _("Closed a merge request"),
            "merge_request_commented": _("Commented on a merge request"),
            "merge_request_approved": _("Approved a merge request"),
            "merge_request_unapproved": _("Took an approval back"),
            "merge_request_changes_requested": _("Asked for changes"),
            "merge_request_changed": _("Changed a merge request"),
            "commit_authored": _("Wrote a commit"),
            "commit_co_authored": _("Co-wrote a commit"),
        },
    ),
    (
        _("Pipelines and deployments"),
        {"pipeline_started": _("Started a pipeline"), "deployment_made": _("Deployed")},
    ),
    (
        _("Documents"),
        {
            "document_created": _("Created a page"),
            "document_edited": _("Edited a page"),
            "document_commented": _("Commented on a page"),
        },
    ),
    (_("Accounts"), {"identity_changed": _("Something was decided about an account")}),
)
ACTIVITY_TYPES = {one: words for _group, types in ACTIVITY for one, words in types.items()}

DECISIONS = {
    "link": _("Account linked"),
    "unlink": _("Account taken away"),
    "confirm": _("Account confirmed"),
    "reject": _("Account rejected"),
    "ignore": _("Account ignored"),
    "reopen": _("Account open again"),
    "remap": _("Account given to somebody else"),
    "split": _("Accounts taken apart"),
    "merge": _("Merged with another person"),
    "undo": _("Taken back"),
    "contest": _("Account contested"),
    "create person": _("Person added"),
    "create_person": _("Person added"),
    "change person": _("Person changed"),
    "delete person": _("Person deleted"),
    "erase": _("Person erased"),
}

# For templates: `words.status[…]`, always with what to show for a word that is not known here.
ALL: MappingProxyType[str, Any] = MappingProxyType(
    {
        "person": PERSON_STATUS,
        "mapping": MAPPING_STATUS,
        "tone": MAPPING_TONE,
        "sources": SOURCES,
        "activity_sources": ACTIVITY_SOURCES,
        "activity": ACTIVITY,
        "types": ACTIVITY_TYPES,
        "decisions": DECISIONS,
    }
)
