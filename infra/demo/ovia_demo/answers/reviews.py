"""Reviews and the parts of a merge request's way to production."""

from datetime import datetime

import msgspec

from ovia_demo.answers.spread import Spread, hours_between, month, spread
from ovia_demo.organisation.code_model import MergeRequest, Organisation


class Reviews(msgspec.Struct, kw_only=True):
    """`first_response_hours`: from ready for review to the first comment, approval or request for changes of a human
    who is not the author. `by_month` is by the month of the response. `waiting`: open and ready, without a response.
    `duration_hours`: first response to merge, of those merged."""

    first_response_hours: Spread
    by_month: dict[str, Spread]
    waiting: int
    duration_hours: Spread


class Cycle(msgspec.Struct, kw_only=True):
    """Of merged merge requests, each part over those that have it. Coding: first commit authored to ready. Pickup: to
    the first response. Review: to the merge. Deploy: to the end of the first successful production deployment that
    contains it. Whole: first commit authored to that end. `lines`: added and removed."""

    coding_hours: Spread
    pickup_hours: Spread
    review_hours: Spread
    deploy_hours: Spread
    whole_hours: Spread
    lines: Spread
    closed_without_merge: int
    open: int


def first_responses(organisation: Organisation) -> Reviews:
    responses: list[tuple[str, float]] = []
    durations = []
    for one in organisation.merge_requests:
        if one.ready_at is None or one.first_response_at is None:
            continue
        responses.append((month(one.first_response_at), hours_between(one.ready_at, one.first_response_at)))
        if one.merged_at is not None and one.merged_at >= one.first_response_at:
            durations.append(hours_between(one.first_response_at, one.merged_at))
    months = sorted({name for name, _ in responses})
    return Reviews(
        first_response_hours=spread(value for _, value in responses),
        by_month={name: spread(value for here, value in responses if here == name) for name in months},
        waiting=sum(_waits(one) for one in organisation.merge_requests),
        duration_hours=spread(durations),
    )


def _waits(one: MergeRequest) -> bool:
    return one.state == "opened" and not one.draft and one.ready_at is not None and one.first_response_at is None


def cycle(organisation: Organisation) -> Cycle:
    production = {one.id for one in organisation.environments if one.tier == "production"}
    shipped: dict[int, datetime | None] = {}
    for deployment in organisation.deployments:
        if deployment.environment in production and deployment.status == "success":
            for number in deployment.merge_requests:
                shipped.setdefault(number, deployment.finished_at)
    parts: dict[str, list[float]] = {name: [] for name in ("coding", "pickup", "review", "deploy", "whole")}
    lines = []
    for one in organisation.merge_requests:
        if one.merged_at is None:
            continue
        lines.append(float(sum(file.added + file.removed for file in one.files)))
        first = min((commit.authored_at for commit in one.commits), default=None)
        ends = {"coding": (first, one.ready_at), "pickup": (one.ready_at, one.first_response_at),
                "review": (one.first_response_at, one.merged_at), "deploy": (one.merged_at, shipped.get(one.id)),
                "whole": (first, shipped.get(one.id))}  # fmt: skip
        for name, (start, end) in ends.items():
            if start is not None and end is not None and end >= start:
                parts[name].append(hours_between(start, end))
    return Cycle(
        coding_hours=spread(parts["coding"]),
        pickup_hours=spread(parts["pickup"]),
        review_hours=spread(parts["review"]),
        deploy_hours=spread(parts["deploy"]),
        whole_hours=spread(parts["whole"]),
        lines=spread(lines),
        closed_without_merge=sum(one.state == "closed" for one in organisation.merge_requests),
        open=sum(one.state == "opened" for one in organisation.merge_requests),
    )
