"""Work items through time: which category they were in when, and when something blocked them."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from ovia_demo.organisation.code_model import Organisation, Ticket
from ovia_demo.organisation.model import Issue

TODO, IN_PROGRESS, DONE = "todo", "in_progress", "done"
_CATEGORIES = {"new": TODO, "indeterminate": IN_PROGRESS, "done": DONE}
# The one workflow that has a status for it calls it so.
BLOCKED_STATUS = "Blocked"


class Stretch(msgspec.Struct, frozen=True):
    """From `start` until it changed (None: it still holds) the item was in one category."""

    start: datetime
    until: datetime | None
    category: str


class Blocked(msgspec.Struct, frozen=True):
    """From `start` until `until` (None: still) something held the item up, without a gap."""

    start: datetime
    until: datetime | None


class Item(msgspec.Struct, kw_only=True):
    """An issue of Jira or GitLab. `actor` is whom it is assigned to at the end, `product` where it is at the end."""

    id: int
    key: str
    keys: frozenset[str]
    type: str
    labels: list[str]
    product: str
    actor: str | None
    created_at: datetime
    stretches: list[Stretch]
    blocked: list[Blocked]

    def category_before(self, moment: datetime) -> str | None:
        """None before it was created."""
        found = None
        for one in self.stretches:
            if one.start < moment:
                found = one.category
        return found

    def first_started(self) -> datetime | None:
        """When it was in progress for the first time."""
        return next((one.start for one in self.stretches if one.category == IN_PROGRESS), None)

    def incident(self) -> bool:
        return self.type == "Incident" or "incident" in self.labels


def items(organisation: Organisation) -> list[Item]:
    """All of them, those of Jira first."""
    known = {one.id: _stretches(one) for one in organisation.issues}
    places = {one.id: one for one in organisation.repositories}
    found = [
        Item(
            id=one.id, key=one.key, keys=frozenset([one.key, *one.former_keys]), type=one.type, labels=one.labels,
            product=one.product, actor=one.assignee, created_at=one.created_at, stretches=known[one.id],
            blocked=_blocked(one, known),
        )
        for one in organisation.issues
    ]  # fmt: skip
    for ticket in organisation.tickets:
        place = places[ticket.repository]
        key = f"{place.path}#{ticket.iid}"
        found.append(
            Item(
                id=ticket.id, key=key, keys=frozenset([key]), type="issue", labels=ticket.labels, product=place.product,
                actor=ticket.assignees[0] if ticket.assignees else None, created_at=ticket.created_at,
                stretches=_of_ticket(ticket), blocked=[],
            )
        )  # fmt: skip
    return found


def _stretches(issue: Issue) -> list[Stretch]:
    merged: list[tuple[datetime, str]] = []
    for step in issue.steps:
        category = _CATEGORIES[step.status.category]
        if not merged or merged[-1][1] != category:
            merged.append((step.at, category))
    ends: list[datetime | None] = [at for at, _ in merged[1:]]
    return [Stretch(at, end, category) for (at, category), end in zip(merged, [*ends, None], strict=True)]


def _of_ticket(ticket: Ticket) -> list[Stretch]:
    opened = Stretch(ticket.created_at, ticket.closed_at, TODO)
    return [opened] if ticket.closed_at is None else [opened, Stretch(ticket.closed_at, None, DONE)]


def at(stretches: list[Stretch], moment: datetime) -> str | None:
    """The category from this moment on; None before there was any."""
    found = None
    for one in stretches:
        if one.start <= moment:
            found = one.category
    return found


def _blocked(issue: Issue, known: dict[int, list[Stretch]]) -> list[Blocked]:
    """While it is not done: flagged, in the status for it, or waiting for another item that is not done."""
    flags = [
        (entry.at, bool(change.to_text)) for entry in issue.histories for change in entry.changes
        if change.field == "Flagged"
    ]  # fmt: skip
    links = [(one.at, known[one.other]) for one in issue.links if one.type == "Blocks" and one.inward]
    moments = {step.at for step in issue.steps} | {moment for moment, _ in flags} | {moment for moment, _ in links}
    moments |= {one.start for _, other in links for one in other}

    def holds(moment: datetime) -> bool:
        if at(known[issue.id], moment) in (None, DONE):
            return False
        status = [step.status.name for step in issue.steps if step.at <= moment][-1]
        raised = [up for when, up in flags if when <= moment][-1:]
        waits = any(when <= moment and at(other, moment) not in (None, DONE) for when, other in links)
        return status == BLOCKED_STATUS or raised == [True] or waits

    return list(_merged([(moment, holds(moment)) for moment in sorted(moments)]))


def _merged(states: list[tuple[datetime, bool]]) -> Iterator[Blocked]:
    start: datetime | None = None
    for moment, holds in states:
        if holds and start is None:
            start = moment
        elif not holds and start is not None:
            yield Blocked(start, moment)
            start = None
    if start is not None:
        yield Blocked(start, None)


def overlap(start: datetime, end: datetime, one: Stretch | Blocked) -> tuple[datetime, datetime] | None:
    """The part of an interval that lies within a time; None if there is none."""
    begin, finish = max(start, one.start), end if one.until is None else min(end, one.until)
    return (begin, finish) if begin < finish else None
