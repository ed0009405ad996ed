"""How many records of each kind each source holds."""

from ovia_demo.jira.fields import fields
from ovia_demo.organisation.code_model import Organisation
from ovia_demo.organisation.model import Machine, Person


def counts(organisation: Organisation) -> dict[str, dict[str, int]]:
    """Kinds are called as their API calls them. GitLab's `tags` include those that releases are made of."""
    return {"jira": _jira(organisation), "gitlab": _gitlab(organisation), "confluence": _confluence(organisation)}


def _users(organisation: Organisation, source: str) -> int:
    """Those that a list of users shows: former users are not on it."""
    actors: list[Person | Machine] = [*organisation.people, *organisation.machines]
    return len({one.external_id for actor in actors for one in actor.accounts
                if one.source == source and one.name != "Former user"})  # fmt: skip


def _jira(organisation: Organisation) -> dict[str, int]:
    issues = organisation.issues
    statuses = {
        status.id for one in organisation.products
        for status in (one.workflow.todo, one.workflow.doing, one.workflow.review, one.workflow.done,
                       one.workflow.blocked)
        if status is not None
    }  # fmt: skip
    return {
        "users": _users(organisation, "jira"),
        "projects": len(organisation.products),
        "boards": len(organisation.products),
        "sprints": len(organisation.sprints),
        "versions": len(organisation.versions),
        "fields": len(fields()),
        "statuses": len(statuses),
        "issues": len(issues),
        "moved_issues": sum(bool(one.former_keys) for one in issues),
        "histories": sum(len(one.histories) for one in issues),
        "history_items": sum(len(entry.changes) for one in issues for entry in one.histories),
        "comments": sum(len(one.comments) for one in issues),
        "worklogs": sum(len(one.worklogs) for one in issues),
        "links": sum(len(one.links) for one in issues),
    }


def _gitlab(organisation: Organisation) -> dict[str, int]:
    made = organisation.merge_requests
    return {
        "users": _users(organisation, "gitlab"),
        "groups": len(organisation.groups),
        "projects": len(organisation.repositories),
        "merge_requests": len(made),
        "notes": sum(not note.system for one in made for note in one.notes),
        "system_notes": sum(note.system for one in made for note in one.notes),
        "approvals": sum(len(one.approvals) for one in made),
        "merge_request_commits": sum(len(one.commits) for one in made),
        "changed_files": sum(len(one.files) for one in made),
        "pipelines": len(organisation.pipelines),
        "jobs": sum(len(one.jobs) for one in organisation.pipelines),
        "environments": len(organisation.environments),
        "deployments": len(organisation.deployments),
        "releases": sum(not one.bare for one in organisation.releases),
        "tags": len(organisation.releases),
        "issues": len(organisation.tickets),
    }


def _confluence(organisation: Organisation) -> dict[str, int]:
    pages = organisation.pages
    comments = [comment for one in pages for comment in one.comments]
    return {
        "users": _users(organisation, "confluence"),
        "spaces": len(organisation.products),
        "pages": sum(one.kind == "page" for one in pages),
        "blogposts": sum(one.kind == "blogpost" for one in pages),
        "versions": sum(len(one.versions) for one in pages),
        "footer_comments": sum(not one.inline for one in comments),
        "inline_comments": sum(one.inline for one in comments),
        "replies": sum(one.parent is not None for one in comments),
    }
