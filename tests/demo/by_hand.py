"""What it takes to work values out by brute force, from what Jira and GitLab tell."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import TypeGuard

import pytest

from ovia_demo.organisation import Organisation
from ovia_demo.organisation.model import Issue

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEPTEMBER, OCTOBER = (datetime(2026, month, 1, tzinfo=UTC) for month in (9, 10))
MONTH = "2026-09"


def near(value: float | None) -> object:
    assert value is not None
    return pytest.approx(value, rel=1e-9)


def ninth(values: Iterable[float]) -> float:
    return quantiles(values, n=10, method="inclusive")[8]


def in_september(moment: datetime | None) -> TypeGuard[datetime]:
    return moment is not None and SEPTEMBER <= moment < OCTOBER


def category_on(organisation: Organisation, issue: Issue, moment: datetime) -> str | None:
    """By the changelog, read backwards from what the status is today."""
    names = {}
    for one in organisation.products:
        flow = one.workflow
        for status in (flow.todo, flow.doing, flow.review, flow.done, flow.blocked):
            if status is not None:
                names[str(status.id)] = status.category
    if issue.created_at >= moment:
        return None
    held = str(issue.status.id)
    for entry in reversed(issue.histories):
        for change in reversed(entry.changes):
            if entry.at >= moment and change.field == "status" and change.from_value is not None:
                held = change.from_value
    return names[held]


def entries(organisation: Organisation, issue: Issue, category: str) -> list[datetime]:
    """When it came into the category from another one."""
    instants = sorted({issue.created_at, *(one.at for one in issue.histories)})
    tick = timedelta(microseconds=1)
    return [
        one for one in instants
        if category_on(organisation, issue, one + tick) == category != category_on(organisation, issue, one)
    ]  # fmt: skip
