"""From a commit to production: pipelines, jobs, environments, deployments, releases."""

from datetime import datetime

import msgspec


class Pipeline(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A run of checks and builds on one commit. `status` is the source's word: success, failed, canceled, …"""

    external_id: str
    project_external_id: str
    number: int | None = None
    ref: str | None = None
    tag: bool | None = None
    sha: str | None = None
    status: str
    source: str | None = None
    actor_account: str | None = None
    url: str | None = None
    duration_seconds: float | None = None
    queued_seconds: float | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    updated_at: datetime | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A step of a pipeline."""

    external_id: str
    project_external_id: str
    pipeline_external_id: str | None = None
    name: str
    stage: str | None = None
    status: str
    ref: str | None = None
    sha: str | None = None
    allow_failure: bool = False
    failure_reason: str | None = None
    actor_account: str | None = None
    duration_seconds: float | None = None
    queued_seconds: float | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class Environment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where software is deployed to. `tier` is production, staging, testing, development or other."""

    external_id: str
    project_external_id: str
    name: str
    tier: str | None = None
    state: str | None = None
    url: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Deployment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One commit brought to one environment. `status` is the source's word: success, failed, running, …"""

    external_id: str
    project_external_id: str
    number: int | None = None
    environment_external_id: str | None = None
    environment: str | None = None
    job_external_id: str | None = None
    ref: str | None = None
    sha: str | None = None
    status: str
    actor_account: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    finished_at: datetime | None = None


class Release(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A version: a Jira fix version (`kind` version), a GitLab release (release) or a bare tag (tag)."""

    external_id: str
    project_external_id: str
    kind: str
    name: str
    description: str | None = None
    tag: str | None = None
    sha: str | None = None
    released: bool = False
    author_account: str | None = None
    created_at: datetime | None = None
    start_at: datetime | None = None
    released_at: datetime | None = None
