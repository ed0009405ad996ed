"""Pipelines and deployments."""

from datetime import datetime

import msgspec

from ovia_demo.answers.spread import Spread, hours_between, month, share, spread
from ovia_demo.organisation.code_model import Deployment, Organisation


class PipelineHealth(msgspec.Struct, kw_only=True):
    """Pipelines of `main` and of release branches that are over. `success_rate`: passed ÷ (passed + failed).

    `flaky_share`: commits on which one failed and a later one passed ÷ commits on which any passed or failed.
    """

    passed: int
    failed: int
    canceled: int
    success_rate: float | None
    duration_minutes: Spread
    flaky_commits: int
    flaky_share: float | None


class Recovery(msgspec.Struct, kw_only=True):
    """A deployment that failed or led to an incident, and what ended it: a deployment, or the incident's resolution."""

    deployment: int
    incident: str | None
    restored_by: int | None
    hours: float


class Deployments(msgspec.Struct, kw_only=True):
    """Deployments to environments of the tier production that are over; canceled ones do not count.

    `per_day`: successful ones ÷ days. `change_fail_rate`: those that failed or led to an incident ÷ all. `rework_rate`:
    hotfixes and rollbacks ÷ all. `recovery_hours`: from the end of the bad deployment. `change_lead_hours`: for each
    merge request, its first commit to the end of the deployment that brought it to production.
    """

    all: int
    successful: int
    failed: int
    led_to_incident: int
    hotfixes: int
    rollbacks: int
    per_day: float | None
    days_with_one: int
    by_month: dict[str, int]
    change_fail_rate: float | None
    rework_rate: float | None
    recovery_hours: Spread
    recoveries: list[Recovery]
    change_lead_hours: Spread


def pipeline_health(organisation: Organisation) -> PipelineHealth:
    over = [
        one for one in organisation.pipelines
        if (one.ref == "main" or one.ref.startswith("release/")) and not one.tag
        and one.status in ("success", "failed", "canceled")
    ]  # fmt: skip
    told = {name: sum(one.status == name for one in over) for name in ("success", "failed", "canceled")}
    minutes = [
        hours_between(one.started_at, one.finished_at) * 60 for one in over
        if one.started_at is not None and one.finished_at is not None
    ]  # fmt: skip
    commits: dict[tuple[int, str], list[str]] = {}
    for one in over:
        if one.status != "canceled":
            commits.setdefault((one.repository, one.sha), []).append(one.status)
    flaky = sum("success" in runs[runs.index("failed") :] for runs in commits.values() if "failed" in runs)
    return PipelineHealth(
        passed=told["success"],
        failed=told["failed"],
        canceled=told["canceled"],
        success_rate=share(told["success"], told["success"] + told["failed"]),
        duration_minutes=spread(minutes),
        flaky_commits=flaky,
        flaky_share=share(flaky, len(commits)),
    )


def deployments(organisation: Organisation) -> Deployments:
    production = {one.id for one in organisation.environments if one.tier == "production"}
    over = [
        one for one in organisation.deployments if one.environment in production and one.status in ("success", "failed")
    ]
    good = [one for one in over if one.status == "success"]
    bad = [one for one in over if one.status == "failed" or one.incident is not None]
    days = (organisation.until - organisation.start).days
    recoveries = _recoveries(organisation, over, bad)
    reworked = [one for one in over if one.purpose in ("hotfix", "rollback")]
    by_month: dict[str, int] = {}
    for one in good:
        name = month(_end(one))
        by_month[name] = by_month.get(name, 0) + 1
    return Deployments(
        all=len(over),
        successful=len(good),
        failed=sum(one.status == "failed" for one in over),
        led_to_incident=sum(one.incident is not None for one in over),
        hotfixes=sum(one.purpose == "hotfix" for one in over),
        rollbacks=sum(one.purpose == "rollback" for one in over),
        per_day=share(len(good), days),
        days_with_one=len({_end(one).date() for one in good}),
        by_month=by_month,
        change_fail_rate=share(len(bad), len(over)),
        rework_rate=share(len(reworked), len(over)),
        recovery_hours=spread(one.hours for one in recoveries),
        recoveries=recoveries,
        change_lead_hours=spread(_leads(organisation, good)),
    )


def _end(one: Deployment) -> datetime:
    return one.finished_at or one.created_at


def _recoveries(organisation: Organisation, over: list[Deployment], bad: list[Deployment]) -> list[Recovery]:
    issues = {one.id: one for one in organisation.issues}
    found = []
    for one in bad:
        incident = issues[one.incident] if one.incident is not None else None
        if incident is None:
            fixes = [other for other in over if other.environment == one.environment and other.status == "success"
                     and other.created_at > one.created_at][:1]  # fmt: skip
        else:
            fixes = [other for other in over if other.restores == incident.id and other.status == "success"]
        ends: list[tuple[datetime, int | None]] = [(_end(fix), fix.id) for fix in fixes]
        if incident is not None and incident.resolved_at is not None:
            ends.append((incident.resolved_at, None))
        if ends:
            end, by = min(ends, key=lambda pair: pair[0])
            key = None if incident is None else incident.key
            taken = round(hours_between(_end(one), end), 6)
            found.append(Recovery(deployment=one.id, incident=key, restored_by=by, hours=taken))
    return found


def _leads(organisation: Organisation, good: list[Deployment]) -> list[float]:
    made = {one.id: one for one in organisation.merge_requests}
    leads, seen = [], set()
    for one in good:
        for number in one.merge_requests:
            first = min((commit.authored_at for commit in made[number].commits), default=None)
            if number not in seen and first is not None:
                leads.append(hours_between(first, _end(one)))
            seen.add(number)
    return leads
