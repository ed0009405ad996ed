"""What happened in a review: GitLab's own notes and changes of state as events, people's notes as comments."""

import re
from collections.abc import Iterable, Sequence

from ovia_ingest.connectors.gitlab import payloads
from ovia_ingest.connectors.gitlab.meaning import Seen, optional
from ovia_ingest.sources.values import line, long_text, moment
from ovia_shared.models.canonical.merge_requests import MergeRequestEvent
from ovia_shared.models.canonical.work_items import Comment

# The beginnings of the notes GitLab writes itself, which are in English whatever language people use.
_KINDS = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"approved this merge request", "approved"),
        (r"(unapproved this merge request|reset approvals)", "unapproved"),
        (r"requested changes", "changes_requested"),
        (r"requested review from", "review_requested"),
        (
            r"(un-?marked (this merge request )?as a \W*work in progress|marked (this|the) merge request as \W*ready)",
            "ready",
        ),
        (r"marked (this|the) merge request as \W*draft|marked (this merge request )?as a \W*work in progress", "draft"),
        (r"added [\d,.]+ (new )?commits?\b", "commits_added"),
        (r"(merged|status changed to merged)\b", "merged"),
        (r"(closed|status changed to closed)\b", "closed"),
        (r"(reopened|status changed to reopened)\b", "reopened"),
    )
)
_STATES = {"merged": "merged", "closed": "closed", "reopened": "reopened", "opened": "reopened"}


def kind_of(text: str | None) -> str:
    """What a note of GitLab's own says that happened."""
    start = (text or "").lstrip()[:200]
    return next((kind for pattern, kind in _KINDS if pattern.match(start)), "other")


def events(merge_request: str, envelope: payloads.MergeRequestEnvelope, seen: Seen) -> list[MergeRequestEvent]:
    """All events of a review, each once: later GitLabs tell of some twice, earlier ones not at all."""
    noted = [
        _event(merge_request, f"note:{note_id}", kind_of(note.body), seen.name(note.author), note.created_at, note.body)
        for note in envelope.notes or []
        if note is not None and note.system and (note_id := optional(note.id)) is not None
    ]
    kinds = {one.kind for one in noted}
    changes = [
        _event(merge_request, f"state:{event_id}", _STATES[one.state], seen.name(one.user), one.created_at)
        for one in envelope.state_events or []
        if one is not None and (event_id := optional(one.id)) is not None and one.state in _STATES
        # Before there were such events, notes told of the same.
        if _STATES[one.state] not in kinds
    ]
    found = [*noted, *changes]
    found += _approvals(merge_request, envelope.approvals, found, seen)
    found += _endings(merge_request, envelope.merge_request, {one.kind for one in found}, seen)
    return list({one.external_id: one for one in found}.values())


def _approvals(
    merge_request: str, approvals: payloads.Approvals | None, known: Sequence[MergeRequestEvent], seen: Seen
) -> Iterable[MergeRequestEvent]:
    told = {one.actor_account for one in known if one.kind == "approved"}
    for approval in (approvals.approved_by or []) if approvals is not None else []:
        account = None if approval is None else seen.name(approval.user)
        if approval is not None and account is not None and account not in told:
            yield _event(merge_request, f"approval:{account}"[:512], "approved", account, approval.approved_at)


def _endings(
    merge_request: str, one: payloads.MergeRequest, known: set[str], seen: Seen
) -> Iterable[MergeRequestEvent]:
    if one.state == "merged" and "merged" not in known:
        merger = one.merge_user if one.merge_user is not None else one.merged_by
        yield _event(merge_request, "merged", "merged", seen.name(merger), one.merged_at)
    if one.state == "closed" and "closed" not in known:
        yield _event(merge_request, "closed", "closed", seen.name(one.closed_by), one.closed_at)


def _event(
    merge_request: str,
    external_id: str,
    kind: str,
    actor: str | None,
    time: payloads.Moment,
    text: str | None = None,
) -> MergeRequestEvent:
    return MergeRequestEvent(
        merge_request_external_id=merge_request,
        external_id=external_id,
        kind=kind,
        text=line(text),
        actor_account=actor,
        occurred_at=moment(time),
    )


def comments(
    subject_kind: str, subject: str, notes: Sequence[payloads.Note | None] | None, seen: Seen
) -> list[Comment]:
    """What people wrote. `resolved` is None for a note that asks for no answer."""
    return [
        Comment(
            subject_kind=subject_kind,
            subject_external_id=subject,
            external_id=note_id,
            author_account=seen.name(note.author),
            body=long_text(note.body, "comment", []) or "",
            inline=note.type == "DiffNote",
            resolved=bool(note.resolved) if note.resolvable else None,
            # Earlier GitLabs call internal notes confidential, later ones call them both.
            restricted=bool(note.internal or note.confidential),
            created_at=moment(note.created_at),
            updated_at=moment(note.updated_at),
        )
        for note in notes or []
        if note is not None and not note.system and (note_id := optional(note.id)) is not None
    ]
