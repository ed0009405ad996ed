"""A Jira issue with its history, comments and worklogs as canonical rows. Pure; `VERSION` grows with its outcome."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ovia_ingest.connectors.jira import history, payloads
from ovia_ingest.connectors.jira.adf import text_of
from ovia_ingest.connectors.jira.definitions import Normaliser, category, user
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.mentions import mentions
from ovia_ingest.sources.reading import Normalised
from ovia_ingest.sources.values import LONGEST_LINE, line, long_text, moment
from ovia_shared.database.canonical_tables import Row
from ovia_shared.models.canonical.work_items import Comment, WorkItem, WorkItemKey, WorkItemLink, Worklog
from ovia_shared.models.identity import NewIdentity

VERSION = 2
MOST_FIELDS = 200
LARGEST_NUMBER = 2**62


class _Seen:
    """Accounts as they are met, and the external id to name each by."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.accounts: list[NewIdentity] = []

    def name(self, shown: payloads.User | None) -> str | None:
        account = user(shown, self._context)
        if account is None:
            return None
        self.accounts.append(account)
        return account.external_id


class _Custom:
    """The custom fields of an issue, by what they mean and by their names."""

    def __init__(self, context: Context, values: dict[str, Any]) -> None:
        self._values = values
        self._names = {field.external_id: field.name for field in context.fields if field.custom}
        self._ids: dict[str, list[str]] = {}
        for field in context.fields:
            if field.role is not None:
                self._ids.setdefault(field.role, []).append(field.external_id)

    def first(self, role: str) -> Any:
        """The value of the first field of this role that has one."""
        for external_id in self._ids.get(role, []):
            if self._values.get(external_id) is not None:
                return self._values[external_id]
        return None

    def ids(self, role: str) -> frozenset[str]:
        return frozenset(self._ids.get(role, ()))

    def named(self) -> dict[str, Any]:
        """What is filled in of the other fields, made simple."""
        special = {one for ids in self._ids.values() for one in ids}
        found = {}
        for external_id, value in self._values.items():
            if external_id.startswith("customfield_") and external_id not in special and value not in (None, [], ""):
                simple = _simple(value)
                if simple is not None:
                    found[line(self._names.get(external_id)) or external_id] = simple
            if len(found) == MOST_FIELDS:
                break
        return found


def issues(context: Context) -> Normaliser:
    """The normaliser of issues of one connection."""

    def normalise(payload: bytes) -> Normalised:
        envelope = msgspec.json.decode(payload, type=payloads.IssueEnvelope)
        issue = envelope.issue
        if issue.id is None or not str(issue.id):
            raise ValueError("the issue has no id")
        raw_fields = b"{}" if bytes(issue.fields) == b"null" else bytes(issue.fields)
        fields = msgspec.json.decode(raw_fields, type=payloads.IssueFields)
        custom = _Custom(context, msgspec.json.decode(raw_fields, type=dict[str, Any]))
        return _rows(str(issue.id), envelope, fields, custom, context)

    return normalise


def _rows(
    item: str, envelope: payloads.IssueEnvelope, fields: payloads.IssueFields, custom: _Custom, context: Context
) -> Normalised:
    seen = _Seen(context)
    work_item = _work_item(item, envelope.issue, fields, custom, seen, context)
    histories = envelope.changelog
    if histories is None and envelope.issue.changelog is not None:
        histories = envelope.issue.changelog.histories
    transitions, actors = history.transitions(item, histories or [], context)
    rows: list[Row] = [work_item, *transitions]
    keys = dict.fromkeys([*history.earlier_keys(transitions), work_item.key])
    rows += [WorkItemKey(key=key[:255], work_item_external_id=item) for key in keys]
    rows += history.memberships(
        item, transitions, custom.ids("sprint"), _sprint_ids(custom.first("sprint")), work_item.created_at
    )
    rows += _links(item, fields.issuelinks or [])
    inline = fields.comment.comments if fields.comment is not None else None
    comments = envelope.comments if envelope.comments is not None else inline
    rows += [_comment(item, comment, seen) for comment in comments or [] if comment.id is not None]
    logged = fields.worklog.worklogs if fields.worklog is not None else None
    worklogs = envelope.worklogs if envelope.worklogs is not None else logged
    rows += [_worklog(item, worklog, seen) for worklog in worklogs or [] if worklog.id is not None]
    texts = (("title", work_item.title), ("description", work_item.description))
    rows += [found for found in mentions("work_item", item, texts) if found.target not in keys]
    return Normalised(tuple(rows), (*seen.accounts, *actors))


