"""Work items and merge requests through time: how many are done, how long they take, what blocks them."""

from datetime import datetime

import msgspec

from ovia_demo.answers.spread import Spread, hours_between, month, spread
from ovia_demo.organisation.code_model import Organisation
from ovia_demo.organisation.model import Issue

_CLASSES = {"Bug": "bug", "Story": "feature", "Epic": "feature", "Improvement": "feature"}


class Throughput(msgspec.Struct, kw_only=True):
    """One month. `work_items` entered a done status in it and are done at its end; `classes` divides them."""

    month: str
    merge_requests: int
    merge_requests_by_people: int
    work_items: int
    classes: dict[str, int]


class WorkItems(msgspec.Struct, kw_only=True):
    """`cycle_hours`: first in-progress status to the last entry into done, for items done at the end that were ever in
    progress. `lead_hours`: creation to that entry. `in_progress`: keys of those in progress at the end."""

    done: int
    cycle_hours: Spread
    lead_hours: Spread
    in_progress: list[str]


class Blocker(msgspec.Struct, kw_only=True):
    """An item that is blocked at the end, since the beginning of its current interval. Reasons: flag, status, link."""

    key: str
    since: datetime
    age_days: float
    reasons: list[str]


def throughput(organisation: Organisation) -> list[Throughput]:
    merged = [one for one in organisation.merge_requests if one.merged_at is not None]
    months = sorted({month(one.merged_at) for one in merged if one.merged_at} | _months(organisation))
    ends = {name: _end(name, organisation.until) for name in months}
    values = []
    for name in months:
        here = [one for one in merged if one.merged_at is not None and month(one.merged_at) == name]
        done = [one for one in organisation.issues if _done_in(one, name, ends[name])]
        classes = {
            kind: sum(_CLASSES.get(one.type, "chore") == kind for one in done) for kind in ("bug", "feature", "chore")
        }
        people = sum(not one.author.startswith("m-") for one in here)
        values.append(
            Throughput(
                month=name,
                merge_requests=len(here),
                merge_requests_by_people=people,
                work_items=len(done),
                classes=classes,
            )
        )
    return values


def _months(organisation: Organisation) -> set[str]:
    return {month(step.at) for one in organisation.issues for step in one.steps if step.status.category == "done"}


def _end(name: str, until: datetime) -> datetime:
    year, number = (int(part) for part in name.split("-"))
    following = until.replace(
        year=year + number // 12, month=number % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0
    )
    return min(following, until)


def category_at(issue: Issue, moment: datetime) -> str | None:
    """The category of the status the issue was in just before; None before it was created."""
    found = None
    for step in issue.steps:
        if step.at < moment:
            found = step.status.category
    return found


def entered_done(issue: Issue, before: datetime) -> datetime | None:
    """When it last came from another category into done."""
    found, previous = None, None
    for step in issue.steps:
        if step.at >= before:
            break
        if step.status.category == "done" and previous != "done":
            found = step.at
        previous = step.status.category
    return found


def _done_in(issue: Issue, name: str, end: datetime) -> bool:
    at = entered_done(issue, end)
    return at is not None and month(at) == name and category_at(issue, end) == "done"


def work_items(organisation: Organisation) -> WorkItems:
    cycles, leads = [], []
    for issue in organisation.issues:
        done = entered_done(issue, organisation.until)
        if done is None or issue.status.category != "done":
            continue
        leads.append(hours_between(issue.created_at, done))
        started = next((step.at for step in issue.steps if step.status.category == "indeterminate"), None)
        if started is not None and started <= done:
            cycles.append(hours_between(started, done))
    active = [one.key for one in organisation.issues if one.status.category == "indeterminate"]
    return WorkItems(done=len(leads), cycle_hours=spread(cycles), lead_hours=spread(leads), in_progress=active)


def blockers(organisation: Organisation) -> list[Blocker]:
    """Intervals that overlap are one."""
    found = []
    for issue in organisation.issues:
        current = [one for one in issue.blocked if one.end is None]
        if not current or issue.status.category == "done":
            continue
        since = min(one.start for one in current)
        for earlier in sorted(issue.blocked, key=lambda one: one.start, reverse=True):
            if earlier.end is not None and earlier.start < since <= earlier.end:
                since = earlier.start
        age = hours_between(since, organisation.until) / 24
        reasons = sorted({one.reason.split(":")[0] for one in current})
        found.append(Blocker(key=issue.key, since=since, age_days=round(age, 6), reasons=reasons))
    return found
