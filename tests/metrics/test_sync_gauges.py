"""How reading the sources is going, as Prometheus sees it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ovia_shared.database import sync_health
from ovia_shared.database.ids import new_id
from ovia_shared.models.sync_health import ConnectionHealth
from tests.api.conftest import Organisations, Service
from tests.conftest import OpenDatabase
from tests.metrics.conftest import Sources

HOUR = timedelta(hours=1)


async def run(sources: Sources, connection_id: UUID, stream: str, **values: Any) -> None:
    """An attempt at the only partition of this stream."""
    partition_id = await sources.admin.fetchval(
        "select id from sync_partitions where org_id = $1 and connection_id = $2 and stream = $3",
        sources.org_id, connection_id, stream,
    )  # fmt: skip
    await sources.put("sync_runs", id=new_id(), partition_id=partition_id, fencing_token=1, **values)


@pytest.fixture
async def gitlab(sources: Sources) -> UUID:
    """A connection in trouble of every kind."""
    now = datetime.now(UTC)
    gitlab = await sources.connection("gitlab", "GitLab")
    await sources.partition(gitlab, "users", next_due_at=now + HOUR)
    await sources.partition(gitlab, "projects", next_due_at=now - HOUR, last_success_at=now - 3 * HOUR)
    await sources.partition(
        gitlab, "issues", "7", next_due_at=now - 2 * HOUR, consecutive_failures=5, last_success_at=now - 9 * HOUR
    )
    await sources.partition(
        gitlab, "jobs", "7", next_due_at=now - 5 * HOUR, lease_owner="reader", lease_expires_at=now + HOUR
    )
    await sources.partition(
        gitlab, "tags", "7", next_due_at=now - HOUR / 2, lease_owner="reader", lease_expires_at=now - HOUR / 4
    )
    # Nobody can read this one, and nobody waits for it.
    await sources.project(gitlab, "8", "gone", access_lost_at=now)
    await sources.partition(gitlab, "issues", "8", next_due_at=now - 90 * HOUR, last_success_at=now - 90 * HOUR)
    await run(sources, gitlab, "users", status="succeeded", finished_at=now - HOUR / 2, records_read=40)
    await run(sources, gitlab, "projects", status="succeeded", finished_at=now - HOUR / 2, records_read=2)
    await run(sources, gitlab, "projects", status="succeeded", finished_at=now - 2 * HOUR, records_read=1000)
    await run(sources, gitlab, "tags", status="abandoned", finished_at=now - HOUR / 2)
    await run(sources, gitlab, "jobs", status="running")
    await sources.letter(gitlab, "issues", "1")
    await sources.letter(gitlab, "issues", "2")
    await sources.admin.execute("update dead_letters set resolved_at = now() where external_id = '2'")
    for name, processed in (("a", None), ("b", None), ("c", now)):
        await sources.put(
            "webhook_deliveries", id=new_id(), connection_id=gitlab, delivery_id=name, event="push", payload=b"{}",
            received_at=now - HOUR, processed_at=processed,
        )  # fmt: skip
    return gitlab


async def health(open_database: OpenDatabase, org_id: UUID) -> list[ConnectionHealth]:
    database = await open_database("ovia_metrics")
    async with database.transaction(org_id) as conn:
        return await sync_health.read(conn, org_id)


async def test_every_partition_is_in_one_state_and_its_worst_is_told(
    sources: Sources, open_database: OpenDatabase, gitlab: UUID
) -> None:
    [told] = await health(open_database, sources.org_id)
    assert (told.id, told.kind, told.name) == (gitlab, "gitlab", "GitLab")
    assert (told.idle, told.due, told.running, told.failing, told.paused) == (1, 2, 1, 1, 0)
    assert told.lag_seconds == pytest.approx(9 * 3600, abs=300)
    assert told.queue_age_seconds == pytest.approx(2 * 3600, abs=300)
    assert (told.failures_in_a_row, told.leases_expired) == (5, 1)
    assert (told.succeeded, told.failed, told.abandoned, told.records) == (2, 0, 1, 42)
    assert told.dead_letters == 1
    assert told.hints_waiting == 2
    assert told.hints_age_seconds == pytest.approx(3600, abs=300)


async def test_a_paused_connection_waits_for_nobody(
    sources: Sources, open_database: OpenDatabase, gitlab: UUID
) -> None:
    await sources.admin.execute("update connections set status = 'paused' where id = $1", gitlab)
    [told] = await health(open_database, sources.org_id)
    assert (told.idle, told.due, told.running, told.failing, told.paused) == (0, 0, 1, 0, 4)
    assert (told.lag_seconds, told.queue_age_seconds) == (None, 0)


async def test_a_removed_connection_is_nobodys_concern(
    sources: Sources, open_database: OpenDatabase, gitlab: UUID
) -> None:
    await sources.admin.execute("update connections set status = 'removed' where id = $1", gitlab)
    assert await health(open_database, sources.org_id) == []


async def test_a_connection_nothing_was_planned_for_is_told_too(sources: Sources, open_database: OpenDatabase) -> None:
    jira = await sources.connection("jira", "Jira")
    [told] = await health(open_database, sources.org_id)
    assert told.id == jira
    assert (told.lag_seconds, told.succeeded, told.records, told.dead_letters) == (None, 0, 0, 0)


async def test_an_organisation_sees_only_its_own(
    open_database: OpenDatabase, gitlab: UUID, organisations: Organisations
) -> None:
    assert await health(open_database, organisations[1].id) == []


async def test_prometheus_is_told(sources: Sources, service: Service, gitlab: UUID) -> None:
    async with service.client() as client:
        text = (await client.get("/metrics")).text
    values = {
        (sample.name, sample.labels.get("state") or sample.labels.get("status")): sample
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels.get("connection") == str(gitlab)
    }
    of_failing = values["ovia_sync_partitions", "failing"]
    assert of_failing.labels == {
        "organisation": str(sources.org_id),
        "connection": str(gitlab),
        "source": "gitlab",
        "name": "GitLab",
        "state": "failing",
    }
    assert of_failing.value == 1
    assert values["ovia_sync_runs_last_hour", "succeeded"].value == 2
    assert values["ovia_sync_runs_last_hour", "failed"].value == 0
    assert values["ovia_sync_runs_last_hour", "abandoned"].value == 1
    assert values["ovia_sync_lag_seconds", None].value == pytest.approx(9 * 3600, abs=300)
    told = {name for name, _ in values}
    assert told == {
        "ovia_sync_partitions", "ovia_sync_runs_last_hour", "ovia_sync_lag_seconds", "ovia_sync_queue_age_seconds",
        "ovia_sync_failures_in_a_row", "ovia_sync_leases_expired", "ovia_sync_records_last_hour",
        "ovia_sync_dead_letters_open", "ovia_sync_hints_waiting", "ovia_sync_hints_age_seconds",
    }  # fmt: skip


async def test_attempts_of_long_ago_are_not_read(sources: Sources, gitlab: UUID) -> None:
    await sources.admin.execute(
        """
        insert into sync_runs (org_id, id, partition_id, fencing_token, status, started_at, finished_at)
        select p.org_id, gen_random_uuid(), p.id, 1, 'succeeded', now() - make_interval(mins => n), now()
               - make_interval(mins => n)
          from sync_partitions p, generate_series(120, 4000) n where p.org_id = $1
        """,
        sources.org_id,
    )
    await sources.admin.execute("analyze sync_runs")
    await sources.admin.execute("select set_config('ovia.org_id', $1, false)", str(sources.org_id))
    rows = await sources.admin.fetch(
        f"explain (analyze, costs off, timing off) {sync_health._STATEMENT}", sources.org_id
    )
    plan = "\n".join(row[0] for row in rows)
    assert "Seq Scan on sync_runs" not in plan, plan
    assert re.search(r"sync_runs_by_end", plan), plan
