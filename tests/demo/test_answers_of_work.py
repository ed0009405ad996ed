"""Each KPI of work items and sprints once more in another way: from what Jira tells, by brute force."""

from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

import pytest

from ovia_demo.answers import Answers
from ovia_demo.organisation import Organisation
from ovia_demo.organisation.model import Issue
from tests.demo.by_hand import DAY, HOUR, MONTH, OCTOBER, SEPTEMBER, category_on, entries, in_september, near, ninth


@pytest.fixture(scope="module")
def done_in_september(fernweh: Organisation) -> list[tuple[Issue, datetime]]:
    found = []
    for issue in fernweh.issues:
        times = [one for one in entries(fernweh, issue, "done") if one < OCTOBER]
        if times and times[-1] >= SEPTEMBER and category_on(fernweh, issue, OCTOBER) == "done":
            found.append((issue, times[-1]))
    return found


def test_throughput(fernweh: Organisation, known: Answers, done_in_september: list[tuple[Issue, datetime]]) -> None:
    merged = [one for one in fernweh.merge_requests if in_september(one.merged_at)]
    told = known.find("throughput.merge_requests", window=MONTH)
    assert told.n == len(merged)
    assert told.values["bug"] == sum(one.labels in (["bug"], ["hotfix"]) for one in merged)
    sky = [issue for issue, _ in done_in_september if issue.product == "SKY"]
    there = {one.id for one in fernweh.repositories if one.product == "SKY"}
    closed = [one for one in fernweh.tickets if one.repository in there and in_september(one.closed_at)]
    told = known.find("throughput.work_items", "product", "SKY", MONTH)
    assert told.n == len(sky) + len(closed)
    by_label = sum(one.type == "Task" and "defect" in one.labels for one in sky) + sum(
        bool(one.labels) for one in closed
    )
    assert told.values["bug"] == sum(one.type == "Bug" for one in sky) + by_label


def test_lead_and_cycle_times(
    fernweh: Organisation, known: Answers, done_in_september: list[tuple[Issue, datetime]]
) -> None:
    gliders = [(issue, at) for issue, at in done_in_september if issue.product == "GLD"]
    there = {one.id for one in fernweh.repositories if one.product == "GLD"}
    leads = [(at - issue.created_at) / HOUR for issue, at in gliders]
    for ticket in fernweh.tickets:
        closed = ticket.closed_at
        leads += [(closed - ticket.created_at) / HOUR] if ticket.repository in there and in_september(closed) else []
    assert known.find("work_item.lead_hours", "product", "GLD", MONTH).values["p50"] == near(median(leads))
    starts = [(entries(fernweh, issue, "indeterminate"), at) for issue, at in gliders]
    cycles = [(at - times[0]) / HOUR for times, at in starts if times and times[0] <= at]
    told = known.find("work_item.cycle_hours", "product", "GLD", MONTH)
    assert (told.n, told.values["p90"]) == (len(cycles), near(ninth(cycles)))


def blocked_on(organisation: Organisation, issue: Issue, moment: datetime) -> bool:
    if category_on(organisation, issue, moment) in (None, "done"):
        return False
    flag, status = False, issue.steps[0].status.name
    waits = False
    keys = {key: one for one in organisation.issues for key in (one.key, *one.former_keys)}
    for entry in issue.histories:
        for change in entry.changes:
            if entry.at >= moment:
                continue
            if change.field == "Flagged":
                flag = change.to_text == "Impediment"
            elif change.field == "status":
                status = change.to_text or ""
            elif change.field == "Link" and "is blocked by" in (change.to_text or ""):
                waits = waits or category_on(organisation, keys[change.to_value or ""], moment) != "done"
    return flag or status == "Blocked" or waits


