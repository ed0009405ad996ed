"""From what happens to an issue to how Jira remembers it: each event changes the issue and leaves an entry."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ovia_demo.organisation.model import (
    Change,
    Comment,
    History,
    Interval,
    Issue,
    Link,
    Sprint,
    Status,
    Stay,
    Step,
    Text,
    Version,
    Worklog,
)
from ovia_demo.organisation.times import whole

SPRINT_FIELD, POINTS_FIELD, FLAG_FIELD = "customfield_10020", "customfield_10016", "customfield_10021"

Act = tuple[str, Any]


@dataclass
class Flow:
    """The life of one issue: acts in any order, played in the order of time once all issues have their keys."""

    issue: Issue
    incident: bool = False
    moves_at: datetime | None = None
    moves_to: str | None = None
    new_key: str = ""
    parent: Issue | None = None
    events: list[tuple[datetime, int, str, tuple[Act, ...]]] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    worklogs: list[Worklog] = field(default_factory=list)

    def add(self, at: datetime, author: str, *acts: Act) -> None:
        self.events.append((whole(at), len(self.events), author, acts))

    def play(self, until: datetime) -> None:
        """What happened until then; the rest of the life lies ahead and is dropped."""
        issue = self.issue
        issue.steps.append(Step(issue.created_at, issue.status))
        for sprint in issue.sprints:
            issue.stays.append(Stay(sprint=sprint, start=issue.created_at))
        for at, _, author, acts in sorted(self.events, key=lambda event: event[:2]):
            if issue.created_at <= at <= until:
                changes = [change for act in acts for change in _apply(issue, at, act)]
                if changes:
                    issue.histories.append(History(at=at, author=author, changes=tuple(changes)))
        issue.comments = sorted((one for one in self.comments if one.at <= until), key=lambda one: one.at)
        issue.worklogs = sorted(
            (one for one in self.worklogs if one.created_at <= until), key=lambda one: one.created_at
        )
        moments = [issue.created_at, *(one.at for one in issue.histories), *(one.updated_at for one in issue.comments)]
        issue.updated_at = max(moments + [one.created_at for one in issue.worklogs])


def _apply(issue: Issue, at: datetime, act: Act) -> list[Change]:
    kind, value = act
    changes: list[Change] = _ACTS[kind](issue, at, value)
    return changes


def _status(issue: Issue, at: datetime, status: Status) -> list[Change]:
    before, issue.status = issue.status, status
    if before == status:
        return []
    issue.steps.append(Step(at, status))
    issue.resolved_at = at if status.category == "done" else None
    return [Change("status", "status", str(before.id), before.name, str(status.id), status.name)]


_RESOLUTIONS = {"Done": "10000", "Won't Do": "10001", "Duplicate": "10002"}


def _resolution(issue: Issue, _at: datetime, name: str | None) -> list[Change]:
    before, issue.resolution = issue.resolution, name
    if before == name:
        return []
    return [
        Change("resolution", "resolution", _RESOLUTIONS.get(before or ""), before, _RESOLUTIONS.get(name or ""), name)
    ]


def _assignee(issue: Issue, _at: datetime, actor: str) -> list[Change]:
    before, issue.assignee = issue.assignee, actor
    return [] if before == actor else [Change("assignee", "assignee", before, None, actor, None, actors=True)]


def _points(issue: Issue, _at: datetime, points: float) -> list[Change]:
    before, issue.points = issue.points, points
    shown = None if before is None else f"{before:g}"
    return (
        []
        if before == points
        else [Change("Story point estimate", POINTS_FIELD, shown, shown, f"{points:g}", f"{points:g}")]
    )


_PRIORITIES = {"Highest": "1", "High": "2", "Medium": "3", "Low": "4"}


def _priority(issue: Issue, _at: datetime, name: str) -> list[Change]:
    before, issue.priority = issue.priority, name
    return (
        [] if before == name else [Change("priority", "priority", _PRIORITIES[before], before, _PRIORITIES[name], name)]
    )


def _flag(issue: Issue, at: datetime, up: bool) -> list[Change]:
    if issue.flagged == up:
        return []
    issue.flagged = up
    if up:
        issue.blocked.append(Interval(at, None, "flag"))
        return [Change("Flagged", FLAG_FIELD, "", "", "[10019]", "Impediment")]
    issue.blocked[:] = [Interval(one.start, at, "flag") if one.end is None else one for one in issue.blocked]
    return [Change("Flagged", FLAG_FIELD, "[10019]", "Impediment", "", "")]


def _label(issue: Issue, _at: datetime, label: str) -> list[Change]:
    before = " ".join(issue.labels)
    if label in issue.labels:
        issue.labels.remove(label)
    else:
        issue.labels.append(label)
    return [Change("labels", "labels", None, before, None, " ".join(issue.labels))]


def _text(issue: Issue, _at: datetime, text: Text) -> list[Change]:
    before, issue.text = issue.text, text
    return [Change("description", "description", None, before[0].text if before else None, None, text[0].text)]


def _title(issue: Issue, _at: datetime, title: str) -> list[Change]:
    before, issue.title = issue.title, title
    return [] if before == title else [Change("summary", "summary", None, before, None, title)]


def _version(issue: Issue, _at: datetime, version: Version) -> list[Change]:
    if version.id in issue.versions:
        return []
    issue.versions.append(version.id)
    return [Change("Fix Version", "fixVersions", None, None, str(version.id), version.name)]


def _rank(_issue: Issue, _at: datetime, up: bool) -> list[Change]:
    return [Change("Rank", "customfield_10019", "", "", "", "Ranked higher" if up else "Ranked lower")]


# A sprint, and what the changelog calls all sprints.
Naming = tuple[Sprint, dict[int, str]]


def _enter(issue: Issue, at: datetime, naming: Naming) -> list[Change]:
    sprint, names = naming
    return _sprints(issue, at, [*(one for one in issue.sprints if one != sprint.id), sprint.id], names)


def _leave(issue: Issue, at: datetime, naming: Naming) -> list[Change]:
    sprint, names = naming
    return _sprints(issue, at, [one for one in issue.sprints if one != sprint.id], names)


def _carry(issue: Issue, at: datetime, passing: tuple[Sprint, Sprint, dict[int, str]]) -> list[Change]:
    """From a closed sprint to the next: Jira keeps the closed one in the field. Nothing if it is done or not in it."""
    before, after, names = passing
    if before.id not in issue.sprints or issue.status.category == "done":
        return []
    for stay in issue.stays:
        if stay.sprint == before.id and stay.end is None:
            stay.end = at
    return _sprints(issue, at, [*issue.sprints, after.id], names)


def _sprints(issue: Issue, at: datetime, after: list[int], known: dict[int, str]) -> list[Change]:
    before = issue.sprints
    if before == after:
        return []
    for stay in issue.stays:
        if stay.sprint not in after and stay.end is None:
            stay.end = at
    issue.stays += [Stay(sprint=one, start=at) for one in after if one not in before]
    issue.sprints = after
    ids = [", ".join(str(one) for one in side) for side in (before, after)]
    names = [", ".join(known[one] for one in side) for side in (before, after)]
    return [Change("Sprint", SPRINT_FIELD, ids[0], names[0], ids[1], names[1])]


def _link(issue: Issue, at: datetime, linked: tuple[Link, Issue, str]) -> list[Change]:
    link, other, words = linked
    link.other = other.id
    issue.links.append(link)
    if words == "is blocked by":
        # Closed once the blocking issue is resolved, which only the end of the generation knows.
        issue.blocked.append(Interval(at, at, f"link:{other.id}"))
    return [Change("Link", "issuelinks", None, None, other.key, f"This issue {words} {other.key}")]


def _move(issue: Issue, _at: datetime, target: tuple[str, str, dict[str, tuple[int, str]]]) -> list[Change]:
    product, key, projects = target
    old, old_key = issue.product, issue.key
    issue.product, issue.key = product, key
    issue.former_keys.append(old_key)
    before, after = projects[old], projects[product]
    return [
        Change("project", "project", str(before[0]), before[1], str(after[0]), after[1]),
        Change("Key", "", None, old_key, None, key),
    ]


def _parent(issue: Issue, _at: datetime, parent: Issue) -> list[Change]:
    issue.parent = parent.id
    return [Change("IssueParentAssociation", "parent", None, None, str(parent.id), parent.key)]


_ACTS: dict[str, Any] = {
    "status": _status,
    "resolution": _resolution,
    "assignee": _assignee,
    "points": _points,
    "priority": _priority,
    "flag": _flag,
    "label": _label,
    "text": _text,
    "title": _title,
    "version": _version,
    "rank": _rank,
    "enter": _enter,
    "leave": _leave,
    "carry": _carry,
    "link": _link,
    "move": _move,
    "parent": _parent,
}
