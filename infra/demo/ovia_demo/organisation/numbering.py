"""Ids and keys in the order of time, as a server would have given them."""

from datetime import datetime, timedelta

from ovia_demo.organisation.code_model import Organisation
from ovia_demo.organisation.issue_flow import Flow
from ovia_demo.organisation.model import Comment, History, Interval, Issue, Link, Worklog

FIRST_ISSUE, FIRST_HISTORY, FIRST_COMMENT, FIRST_WORKLOG, FIRST_LINK = 10_001, 50_001, 20_001, 30_001, 70_001


def number_issues(organisation: Organisation, flows: list[Flow]) -> None:
    """Ids by creation; keys by creation and by moves, which take the next number of the other project."""
    flows.sort(key=lambda flow: flow.issue.created_at)
    for number, flow in enumerate(flows):
        flow.issue.id = FIRST_ISSUE + number
    for flow in flows:
        if flow.parent is not None:
            flow.issue.parent = flow.parent.id
    claims = [(flow.issue.created_at, flow.issue.id, flow.issue.product, flow, False) for flow in flows]
    claims += [
        (flow.moves_at, flow.issue.id, flow.moves_to, flow, True)
        for flow in flows
        if flow.moves_at is not None and flow.moves_to is not None and flow.moves_at <= organisation.until
    ]
    claims.sort(key=lambda claim: claim[:2])
    used: dict[str, int] = {}
    for _, _, product, flow, moving in claims:
        used[product] = used.get(product, 0) + 1
        key = f"{product}-{used[product]}"
        if moving:
            flow.new_key = key
        else:
            flow.issue.key = key
    _plan_moves(organisation, flows)


def _plan_moves(organisation: Organisation, flows: list[Flow]) -> None:
    projects = {product.key: (product.id, product.name) for product in organisation.products}
    products = {product.key: product for product in organisation.products}
    for flow in flows:
        if flow.moves_at is None or flow.moves_to is None or not flow.new_key:
            continue
        target = products[flow.moves_to]
        move = ("move", (flow.moves_to, flow.new_key, projects))
        flow.add(flow.moves_at, target.lead, move, ("status", target.workflow.todo))


def number_parts(organisation: Organisation) -> None:
    """Ids of histories, comments, worklogs and links, each in the order of time through all issues."""
    issues = organisation.issues
    numbered: list[tuple[int, list[tuple[datetime, int, History | Comment | Worklog | Link]]]] = [
        (FIRST_HISTORY, [(one.at, issue.id, one) for issue in issues for one in issue.histories]),
        (FIRST_COMMENT, [(one.at, issue.id, one) for issue in issues for one in issue.comments]),
        (FIRST_WORKLOG, [(one.created_at, issue.id, one) for issue in issues for one in issue.worklogs]),
        (FIRST_LINK, [(one.at, issue.id, one) for issue in issues for one in issue.links]),
    ]
    for first, parts in numbered:
        for number, (_, _, part) in enumerate(sorted(parts, key=lambda part: part[:2])):
            part.id = first + number


def close_blocks(organisation: Organisation) -> None:
    """A link blocks until the other issue is resolved; a status, while it is held; and nothing once done itself."""
    known = {issue.id: issue for issue in organisation.issues}
    for issue in organisation.issues:
        intervals = [_until_resolved(issue, one, known) for one in issue.blocked]
        for here, after in zip(issue.steps, [*issue.steps[1:], None], strict=True):
            if here.status.name == "Blocked":
                intervals.append(Interval(here.at, after.at if after else None, "status"))
        issue.blocked = [one for one in intervals if one.end is None or one.end > one.start + timedelta(0)]


def _until_resolved(issue: Issue, interval: Interval, known: dict[int, Issue]) -> Interval:
    if not interval.reason.startswith("link:"):
        return interval
    ends = [one.resolved_at for one in (issue, known[int(interval.reason[5:])]) if one.resolved_at is not None]
    return Interval(interval.start, min(ends, default=None), interval.reason)
