"""Deployments: staging after every merge, production every few days; failures, incidents, hotfixes and rollbacks."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from ovia_demo.organisation.authors import sha
from ovia_demo.organisation.code_model import Deployment, MergeRequest, Organisation, Pipeline
from ovia_demo.organisation.model import Issue, Repository
from ovia_demo.organisation.pipelines import landed
from ovia_demo.organisation.times import later, office, whole

DEPLOYER = "m-05"
FIRST_DEPLOYMENT = 3_001


@dataclass
class _Action:
    at: datetime
    purpose: str
    incident: Issue | None = None


@dataclass
class _Line:
    """The state of one repository's production while its history is made."""

    merged: list[MergeRequest]
    environment: int
    current: str
    previous: str
    shipped: int = 0
    made: list[Deployment] = field(default_factory=list)


def make_deployments(seed: str, organisation: Organisation) -> None:
    """All deployments, numbered by creation."""
    incidents: dict[int, list[Issue]] = {}
    for issue in organisation.issues:
        if issue.type == "Incident" and issue.repository is not None:
            incidents.setdefault(issue.repository, []).append(issue)
    merged: dict[int, list[MergeRequest]] = {}
    for one in organisation.merge_requests:
        if one.merged_at is not None and one.target_branch == "main":
            merged.setdefault(one.repository, []).append(one)
    made: list[Deployment] = []
    for repository in organisation.repositories:
        rng = Random(f"{seed}/deployments/{repository.path}")
        landings = sorted(merged.get(repository.id, []), key=lambda one: (one.merged_at or one.created_at, one.id))
        made += _production(rng, organisation, repository, landings, incidents.get(repository.id, []))
    made += _staging(Random(f"{seed}/staging"), organisation)
    made.sort(key=lambda one: (one.created_at, one.environment))
    used: dict[int, int] = {}
    for number, deployment in enumerate(made):
        used[deployment.repository] = used.get(deployment.repository, 0) + 1
        deployment.id, deployment.iid = FIRST_DEPLOYMENT + number, used[deployment.repository]
    organisation.deployments = made


def _production(
    rng: Random,
    organisation: Organisation,
    repository: Repository,
    landings: list[MergeRequest],
    incidents: list[Issue],
) -> list[Deployment]:
    environment = next(
        one.id for one in organisation.environments if one.repository == repository.id and one.tier == "production"
    )
    begin = sha("begin", repository.path)
    line = _Line(landings, environment, begin, begin)
    _begin(organisation, repository, line)
    for action in _actions(rng, organisation, landings, incidents):
        if action.at <= organisation.until:
            _act(rng, organisation, repository, line, action)
    return line.made


def _actions(
    rng: Random, organisation: Organisation, landings: list[MergeRequest], incidents: list[Issue]
) -> list[_Action]:  # fmt: skip
    actions: list[_Action] = []
    busy: list[tuple[datetime, datetime]] = []
    for issue in sorted(incidents, key=lambda one: one.created_at):
        cause = later(rng, issue.created_at, -5, -0.4)
        end = issue.resolved_at
        if busy and cause < busy[-1][1]:
            continue
        actions.append(_Action(cause, "regular", issue))
        if end is not None:
            fix = next((one for one in landings if one.hotfix and issue.id in one.issues and one.merged_at), None)
            after = fix.merged_at if fix is not None and fix.merged_at is not None else end - timedelta(minutes=20)
            at = later(rng, after, 0.01, 0.04) if after >= end else after + (end - after) * rng.uniform(0.2, 0.8)
            actions.append(_Action(whole(at), "hotfix" if fix is not None else "rollback", issue))
        busy.append((cause - timedelta(hours=2), (end or organisation.until) + timedelta(hours=1)))
    at = later(rng, organisation.start, 20, 100)
    while at < organisation.until:
        if not any(begin <= at <= end for begin, end in busy):
            actions.append(_Action(at, "regular"))
        at = office(rng, later(rng, at, 20, 130))
    return sorted(actions, key=lambda one: one.at)