def _work_item(
    item: str,
    issue: payloads.Issue,
    fields: payloads.IssueFields,
    custom: _Custom,
    seen: _Seen,
    context: Context,
) -> WorkItem:
    notes: list[str] = []
    key = line(issue.key, 255) or item
    status = fields.status
    points = custom.first("story_points")
    flagged = custom.first("flagged")
    return WorkItem(
        external_id=item,
        project_external_id=str(fields.project.id or "") if fields.project is not None else "",
        key=key,
        type=_name(fields.issuetype),
        title=line(fields.summary) or key,
        description=long_text(text_of(fields.description), "description", notes),
        url=f"{context.base_url}/browse/{key}",
        status=_name(status),
        status_category=category(status),
        resolution=_name(fields.resolution),
        priority=_name(fields.priority),
        reporter_account=seen.name(fields.reporter),
        assignee_account=seen.name(fields.assignee),
        creator_account=seen.name(fields.creator),
        parent_external_id=str(fields.parent.id) if fields.parent is not None and fields.parent.id else None,
        epic_key=_simple_text(custom.first("epic_link")),
        story_points=float(points) if isinstance(points, int | float) and abs(points) < LARGEST_NUMBER else None,
        flagged=bool(flagged) if custom.ids("flagged") else None,
        team=_simple_text(custom.first("team")),
        labels=tuple(label for label in map(line, fields.labels or []) if label),
        components=_names(fields.components),
        fix_versions=_names(fields.fixVersions),
        affected_versions=_names(fields.versions),
        fields=custom.named(),
        estimate_seconds=_number(fields.timeoriginalestimate, "estimate", notes),
        spent_seconds=_number(fields.timespent, "time spent", notes),
        due_on=line(fields.duedate, 40),
        created_at=_time(fields.created, "creation date", notes),
        updated_at=_time(fields.updated, "date of the last change", notes),
        resolved_at=_time(fields.resolutiondate, "resolution date", notes),
        notes=tuple(notes),
        restricted=fields.security is not None,
    )


def _links(item: str, links: Sequence[payloads.IssueLink | None]) -> list[Row]:
    rows: list[Row] = []
    for link in links:
        other = None if link is None else link.inwardIssue or link.outwardIssue
        if link is None or link.id is None or other is None:
            continue
        inward = link.inwardIssue is not None
        kind = link.type or payloads.LinkType()
        rows.append(
            WorkItemLink(
                work_item_external_id=item,
                external_id=str(link.id),
                type=line(kind.name, 255) or "(unnamed)",
                description=line(kind.inward if inward else kind.outward, 255) or line(kind.name, 255) or "(unnamed)",
                inward=inward,
                target_external_id=None if other.id is None else str(other.id),
                target_key=line(other.key, 255),
            )
        )
    return rows


def _comment(item: str, comment: payloads.CommentData, seen: _Seen) -> Comment:
    return Comment(
        subject_kind="work_item",
        subject_external_id=item,
        external_id=str(comment.id),
        author_account=seen.name(comment.author),
        body=long_text(text_of(comment.body), "comment", []) or "",
        # For a role or a group only; or, in a service project, not for customers.
        restricted=comment.visibility is not None or comment.jsdPublic is False,
        created_at=moment(comment.created),
        updated_at=moment(comment.updated),
    )


def _worklog(item: str, worklog: payloads.WorklogData, seen: _Seen) -> Worklog:
    return Worklog(
        work_item_external_id=item,
        external_id=str(worklog.id),
        author_account=seen.name(worklog.author),
        seconds=_number(worklog.timeSpentSeconds, "time", []) or 0,
        comment=long_text(text_of(worklog.comment), "comment", []),
        started_at=moment(worklog.started),
        created_at=moment(worklog.created),
    )


def _sprint_ids(value: Any) -> list[str]:
    """The sprints an issue is in: objects on Cloud, texts of the form `…[id=12,…]` on Data Center."""
    found = []
    for one in value if isinstance(value, list) else []:
        if isinstance(one, dict) and isinstance(one.get("id"), int | str):
            found.append(str(one["id"]))
        elif isinstance(one, str) and "id=" in one:
            number = one.split("id=", 1)[1].split(",", 1)[0].rstrip("]")
            if number.isdecimal():
                found.append(number)
    return found


def _name(named: payloads.Named | None) -> str | None:
    return None if named is None else line(named.name, 255)


def _names(many: Sequence[payloads.Named | None] | None) -> tuple[str, ...]:
    return tuple(name for name in map(_name, many or []) if name)


def _number(value: int | None, what: str, notes: list[str]) -> int | None:
    if value is not None and abs(value) >= LARGEST_NUMBER:
        notes.append(f"{what} {value} left out: out of range")
        return None
    return value


def _time(value: payloads.Moment, what: str, notes: list[str]) -> Any:
    found = moment(value)
    if found is None and value not in (None, ""):
        notes.append(f"{what} {str(value)[:60]!r} is no date")
    return found


def _simple_text(value: Any) -> str | None:
    simple = _simple(value)
    return line(", ".join(map(str, simple)) if isinstance(simple, list) else str(simple)) if simple else None


def _simple(value: Any, depth: int = 0) -> Any:
    """A custom field's value without its wrapping: texts, numbers, truth values, and lists of them."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return value if abs(value) < LARGEST_NUMBER else None
    if isinstance(value, str):
        return line(value, 2 * LONGEST_LINE)
    if isinstance(value, list):
        return (
            [one for one in (_simple(part, depth + 1) for part in value[:100]) if one is not None]
            if depth < 3
            else None
        )
    if isinstance(value, dict):
        for name in ("value", "name", "displayName", "title", "key", "id"):
            if value.get(name) is not None:
                return _simple(value[name], depth + 1) if depth < 3 else None
        return line(text_of(value), 2 * LONGEST_LINE) if value.get("type") == "doc" else None
    return None
