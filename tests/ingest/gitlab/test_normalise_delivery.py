"""Pipelines, jobs, environments, deployments, releases and tags as rows."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ovia_shared.models.canonical.delivery import Deployment, Environment, Job, Pipeline, Release
from ovia_shared.models.canonical.references import Reference
from tests.ingest.gitlab.payloads import ANNA, normalised, rows_of

ANNA_ID = "3@git.example"


def test_a_pipeline_says_how_long_it_took_and_who_started_it() -> None:
    one = {
        "id": 40, "iid": 2, "ref": "main", "sha": "a" * 40, "status": "success", "source": "push", "tag": False,
        "duration": 91, "queued_duration": 2.5, "user": ANNA, "finished_at": "2026-03-02T10:00:00.000Z",
        "updated_at": None,
    }  # fmt: skip
    (row,) = rows_of(normalised("pipelines", pipeline=one), Pipeline)
    assert (row.external_id, row.project_external_id, row.number, row.status) == ("40", "7", 2, "success")
    assert (row.duration_seconds, row.queued_seconds, row.actor_account) == (91.0, 2.5, ANNA_ID)
    assert (row.finished_at, row.updated_at) == (datetime(2026, 3, 2, 10, tzinfo=UTC), None)


def test_a_job_names_its_pipeline_and_commit() -> None:
    one = {
        "id": 41, "name": "test", "stage": "test", "status": "failed", "allow_failure": True,
        "failure_reason": "script_failure", "pipeline": {"id": 40, "sha": "a" * 40}, "commit": {"id": "b" * 40},
    }  # fmt: skip
    (row,) = rows_of(normalised("jobs", job=one), Job)
    assert (row.pipeline_external_id, row.sha, row.allow_failure, row.failure_reason) == (
        "40", "a" * 40, True, "script_failure",
    )  # fmt: skip
    (row,) = rows_of(normalised("jobs", job={**one, "pipeline": None}), Job)
    assert (row.pipeline_external_id, row.sha) == (None, "b" * 40)


@pytest.mark.parametrize(
    ("tier", "ours"), [("production", "production"), ("Staging", "staging"), ("canary", "other"), (None, None)]
)
def test_an_environment_has_one_of_the_known_tiers(tier: str | None, ours: str | None) -> None:
    one = {"id": 5, "name": "prod-eu", "tier": tier, "state": "available"}
    (row,) = rows_of(normalised("environments", environment=one), Environment)
    assert row.tier == ours


@pytest.mark.parametrize(
    ("fields", "finished"),
    [
        ({"status": "success", "finished_at": "2026-03-02T10:00:00Z"}, 10),
        ({"status": "failed", "deployable": {"id": 41, "finished_at": "2026-03-02T11:00:00Z"}}, 11),
        ({"status": "running", "deployable": {"id": 41, "finished_at": "2026-03-02T11:00:00Z"}}, None),
        ({"status": "success", "deployable": None}, None),
    ],
)
def test_a_deployment_ends_when_it_or_its_job_does(fields: dict[str, Any], finished: int | None) -> None:
    one = {"id": 50, "iid": 1, "sha": "a" * 40, "environment": {"id": 5, "name": "prod-eu"}, "user": ANNA, **fields}
    (row,) = rows_of(normalised("deployments", deployment=one), Deployment)
    assert (row.environment_external_id, row.environment, row.actor_account) == ("5", "prod-eu", ANNA_ID)
    assert (row.finished_at and row.finished_at.hour) == finished


def test_a_release_is_known_by_project_and_tag_and_names_what_is_in_it() -> None:
    one = {
        "tag_name": "v1.2", "name": "Spring", "description": "GLD-3 and #4", "commit": {"id": "a" * 40}, "author": ANNA,
        "created_at": "2026-03-02T10:00:00Z", "released_at": "2026-03-02T10:00:00Z", "upcoming_release": False,
    }  # fmt: skip
    found = normalised("releases", release=one)
    (row,) = rows_of(found, Release)
    assert (row.external_id, row.kind, row.name, row.tag, row.sha) == (
        "7:release:v1.2",
        "release",
        "Spring",
        "v1.2",
        "a" * 40,
    )
    assert (row.released, row.author_account) == (True, ANNA_ID)
    assert {one.target for one in rows_of(found, Reference)} == {"GLD-3", "fernweh/app#4"}


def test_a_planned_release_is_not_released() -> None:
    one = {"tag_name": "v2", "released_at": "2030-01-01T00:00:00Z", "upcoming_release": True}
    (row,) = rows_of(normalised("releases", release=one), Release)
    assert (row.released, row.name) == (False, "v2")


def test_a_tag_without_a_message_has_no_date_of_its_own() -> None:
    light = {"name": "nightly", "message": "", "target": "a" * 40, "commit": {"id": "a" * 40}, "created_at": None}
    (row,) = rows_of(normalised("tags", tag=light), Release)
    assert (row.external_id, row.kind, row.sha, row.released, row.released_at) == (
        "7:tag:nightly", "tag", "a" * 40, True, None,
    )  # fmt: skip
    annotated = {**light, "message": "Nightly", "created_at": "2026-03-02T10:00:00Z"}
    (row,) = rows_of(normalised("tags", tag=annotated), Release)
    assert (row.description, row.released_at) == ("Nightly", datetime(2026, 3, 2, 10, tzinfo=UTC))
