"""Pipelines of merge requests, of the main branch and of tags: most pass, some fail, a few fail and then pass."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from ovia_demo.organisation.authors import sha
from ovia_demo.organisation.code_model import Job, MergeRequest, Organisation, Pipeline, Release
from ovia_demo.organisation.model import Version
from ovia_demo.organisation.times import later

FIRST_PIPELINE, FIRST_JOB = 5_001, 100_001
# Name, stage, and how many minutes it takes.
_JOBS = (("compile", "build", 1, 4), ("unit", "test", 2, 8), ("integration", "test", 3, 15), ("lint", "test", 0.4, 2))
_DEPLOY = ("deploy-staging", "deploy", 1, 4)


@dataclass
class _Run:
    """What a pipeline runs on."""

    repository: int
    ref: str
    sha: str
    source: str
    actor: str
    at: datetime
    deploys: bool = False
    tag: bool = False


def landed(merge_request: MergeRequest) -> str:
    """The commit that is on the target branch after the merge."""
    last = merge_request.commits[-1].sha if merge_request.commits else sha("empty", merge_request.id)
    return merge_request.merge_sha or merge_request.squash_sha or last


def make_pipelines(seed: str, organisation: Organisation) -> None:
    """All of them, and their jobs, numbered by creation."""
    rng = Random(f"{seed}/pipelines")
    made: list[Pipeline] = []
    for merge_request in organisation.merge_requests:
        for run in _runs(rng, merge_request):
            made += _pipelines(rng, run, organisation.until)
    for release in organisation.releases:
        tagged = _Run(
            release.repository, release.tag, release.sha, "push", release.author, release.created_at, tag=True
        )
        made += _pipelines(rng, tagged, organisation.until)
    made.sort(key=lambda one: (one.created_at, one.repository))
    used: dict[int, int] = {}
    for number, pipeline in enumerate(made):
        used[pipeline.repository] = used.get(pipeline.repository, 0) + 1
        pipeline.id, pipeline.iid = FIRST_PIPELINE + number, used[pipeline.repository]
    jobs = [(job.created_at, pipeline.id, job) for pipeline in made for job in pipeline.jobs]
    for number, (_, _, job) in enumerate(sorted(jobs, key=lambda part: part[:2])):
        job.id = FIRST_JOB + number
    organisation.pipelines = made


def _runs(rng: Random, made: MergeRequest) -> list[_Run]:
    pushes = [one for one in made.commits if one.committed_at > made.created_at]
    first = [one for one in made.commits if one.committed_at <= made.created_at][-1:]
    runs = []
    for commit in first + pushes[-2:]:
        at = max(commit.committed_at, made.created_at) + timedelta(milliseconds=rng.randrange(2_000, 40_000))
        source = rng.choice(("push", "merge_request_event"))
        runs.append(_Run(made.repository, made.source_branch, commit.sha, source, made.author, at))
    if made.merged_at is not None:
        at = made.merged_at + timedelta(milliseconds=rng.randrange(1_000, 9_000))
        merger = made.merged_by or made.author
        deploys = made.target_branch == "main"
        runs.append(_Run(made.repository, made.target_branch, landed(made), "push", merger, at, deploys=deploys))
    return runs


def _pipelines(rng: Random, run: _Run, until: datetime) -> list[Pipeline]:
    """One, or two if it fails by chance and is started again on the same commit."""
    main = run.deploys or run.tag
    fate = rng.random()
    status = (
        "failed" if fate < (0.09 if main else 0.13) else "canceled" if fate < (0.1 if main else 0.16) else "success"
    )
    first = _pipeline(rng, run, status)
    made = [first]
    if status == "failed" and first.finished_at is not None and rng.random() < 0.4:
        run.at = later(rng, first.finished_at, 0.02, 1.5)
        made.append(_pipeline(rng, run, "success"))
    return [_cut(one, until) for one in made if one.created_at <= until]


def _pipeline(rng: Random, run: _Run, status: str) -> Pipeline:
    started = run.at + timedelta(milliseconds=rng.randrange(500, 90_000))
    plan = [*_JOBS, _DEPLOY] if run.deploys else list(_JOBS)
    failing = rng.choice(("compile", "unit", "integration", "integration")) if status != "success" else None
    jobs: list[Job] = []
    stage_start, stage_end, ended = started, started, False
    stage = plan[0][1]
    for name, in_stage, least, most in plan:
        if in_stage != stage:
            stage, stage_start = in_stage, stage_end
            ended = ended or any(job.status in ("failed", "canceled") and not job.allow_failure for job in jobs)
        if ended:
            jobs.append(Job(name=name, stage=in_stage, status="skipped", created_at=run.at))
            continue
        outcome = status if name == failing else "success"
        job = _job(rng, name, in_stage, outcome, run.at, stage_start, (least, most))
        if outcome == "success" and rng.random() < 0.012:
            retried = _job(rng, name, in_stage, "failed", run.at, stage_start, (least, most))
            retried.retried = True
            jobs.append(retried)
            assert retried.finished_at is not None
            job = _job(rng, name, in_stage, outcome, retried.finished_at, retried.finished_at, (least, most))
        elif name == "lint" and rng.random() < 0.08:
            job.status, job.failure_reason = "failed", "script_failure"
        job.allow_failure = name == "lint"
        assert job.finished_at is not None
        stage_end = max(stage_end, job.finished_at)
        jobs.append(job)
    return Pipeline(
        repository=run.repository, ref=run.ref, sha=run.sha, source=run.source, status=status, actor=run.actor,
        tag=run.tag,
        created_at=run.at, started_at=started, finished_at=stage_end, jobs=jobs,
        # Old rows of real servers have no time of update.
        updated_at=None if rng.random() < 0.01 else stage_end + timedelta(milliseconds=rng.randrange(100, 900)),
    )  # fmt: skip


def _job(
    rng: Random, name: str, stage: str, status: str, created: datetime, start: datetime, minutes: tuple[float, float]
) -> Job:
    queued = rng.uniform(0.4, 20)
    begin = start + timedelta(milliseconds=int(queued * 1000))
    share = rng.random() if status != "success" else 1.0
    end = begin + timedelta(milliseconds=int(rng.uniform(*minutes) * 60_000 * max(share, 0.1)))
    reason = rng.choice(("script_failure", "script_failure", "runner_system_failure", "stuck_or_timeout_failure"))
    return Job(
        name=name, stage=stage, status=status, created_at=created, started_at=begin, finished_at=end,
        queued=round(queued, 3), failure_reason=reason if status == "failed" else None,
    )  # fmt: skip


def _cut(pipeline: Pipeline, until: datetime) -> Pipeline:
    """What is not over by the end is still running."""
    if pipeline.finished_at is None or pipeline.finished_at <= until:
        return pipeline
    pipeline.status, pipeline.finished_at, pipeline.updated_at = "running", None, until
    for job in pipeline.jobs:
        if job.finished_at is not None and job.finished_at > until:
            job.finished_at, job.failure_reason = None, None
            job.status = "running" if job.started_at is not None and job.started_at <= until else "pending"
            job.started_at = job.started_at if job.status == "running" else None
    if pipeline.started_at is not None and pipeline.started_at > until:
        pipeline.status, pipeline.started_at = "pending", None
    return pipeline


def make_releases(seed: str, organisation: Organisation) -> None:
    """For each version of a product one tag in most of its repositories; candidates are bare tags."""
    rng = Random(f"{seed}/releases")
    versions: dict[str, list[Version]] = {}
    for version in organisation.versions:
        versions.setdefault(version.product, []).append(version)
    for repository in organisation.repositories:
        merged = [
            (one.merged_at, landed(one), one.merged_by or one.author) for one in organisation.merge_requests
            if one.repository == repository.id and one.merged_at is not None and one.target_branch == "main"
        ]  # fmt: skip
        merged.sort(key=lambda one: one[:2])
        for version in versions.get(repository.product, []):
            ready = [one for one in merged if one[0] < version.release_at]
            if not ready or not version.released or rng.random() < 0.2:
                continue
            number = version.name.rsplit("-", 1)[1]
            at = later(rng, version.release_at, 0, 10)
            if at > organisation.until:
                continue
            commit, author = ready[-1][1], "m-02" if repository.id == 7 else ready[-1][2]
            if rng.random() < 0.4:
                early = at - timedelta(hours=30)
                tag = f"v{number}.0-rc.1"
                organisation.releases.append(
                    Release(
                        tag=tag,
                        name=tag,
                        text="",
                        created_at=early,
                        released_at=early,
                        bare=True,
                        repository=repository.id,
                        sha=commit,
                        author=author,
                    )
                )
            organisation.releases.append(
                Release(tag=f"v{number}.0", name=f"{repository.name} {number}", text=f"Part of {version.name}.",
                        created_at=at, released_at=at + timedelta(minutes=5), repository=repository.id, sha=commit,
                        author=author)
            )  # fmt: skip