def _act(rng: Random, organisation: Organisation, repository: Repository, line: _Line, action: _Action) -> None:
    waiting = line.shipped
    while waiting < len(line.merged) and (line.merged[waiting].merged_at or action.at) < action.at:
        waiting += 1
    new = line.merged[line.shipped : waiting]
    expected = action.purpose == "regular" and action.incident is None
    if not new and expected:
        return
    commit = line.previous if action.purpose == "rollback" else landed(new[-1]) if new else line.current
    if action.incident is not None and action.purpose == "regular" and not new:
        # Without a merge request: somebody pushed to the branch.
        commit = sha("pushed", repository.path, action.at)
    fate = rng.random()
    status = "failed" if expected and fate < 0.05 else "canceled" if expected and fate < 0.065 else "success"
    one = _deployment(rng, repository, line, action.at, commit, status)
    one.purpose = action.purpose
    if action.incident is not None:
        one.incident, one.restores = (
            (action.incident.id, None) if action.purpose == "regular" else (None, action.incident.id)
        )
    made = [one]
    if status == "failed":
        # Before anything else is deployed: incidents keep two hours free before the deployment that causes them.
        again = _deployment(rng, repository, line, later(rng, action.at, 0.3, 1.9), commit, "success")
        again.purpose = "retry"
        made.append(again)
    for deployment in made:
        if deployment.created_at <= organisation.until:
            _ship(line, deployment, organisation.until, waiting)


def _begin(organisation: Organisation, repository: Repository, line: _Line) -> None:
    """What runs in production from the beginning, so that there is something to roll back to."""
    at = organisation.start + timedelta(minutes=repository.id)
    rng = Random(f"begin/{repository.path}")
    line.made.append(_deployment(rng, repository, line, at, line.current, "success"))


def _ship(line: _Line, deployment: Deployment, until: datetime, waiting: int) -> None:
    """Notes the deployment, and what it brought to production if it went well."""
    line.made.append(deployment)
    if deployment.finished_at is not None and deployment.finished_at > until:
        deployment.status, deployment.finished_at, deployment.updated_at = "running", None, until
    if deployment.status != "success":
        return
    if deployment.purpose == "rollback":
        line.current = deployment.sha
    else:
        deployment.merge_requests = [merged.id for merged in line.merged[line.shipped : waiting]]
        line.previous, line.current, line.shipped = line.current, deployment.sha, waiting


def _deployment(
    rng: Random, repository: Repository, line: _Line, at: datetime, commit: str, status: str
) -> Deployment:  # fmt: skip
    finished = later(rng, at, 0.02, 0.15)
    merger = line.merged[max(0, line.shipped - 1)].merged_by if line.merged else None
    return Deployment(
        repository=repository.id, environment=line.environment, ref="main", sha=commit, status=status,
        actor=DEPLOYER if rng.random() < 0.7 or merger is None else merger, created_at=at, finished_at=finished,
        updated_at=None if rng.random() < 0.02 else finished + timedelta(milliseconds=rng.randrange(50, 900)),
    )  # fmt: skip


def _staging(rng: Random, organisation: Organisation) -> list[Deployment]:
    """By the last job of each pipeline of the main branch."""
    environments = {one.repository: one.id for one in organisation.environments if one.tier == "staging"}
    made = []
    for pipeline in organisation.pipelines:
        job = next((one for one in pipeline.jobs if one.name == "deploy-staging" and not one.retried), None)
        if job is None or job.started_at is None or job.status not in ("success", "failed", "running"):
            continue
        made.append(_staged(rng, pipeline, environments[pipeline.repository], job.id, job.status))
        made[-1].created_at, made[-1].finished_at = job.started_at, job.finished_at
        if job.finished_at is not None:
            made[-1].updated_at = None if rng.random() < 0.01 else job.finished_at
    return made


def _staged(rng: Random, pipeline: Pipeline, environment: int, job: int, status: str) -> Deployment:
    actor = DEPLOYER if rng.random() < 0.1 else pipeline.actor
    return Deployment(
        repository=pipeline.repository, environment=environment, ref=pipeline.ref, sha=pipeline.sha, status=status,
        actor=actor, created_at=pipeline.created_at, updated_at=pipeline.created_at, job=job, pipeline=pipeline.id,
    )  # fmt: skip
