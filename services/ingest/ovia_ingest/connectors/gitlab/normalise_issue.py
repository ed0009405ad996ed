"""A GitLab issue as canonical rows. Pure; `VERSION` grows with its outcome."""

from ovia_ingest.connectors.gitlab import payloads
from ovia_ingest.connectors.gitlab.meaning import (
    LONGEST_NAME,
    Normaliser,
    Seen,
    identified,
    labels,
    named_in,
    number,
    optional,
    project_of,
)
from ovia_ingest.connectors.gitlab.review import comments
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.reading import Normalised
from ovia_ingest.sources.values import line, long_text, moment
from ovia_shared.models.canonical.work_items import WorkItem, WorkItemKey, WorkItemTransition

VERSION = 2
KIND = "work_item"
CATEGORIES = {"opened": "todo", "reopened": "todo", "closed": "done"}


def issues(context: Context) -> Normaliser:
    """The normaliser of issues of one connection."""

    def normalise(payload: bytes) -> Normalised:
        envelope = payloads.read(payload, payloads.IssueEnvelope)
        external_id = identified(envelope.issue.id, "issue")
        iid = number(envelope.issue.iid)
        if iid is None:
            raise ValueError("the issue has no number")
        project_id = identified(envelope.project_id, "issue's project")
        project = project_of(envelope.issue.references, "#") or context.project_key or project_id
        key = f"{project}#{iid}"
        seen = Seen(context.base_url)
        row = _row(external_id, key, project_id, envelope.issue, seen)
        texts = (("title", row.title), ("description", row.description))
        return Normalised(
            (
                row,
                WorkItemKey(key=key, work_item_external_id=external_id),
                *_transitions(external_id, envelope, seen),
                *comments(KIND, external_id, envelope.notes, seen),
                *(one for one in named_in(KIND, external_id, texts, project) if one.target != key),
            ),
            seen.accounts,
        )

    return normalise


def _row(external_id: str, key: str, project_id: str, one: payloads.Issue, seen: Seen) -> WorkItem:
    notes: list[str] = []
    author = seen.name(one.author)
    assignees = seen.names(one.assignees if one.assignees is not None else [one.assignee])
    estimate = one.time_stats or payloads.TimeStats()
    named = {"milestone": one.milestone, "iteration": one.iteration, "epic": one.epic}
    fields = {name: title for name, value in named.items() if value is not None and (title := line(value.title))}
    if len(assignees) > 1:
        notes.append(f"{len(assignees)} assignees, of which the first is kept")
    return WorkItem(
        external_id=external_id,
        project_external_id=project_id,
        key=key,
        type=line(one.issue_type, LONGEST_NAME),
        title=line(one.title) or "",
        description=long_text(one.description, "description", notes),
        url=line(one.web_url, 2000),
        status=line(one.state, LONGEST_NAME),
        status_category=CATEGORIES.get(one.state or ""),
        resolution="moved" if one.moved_to_id is not None else None,
        priority=None if one.severity in (None, "UNKNOWN") else line(one.severity, LONGEST_NAME),
        reporter_account=author,
        assignee_account=assignees[0] if assignees else None,
        creator_account=author,
        story_points=None if one.weight is None or abs(one.weight) > 1e12 else float(one.weight),
        labels=labels(one.labels),
        fields=fields,
        estimate_seconds=_whole(estimate.time_estimate),
        spent_seconds=_whole(estimate.total_time_spent),
        due_on=line(one.due_date, 40),
        created_at=moment(one.created_at),
        updated_at=moment(one.updated_at),
        resolved_at=moment(one.closed_at) if one.state == "closed" else None,
        notes=tuple(notes),
        restricted=bool(one.confidential),
    )


def _transitions(external_id: str, envelope: payloads.IssueEnvelope, seen: Seen) -> list[WorkItemTransition]:
    """Changes of state. Where GitLab tells of none, the last closing is known from the issue itself."""
    found = [
        _transition(external_id, f"state:{event_id}", one.state, seen.name(one.user), one.created_at)
        for one in envelope.state_events or []
        if one is not None and (event_id := optional(one.id)) is not None and one.state in CATEGORIES
    ]
    issue = envelope.issue
    if issue.state == "closed" and not any(one.to_text == "closed" for one in found):
        found.append(_transition(external_id, "closed", "closed", seen.name(issue.closed_by), issue.closed_at))
    return found


def _transition(
    external_id: str, history: str, state: str | None, actor: str | None, time: payloads.Moment
) -> WorkItemTransition:
    before, after = ("opened", "closed") if state == "closed" else ("closed", "opened")
    return WorkItemTransition(
        work_item_external_id=external_id,
        history_external_id=history,
        ordinal=0,
        field="status",
        from_value=before,
        from_text=before,
        to_value=after,
        to_text=after,
        actor_account=actor,
        occurred_at=moment(time),
    )


def _whole(value: float | None) -> int | None:
    # Zero is how GitLab says that nobody estimated or logged anything.
    return int(value) if value and 0 < value < 1e15 else None
