"""Which streams of which sources each kind of fact is derived from."""

from collections.abc import Iterable
from typing import NamedTuple


class Needed(NamedTuple):
    """A stream by kind of source; `by_project`: it is read once for each project."""

    source: str
    stream: str
    by_project: bool


def _root(source: str, *streams: str) -> frozenset[Needed]:
    return frozenset(Needed(source, stream, by_project=False) for stream in streams)


def _each(source: str, *streams: str) -> frozenset[Needed]:
    return frozenset(Needed(source, stream, by_project=True) for stream in streams)


_GITLAB = _root("gitlab", "projects", "users")
_ISSUES = _root("jira", "fields", "statuses", "projects", "users") | _each("jira", "issues") | _each("gitlab", "issues")
# Where nothing is deployed, releases and tags tell what reached users.
_DEPLOYED = _each("gitlab", "merge_requests", "deployments", "environments", "releases", "tags")
_BY_SUBJECT = {
    "merge_request": _GITLAB | _each("gitlab", "merge_requests"),
    "change": _GITLAB | _DEPLOYED,
    "work_item": _GITLAB | _ISSUES,
    "sprint": _ISSUES | _root("jira", "sprints"),
    "pipeline": _GITLAB | _each("gitlab", "pipelines"),
    "deployment": _GITLAB | _ISSUES | _DEPLOYED,
    "identity": _root("jira", "users") | _root("gitlab", "users") | _root("confluence", "users"),
}
_BY_KIND = {"merge_request.deployed": _BY_SUBJECT["change"]}
ALL = frozenset().union(*_BY_SUBJECT.values())


def needed_by(kinds: Iterable[str]) -> frozenset[Needed]:
    """The streams behind these kinds of facts; all there are for a kind that is not known."""
    return frozenset().union(*(_BY_KIND.get(kind) or _BY_SUBJECT.get(kind.partition(".")[0], ALL) for kind in kinds))