def test_what_is_under_way_or_held_up(fernweh: Organisation, known: Answers) -> None:
    there = [one for one in fernweh.issues if one.product == "OPS"]
    started = [one for one in there if category_on(fernweh, one, OCTOBER) == "indeterminate"]
    assert known.find("flow.wip", "product", "OPS", MONTH).values["count"] == len(started) > 0
    ages = [(OCTOBER - entries(fernweh, one, "indeterminate")[0]) / HOUR for one in started]
    assert known.find("flow.aging", "product", "OPS", MONTH).values["p50"] == near(median(ages))
    held = [one for one in fernweh.issues if blocked_on(fernweh, one, fernweh.until)]
    told = known.find("blockers.open")
    assert told.n == len(held) > 1
    ages = []
    for one in held:
        since = fernweh.until
        while blocked_on(fernweh, one, since):
            since -= timedelta(minutes=30)
        ages.append((fernweh.until - since) / DAY)
    assert known.find("blockers.age_days").values["max"] == pytest.approx(max(ages), abs=0.5 / 24)
    assert known.find("blockers.age_days").values["p50"] == pytest.approx(median(ages), abs=0.5 / 24)


def test_old_items_are_held_against_the_cycle_times_of_the_ninety_days_before(
    fernweh: Organisation, known: Answers
) -> None:
    end, cycles = fernweh.until, []
    for issue in fernweh.issues:
        times = entries(fernweh, issue, "done")
        starts = entries(fernweh, issue, "indeterminate")
        if times and times[-1] >= end - 90 * DAY and issue.status.category == "done" and starts:
            cycles.append((times[-1] - starts[0]) / HOUR)
    limit = median([one for one in cycles if one >= 0])
    started = [one for one in fernweh.issues if one.status.category == "indeterminate"]
    over = sum((end - entries(fernweh, one, "indeterminate")[0]) / HOUR > limit for one in started)
    assert known.find("flow.aging").values["over_p50"] == over > 0


def test_efficiency(fernweh: Organisation, known: Answers, done_in_september: list[tuple[Issue, datetime]]) -> None:
    active = waiting = timedelta(0)
    for issue, end in done_in_september:
        starts = entries(fernweh, issue, "indeterminate")
        if issue.product != "SKY" or not starts or starts[0] > end:
            continue
        moments = {starts[0], end}
        for other in [issue, *(one for one in fernweh.issues if one.id in {link.other for link in issue.links})]:
            moments |= {one.at for one in other.histories}
        inside = sorted(one for one in moments if starts[0] <= one <= end)
        for before, after in pairwise(inside):
            middle = before + (after - before) / 2
            category = category_on(fernweh, issue, middle)
            if category == "new" or blocked_on(fernweh, issue, middle):
                waiting += after - before
            elif category == "indeterminate":
                active += after - before
    told = known.find("flow.efficiency", "product", "SKY", MONTH).values["share"]
    assert told == near(active / (active + waiting))
    assert waiting


def test_sprints(fernweh: Organisation, known: Answers) -> None:
    """From the field Sprint in the changelog. Jira leaves closed sprints in it."""

    def holds(issue: Issue, moment: datetime, sprint: int) -> bool:
        value = ", ".join(str(one) for one in issue.sprints)
        for entry in reversed(issue.histories):
            for change in entry.changes:
                if entry.at > moment and change.field == "Sprint":
                    value = change.from_value or ""
        return issue.created_at <= moment and str(sprint) in value.split(", ")

    committed = added = removed = planned = scope = done = 0
    for sprint in fernweh.sprints:
        close = sprint.completed_at
        if sprint.product != "SKY" or close is None or not in_september(close):
            continue
        instant = timedelta(microseconds=1)
        for issue in fernweh.issues:
            if issue.product != "SKY":
                continue
            inside = [holds(issue, sprint.start_at, sprint.id)]
            times = [one.at for one in issue.histories if sprint.start_at < one.at < close]
            inside += [holds(issue, one, sprint.id) for one in times]
            late = sprint.start_at < issue.created_at < close and holds(issue, issue.created_at, sprint.id)
            came = late or (False, True) in pairwise(inside)
            here = holds(issue, close - instant, sprint.id)
            committed += inside[0]
            added += came
            removed += (True, False) in pairwise(inside)
            planned += inside[0] or came
            scope += here
            done += here and category_on(fernweh, issue, close) == "done"
    told = {
        name: known.find(f"sprint.{name}", "product", "SKY", MONTH)
        for name in ("completion", "spillover", "scope_change")
    }
    assert (told["completion"].n, told["spillover"].n, told["scope_change"].n) == (planned, scope, committed)
    assert told["completion"].values["share"] == near(done / planned)
    assert told["spillover"].values["share"] == near((scope - done) / scope)
    assert told["scope_change"].values["share"] == near((added + removed) / committed)
