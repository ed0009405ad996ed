"""Pipelines, jobs, environments, deployments, releases and tags as canonical rows. Pure; `VERSION` grows with them."""

from typing import TypeVar

from ovia_ingest.connectors.gitlab import payloads
from ovia_ingest.connectors.gitlab.meaning import (
    LONGEST_NAME,
    Normaliser,
    Seen,
    identified,
    named_in,
    number,
    optional,
    release_id,
    seconds,
)
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.reading import Normalised
from ovia_ingest.sources.values import clean, line, long_text, moment
from ovia_shared.models.canonical.delivery import Deployment, Environment, Job, Pipeline, Release

VERSION = 1
TIERS = frozenset({"production", "staging", "testing", "development", "other"})
ENDED = frozenset({"success", "failed", "canceled"})

T = TypeVar("T")


def pipelines(context: Context) -> Normaliser:
    """The normaliser of pipelines of one connection."""

    def normalise(payload: bytes) -> Normalised:
        envelope = payloads.read(payload, payloads.Envelope)
        one, seen = _given(envelope.pipeline, "pipeline"), Seen(context.base_url)
        row = Pipeline(
            external_id=identified(one.id, "pipeline"),
            project_external_id=_project(envelope),
            number=number(one.iid),
            ref=line(one.ref),
            tag=one.tag,
            sha=line(one.sha, 64),
            status=_status(one.status),
            source=line(one.source, LONGEST_NAME),
            actor_account=seen.name(one.user),
            url=line(one.web_url, 2000),
            duration_seconds=seconds(one.duration),
            queued_seconds=seconds(one.queued_duration),
            created_at=moment(one.created_at),
            started_at=moment(one.started_at),
            finished_at=moment(one.finished_at),
            updated_at=moment(one.updated_at),
        )
        return Normalised((row,), seen.accounts)

    return normalise


def jobs(context: Context) -> Normaliser:
    """The normaliser of jobs of one connection."""

    def normalise(payload: bytes) -> Normalised:
        envelope = payloads.read(payload, payloads.Envelope)
        one, seen = _given(envelope.job, "job"), Seen(context.base_url)
        pipeline = one.pipeline or payloads.Pipeline()
        row = Job(
            external_id=identified(one.id, "job"),
            project_external_id=_project(envelope),
            pipeline_external_id=optional(pipeline.id),
            name=line(one.name) or "",
            stage=line(one.stage, LONGEST_NAME),
            status=_status(one.status),
            ref=line(one.ref),
            sha=line(pipeline.sha, 64) or (None if one.commit is None else optional(one.commit.id)),
            allow_failure=bool(one.allow_failure),
            failure_reason=line(one.failure_reason, LONGEST_NAME),
            actor_account=seen.name(one.user),
            duration_seconds=seconds(one.duration),
            queued_seconds=seconds(one.queued_duration),
            created_at=moment(one.created_at),
            started_at=moment(one.started_at),
            finished_at=moment(one.finished_at),
        )
        return Normalised((row,), seen.accounts)

    return normalise


def environments(_: Context) -> Normaliser:
    """The normaliser of environments."""

    def normalise(payload: bytes) -> Normalised:
        envelope = payloads.read(payload, payloads.Envelope)
        one = _given(envelope.environment, "environment")
        tier = line(one.tier, 40)
        row = Environment(
            external_id=identified(one.id, "environment"),
            project_external_id=_project(envelope),
            name=line(one.name) or "",
            tier=None if tier is None else tier.lower() if tier.lower() in TIERS else "other",
            state=line(one.state, 40),
            url=line(one.external_url, 2000),
            created_at=moment(one.created_at),
            updated_at=moment(one.updated_at),
        )
        return Normalised((row,))

    return normalise


def deployments(context: Context) -> Normaliser:
    """The normaliser of deployments of one connection."""

    def normalise(payload: bytes) -> Normalised:
        envelope = payloads.read(payload, payloads.Envelope)
        one, seen = _given(envelope.deployment, "deployment"), Seen(context.base_url)
        environment, job = one.environment or payloads.Environment(), one.deployable or payloads.Job()
        # Older GitLabs tell the end only of the job that deployed.
        finished = one.finished_at or (job.finished_at if one.status in ENDED else None)
        row = Deployment(
            external_id=identified(one.id, "deployment"),
            project_external_id=_project(envelope),
            number=number(one.iid),
            environment_external_id=optional(environment.id),
            environment=line(environment.name),
            job_external_id=optional(job.id),
            ref=line(one.ref),
            sha=line(one.sha, 64),
            status=_status(one.status),
            actor_account=seen.name(one.user),
            created_at=moment(one.created_at),
            updated_at=moment(one.updated_at),
            finished_at=moment(finished),
        )
        return Normalised((row,), seen.accounts)

    return normalise


def releases(context: Context) -> Normaliser:
    """The normaliser of releases of one connection."""

    def normalise(payload: bytes) -> Normalised:
        envelope = payloads.read(payload, payloads.Envelope)
        one, seen = _given(envelope.release, "release"), Seen(context.base_url)
        external_id = _release_id(envelope, "release", one.tag_name)
        row = Release(
            external_id=external_id,
            project_external_id=_project(envelope),
            kind="release",
            name=line(one.name) or line(one.tag_name) or external_id,
            description=long_text(one.description, "description", []),
            tag=line(one.tag_name),
            sha=None if one.commit is None else optional(one.commit.id),
            # Planned releases are dated in the future.
            released=not one.upcoming_release and one.released_at is not None,
            author_account=seen.name(one.author),
            created_at=moment(one.created_at),
            released_at=moment(one.released_at),
        )
        texts = (("title", row.name), ("description", row.description))
        return Normalised((row, *named_in("release", external_id, texts, context.project_key)), seen.accounts)

    return normalise


def tags(_: Context) -> Normaliser:
    """The normaliser of tags without a release."""

    def normalise(payload: bytes) -> Normalised:
        envelope = payloads.read(payload, payloads.Envelope)
        one = _given(envelope.tag, "tag")
        external_id = _release_id(envelope, "tag", one.name)
        created = moment(one.created_at)
        row = Release(
            external_id=external_id,
            project_external_id=_project(envelope),
            kind="tag",
            name=line(one.name) or external_id,
            description=long_text(one.message, "message", []),
            tag=line(one.name),
            sha=line(one.target, 64) if one.commit is None else optional(one.commit.id),
            released=True,
            # A tag without a message has no date of its own; its commit's is known by the SHA.
            created_at=created,
            released_at=created,
        )
        return Normalised((row,))

    return normalise


def _given(value: T | None, what: str) -> T:
    if value is None:
        raise ValueError(f"the record holds no {what}")
    return value


def _project(envelope: payloads.Envelope) -> str:
    return identified(envelope.project_id, "record's project")


def _release_id(envelope: payloads.Envelope, kind: str, name: str | None) -> str:
    if not name:
        raise ValueError(f"the {kind} has no name")
    return clean(release_id(_project(envelope), kind, name))


def _status(value: str | None) -> str:
    return line(value, 40) or "unknown"
