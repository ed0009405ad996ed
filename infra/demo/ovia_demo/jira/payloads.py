"""Issues and all around them in the words of Jira's REST API, for Cloud (v3) and Data Center (v2)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from ovia_demo import rendering
from ovia_demo.organisation.issue_flow import FLAG_FIELD, POINTS_FIELD, SPRINT_FIELD
from ovia_demo.organisation.model import (
    Account,
    Change,
    Comment,
    History,
    Issue,
    Link,
    Product,
    Sprint,
    Status,
    Text,
    Version,
    Worklog,
)
from ovia_demo.serving import World, atlassian_time, encode, milliseconds

INLINE_HISTORIES, INLINE_PARTS = 40, 20
EPIC_FIELD, TEAM_FIELD = "customfield_10014", "customfield_10001"
ISSUE_TYPES = {"Epic": 10000, "Story": 10001, "Task": 10002, "Sub-task": 10003, "Bug": 10004, "Incident": 10005,
               "Improvement": 10006}  # fmt: skip
_CATEGORIES = {
    "new": (2, "To Do", "blue-gray"),
    "indeterminate": (4, "In Progress", "yellow"),
    "done": (3, "Done", "green"),
}
_PRIORITIES = {"Highest": "1", "High": "2", "Medium": "3", "Low": "4"}
_RESOLUTIONS = {"Done": "10000", "Won't Do": "10001", "Duplicate": "10002"}


class Payloads:
    """Records as one flavour of Jira sends them to clients that reach it at `base`."""

    def __init__(self, world: World, base: str, *, cloud: bool) -> None:
        self.world = world
        self.base = base
        self.cloud = cloud
        self.api = f"{base}/rest/api/{3 if cloud else 2}"
        self._sprints = {one.id: one for one in world.organisation.sprints}
        self._versions = {one.id: one for one in world.organisation.versions}
        self._teams = {one.id: one for one in world.organisation.teams}

    def user(self, account: Account) -> dict[str, Any]:
        shown = {
            "displayName": account.name,
            "active": account.active,
            "timeZone": "Europe/Berlin",
            "avatarUrls": {"48x48": "https://avatars.fernweh.example/48.png"},
        }
        if self.cloud:
            mail = {"emailAddress": account.email} if account.email_shown else {}
            kind = "app" if account.machine else "atlassian"
            link = f"{self.api}/user?accountId={account.external_id}"
            return {"self": link, "accountId": account.external_id, "accountType": kind, **mail, **shown}
        name = account.username or account.data_center_id
        mail = {"emailAddress": account.email or ""} if account.email_shown else {}
        return {
            "self": f"{self.api}/user?username={name}",
            "name": name,
            "key": account.data_center_id,
            **mail,
            **shown,
        }

    def actor(self, actor: str | None, at: datetime | None = None) -> dict[str, Any] | None:
        account = None if actor is None else self.world.account("jira", actor, at) or self.world.account("jira", actor)
        return None if account is None else self.user(account)

    def text(self, text: Text) -> Any:
        def lookup(actor: str) -> Account | None:
            return self.world.account("jira", actor)

        return rendering.document(text, lookup) if self.cloud else rendering.wiki(text, lookup)

    def status(self, status: Status) -> dict[str, Any]:
        number, name, colour = _CATEGORIES[status.category]
        category = {"self": f"{self.api}/statuscategory/{number}", "id": number, "key": status.category,
                    "colorName": colour, "name": name}  # fmt: skip
        return {"self": f"{self.api}/status/{status.id}", "description": "", "name": status.name, "id": str(status.id),
                "statusCategory": category}  # fmt: skip

    def issue_type(self, name: str) -> dict[str, Any]:
        number = ISSUE_TYPES[name]
        level = {"Epic": 1, "Sub-task": -1}.get(name, 0)
        return {"self": f"{self.api}/issuetype/{number}", "id": str(number), "name": name, "description": "",
                "subtask": name == "Sub-task", "hierarchyLevel": level}  # fmt: skip

    def project(self, product: Product, *, full: bool = False) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "self": f"{self.api}/project/{product.id}", "id": str(product.id), "key": product.key, "name": product.name,
            "projectTypeKey": "software", "simplified": False,
        }  # fmt: skip
        if self.cloud:
            shown |= {"style": "classic", "isPrivate": False}
        if full:
            shown |= {"description": f"Everything about {product.name.lower()}.", "lead": self.actor(product.lead)}
            shown |= {"archived": False}
        return shown

    def version(self, version: Version) -> dict[str, Any]:
        return {
            "self": f"{self.api}/version/{version.id}", "id": str(version.id),
            "description": f"Month of {version.name}",
            "name": version.name, "archived": False, "released": version.released,
            "startDate": version.start_at.date().isoformat(), "releaseDate": version.release_at.date().isoformat(),
            "projectId": self.world.products[version.product].id,
        }  # fmt: skip

    def sprint(self, sprint: Sprint) -> dict[str, Any]:
        board = self.world.products[sprint.product].board_id
        shown = {"id": sprint.id, "self": f"{self.base}/rest/agile/1.0/sprint/{sprint.id}", "state": sprint.state,
                 "name": sprint.name, "startDate": _agile(sprint.start_at), "endDate": _agile(sprint.end_at),
                 "originBoardId": board, "goal": sprint.goal}  # fmt: skip
        if sprint.completed_at is not None:
            shown["completeDate"] = _agile(sprint.completed_at)
        return shown

    def _sprint_in_issue(self, number: int) -> Any:
        sprint = self._sprints[number]
        board = self.world.products[sprint.product].board_id
        if self.cloud:
            shown = self.sprint(sprint)
            del shown["self"], shown["originBoardId"]
            return {**shown, "boardId": board}
        closed = "<null>" if sprint.completed_at is None else _agile(sprint.completed_at)
        return (
            f"com.atlassian.greenhopper.service.sprint.Sprint@{sprint.id:x}[id={sprint.id},rapidViewId={board},"
            f"state={sprint.state.upper()},name={sprint.name},startDate={_agile(sprint.start_at)},"
            f"endDate={_agile(sprint.end_at)},completeDate={closed},activatedDate={_agile(sprint.start_at)},"
            f"sequence={sprint.id},goal={sprint.goal},autoStartStop=false]"
        )

    def comment(self, issue: Issue, comment: Comment) -> dict[str, Any]:
        author = self.actor(comment.author, comment.at)
        return {"self": f"{self.api}/issue/{issue.id}/comment/{comment.id}", "id": str(comment.id), "author": author,
                "body": self.text(comment.text), "updateAuthor": author, "created": atlassian_time(comment.at),
                "updated": atlassian_time(comment.updated_at), "jsdPublic": True}  # fmt: skip

    def worklog(self, issue: Issue, worklog: Worklog) -> dict[str, Any]:
        author = self.actor(worklog.author, worklog.created_at)
        hours, minutes = divmod(worklog.seconds // 60, 60)
        comment = rendering_words(worklog.text)
        return {"self": f"{self.api}/issue/{issue.id}/worklog/{worklog.id}", "author": author, "updateAuthor": author,
                **({"comment": self.text(comment)} if comment else {}), "created": atlassian_time(worklog.created_at),
                "updated": atlassian_time(worklog.created_at), "started": atlassian_time(worklog.started_at),
                "timeSpent": f"{hours}h {minutes}m", "timeSpentSeconds": worklog.seconds, "id": str(worklog.id),
                "issueId": str(issue.id)}  # fmt: skip

    def history(self, history: History, *, bulk: bool = False) -> dict[str, Any]:
        created: str | int = atlassian_time(history.at)
        if bulk and history.id % 2 == 0:
            # Both forms are seen in the answers of bulkfetch.
            created = milliseconds(history.at)
        return {"id": str(history.id), "author": self.actor(history.author, history.at), "created": created,
                "items": [self._change(one) for one in history.changes]}  # fmt: skip

    def _change(self, change: Change) -> dict[str, Any]:
        sides = (change.from_value, change.from_text), (change.to_value, change.to_text)
        if change.actors:
            sides = self._side(change.from_value), self._side(change.to_value)
        custom = change.field_id.startswith("customfield_")
        shown = {"field": change.field, "fieldtype": "custom" if custom else "jira", "fieldId": change.field_id}
        if not self.cloud:
            del shown["fieldId"]
        return {**shown, "from": sides[0][0], "fromString": sides[0][1], "to": sides[1][0], "toString": sides[1][1]}

    def _side(self, actor: str | None) -> tuple[str | None, str | None]:
        account = None if actor is None else self.world.account("jira", actor)
        if account is None:
            return None, None
        return (account.external_id if self.cloud else account.data_center_id), account.name

    def issue(self, issue: Issue, fields: Iterable[str] | None = ("*all",), *, changelog: bool = False) -> bytes:
        """One issue with the fields asked for; none at all gives the id alone."""
        wanted = list(fields or ())
        if not wanted or wanted == ["id"]:
            return b'{"id":"%d"}' % issue.id
        parts = [b'{"expand":"","id":"%d","self":"%s/issue/%d","key":"%s"' % (
            issue.id, self.api.encode(), issue.id, issue.key.encode())]  # fmt: skip
        if wanted != ["key"]:
            parts += [b',"fields":', self._selected(issue, wanted)]
        if changelog:
            parts += [b',"changelog":', self._inline_changelog(issue)]
        return b"".join([*parts, b"}"])

    def _selected(self, issue: Issue, wanted: list[str]) -> bytes:
        if "*all" in wanted and len(wanted) == 1:
            return self.world.kept(("issue", issue.id, self.base), lambda: self.fields(issue))
        known = self.fields(issue)
        chosen = set(known) if {"*all", "*navigable"} & set(wanted) else {one for one in wanted if one in known}
        chosen -= {one[1:] for one in wanted if one.startswith("-")}
        return encode({name: value for name, value in known.items() if name in chosen})

    def _inline_changelog(self, issue: Issue) -> bytes:
        # Cloud gives the newest first, and of a long history only so many.
        newest = list(reversed(issue.histories))
        shown = newest[:INLINE_HISTORIES] if self.cloud else issue.histories
        histories = [self.history(one) for one in shown]
        total = len(issue.histories)
        return encode({"startAt": 0, "maxResults": len(shown), "total": total, "histories": histories})

    def fields(self, issue: Issue) -> dict[str, Any]:
        """Every field of the issue, system and custom."""
        world = self.world
        spent = sum(one.seconds for one in issue.worklogs)
        comments = [
            self.comment(issue, one) for one in (issue.comments[:INLINE_PARTS] if self.cloud else issue.comments)
        ]
        worklogs = [self.worklog(issue, one) for one in issue.worklogs[:INLINE_PARTS]]
        parent = None if issue.parent is None else world.issues[issue.parent]
        epic = parent.key if parent is not None and parent.type == "Epic" else None
        flagged = [{"self": f"{self.api}/customFieldOption/10019", "value": "Impediment", "id": "10019"}]
        shown: dict[str, Any] = {
            "issuetype": self.issue_type(issue.type),
            "project": self.project(world.products[issue.product]),
            "summary": issue.title,
            "description": self.text(issue.text),
            "status": self.status(issue.status),
            "resolution": None if issue.resolution is None else {"id": _RESOLUTIONS[issue.resolution],
                                                                 "name": issue.resolution},
            "priority": {"id": _PRIORITIES[issue.priority], "name": issue.priority},
            "reporter": self.actor(issue.reporter),
            "creator": self.actor(issue.creator, issue.created_at),
            "assignee": self.actor(issue.assignee),
            "labels": issue.labels,
            "components": [{"id": str(10300 + len(one)), "name": one} for one in issue.components],
            "fixVersions": [self.version(self._versions[one]) for one in issue.versions],
            "versions": [],
            "issuelinks": [self._link(one) for one in issue.links],
            "subtasks": [],
            "created": atlassian_time(issue.created_at),
            "updated": atlassian_time(issue.updated_at),
            "resolutiondate": None if issue.resolved_at is None else atlassian_time(issue.resolved_at),
            "duedate": issue.due_on,
            "timeoriginalestimate": issue.estimate,
            "timespent": spent or None,
            "comment": {"comments": comments, "self": f"{self.api}/issue/{issue.id}/comment",
                        "maxResults": INLINE_PARTS,
                        "total": len(issue.comments), "startAt": 0},
            "worklog": {"startAt": 0, "maxResults": INLINE_PARTS, "total": len(issue.worklogs), "worklogs": worklogs},
            POINTS_FIELD: issue.points,
            SPRINT_FIELD: [self._sprint_in_issue(one) for one in issue.sprints] or None,
            FLAG_FIELD: flagged if issue.flagged else None,
            EPIC_FIELD: epic,
            TEAM_FIELD: {"id": issue.team, "name": self._teams[issue.team].name, "isVisible": True},
        }  # fmt: skip
        if parent is not None and (self.cloud or parent.type != "Epic"):
            shown["parent"] = self._brief(parent)
        return shown

    def _brief(self, issue: Issue) -> dict[str, Any]:
        inside = {"summary": issue.title, "status": self.status(issue.status), "issuetype": self.issue_type(issue.type)}
        return {"id": str(issue.id), "key": issue.key, "self": f"{self.api}/issue/{issue.id}", "fields": inside}

    def _link(self, link: Link) -> dict[str, Any]:
        words = ("is blocked by", "blocks") if link.type == "Blocks" else ("relates to", "relates to")
        kind = {
            "id": "10000" if link.type == "Blocks" else "10003",
            "name": link.type,
            "inward": words[0],
            "outward": words[1],
        }
        side = "inwardIssue" if link.inward else "outwardIssue"
        return {"id": str(link.id), "self": f"{self.api}/issueLink/{link.id}", "type": kind,
                side: self._brief(self.world.issues[link.other])}  # fmt: skip


def rendering_words(text: str) -> Text:
    """A plain sentence as a text of one paragraph."""
    from ovia_demo.organisation.model import Block

    return (Block("p", text),) if text else ()


def _agile(moment: datetime) -> str:
    return (moment + timedelta(0)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
