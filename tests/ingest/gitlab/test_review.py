"""What happened in a review, told once, whichever way GitLab tells it."""

from datetime import UTC, datetime

import pytest

from ovia_ingest.connectors.gitlab.review import kind_of
from ovia_shared.models.canonical.merge_requests import MergeRequestEvent
from ovia_shared.models.canonical.work_items import Comment
from tests.ingest.gitlab.payloads import ANNA, BORIS, merge_request, normalised, note, rows_of

ANNA_ID, BORIS_ID = "3@git.example", "4@git.example"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("approved this merge request", "approved"),
        ("unapproved this merge request", "unapproved"),
        ("requested changes", "changes_requested"),
        ("requested review from @anna and @boris", "review_requested"),
        ("removed review request for @anna", "other"),
        ("marked this merge request as **draft**", "draft"),
        ("marked this merge request as **ready**", "ready"),
        ("marked as a **Work In Progress**", "draft"),
        ("unmarked as a **Work In Progress**", "ready"),
        ("added 1 commit\n\n<ul><li>abc - x</li></ul>", "commits_added"),
        ("added 12 commits", "commits_added"),
        ("added ~1 label", "other"),
        ("merged", "merged"),
        ("closed", "closed"),
        ("closed via merge request !4", "closed"),
        ("reopened", "reopened"),
        ("mentioned in issue #4", "other"),
        ("", "other"),
        (None, "other"),
    ],
)
def test_what_gitlab_notes_says_what_happened(text: str | None, kind: str) -> None:
    assert kind_of(text) == kind


def test_notes_are_events_or_comments() -> None:
    notes = [
        note(1, "approved this merge request"),
        note(2, "Why not longer?", system=False, type="DiffNote", resolvable=True, resolved=True),
        note(3, "Good \u0000one", system=False, author=None, resolvable=False),
        None,
    ]
    found = normalised("merge_requests", merge_request=merge_request(), notes=notes)
    inline, plain = rows_of(found, Comment)
    assert (inline.external_id, inline.inline, inline.resolved, inline.author_account) == ("2", True, True, BORIS_ID)
    assert (plain.body, plain.inline, plain.resolved, plain.author_account) == ("Good one", False, None, None)
    events = {one.external_id: one for one in rows_of(found, MergeRequestEvent)}
    assert events["note:1"].kind == "approved"
    # No note tells of the merge: the merge request does.
    assert (events["merged"].actor_account, events["merged"].occurred_at) == (
        BORIS_ID,
        datetime(2026, 3, 3, 8, tzinfo=UTC),
    )


def test_an_approval_is_told_once_wherever_it_is_told() -> None:
    approvals = {
        "approved_by": [{"user": BORIS, "approved_at": "2026-03-02T10:00:00Z"}, {"user": ANNA, "approved_at": None}]
    }
    notes = [note(1, "approved this merge request")]
    found = normalised("merge_requests", merge_request=merge_request(), notes=notes, approvals=approvals)
    approved = [one for one in rows_of(found, MergeRequestEvent) if one.kind == "approved"]
    assert [(one.external_id, one.actor_account) for one in approved] == [
        ("note:1", BORIS_ID), (f"approval:{ANNA_ID}", ANNA_ID),
    ]  # fmt: skip


def test_changes_of_state_are_told_once_even_where_notes_tell_them_too() -> None:
    events = [
        {"id": 1, "state": "closed", "user": ANNA, "created_at": "2026-03-02T11:00:00Z"},
        {"id": 2, "state": "reopened", "user": ANNA, "created_at": "2026-03-02T12:00:00Z"},
        {"id": 3, "state": "merged", "user": BORIS, "created_at": "2026-03-03T08:00:00Z"},
        {"id": 4, "state": "teleported"},
    ]
    shown = {"merge_request": merge_request(), "notes": [note(1, "closed")], "state_events": events}
    found = rows_of(normalised("merge_requests", **shown), MergeRequestEvent)
    assert sorted((one.external_id, one.kind) for one in found) == [
        ("note:1", "closed"), ("state:2", "reopened"), ("state:3", "merged"),
    ]  # fmt: skip
