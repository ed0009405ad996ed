"""Snapshots are taken by the service, counted for all of history by command, and told to Prometheus."""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ovia_metrics.snapshots.gauges import KpiGauges
from ovia_metrics.snapshots.keeping import Keeper, due
from ovia_metrics.snapshots.taking import refresh_history, take_latest
from ovia_shared.database import sync_status
from ovia_shared.database.facts import seen
from ovia_shared.database.kpis import schedule
from ovia_shared.database.kpis.schedule import Taken
from tests.conftest import RoleDsn
from tests.kpis.conftest import Books, day
from tests.kpis.test_receipts import _busy

# So that history is short.
RECENT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=24)


async def test_history_is_counted_once_and_then_only_where_something_changed(books: Books) -> None:
    await _busy(books, RECENT)
    told: list[tuple[int, int]] = []
    first = await refresh_history(books.database, books.org_id, lambda done, total: told.append((done, total)))
    again = await refresh_history(books.database, books.org_id)
    assert (first.scopes, again.values) == (2, 0)
    assert first.values > 200
    assert told[-1][0] == told[-1][1] == len(told) - 1
    await books.fact("deployment.finished", RECENT + timedelta(days=1), attributes={"failed": True})
    # Of the organisation and a team: frequency, failures and rework, of a week, and of a month if that is over.
    assert (await refresh_history(books.database, books.org_id)).values in (6, 12)


async def test_a_latest_snapshot_has_every_scope_and_prometheus_hears_of_it(books: Books) -> None:
    _, team = await _busy(books, RECENT)
    await books.admin.execute(
        """
        insert into sprints (org_id, connection_id, raw_record_id, external_id, name, state, start_at)
        values ($1, $2, $2, '5', 'Sprint 5', 'active', $3)
        """,
        books.org_id, books.connection_id, RECENT,
    )  # fmt: skip
    counted = await take_latest(books.database, books.org_id)
    assert counted.scopes == 3
    text = (await KpiGauges(books.database).text()).decode()
    values = {
        (sample.name, sample.labels["scope_kind"], sample.labels["scope"], sample.labels["kpi"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "kpi" in sample.labels
    }
    assert values["ovia_kpi_value", "organisation", "", "flow.wip"] == 21
    assert values["ovia_kpi_value", "team", "Wings", "flow.wip"] == 11
    assert values["ovia_kpi_rows", "organisation", "", "merge_request.cycle_hours"] == 0
    # No data is not 0: there is no sample.
    assert ("ovia_kpi_value", "organisation", "", "merge_request.cycle_hours") not in values
    assert f'organisation="{books.org_id}"' in text
    assert "sprint" not in {kind for _, kind, _, _ in values}
    assert str(team) in text


async def test_the_service_takes_one_when_there_is_none(books: Books, role_dsn: RoleDsn) -> None:
    await _busy(books, RECENT)
    keeper = Keeper(role_dsn("ovia_metrics"))
    await keeper.start()
    try:
        async with asyncio.timeout(120):
            while await books.admin.fetchval("select count(*) from snapshots where grain = 'week'") == 0:
                await asyncio.sleep(0.1)
    finally:
        await keeper.stop()
    async with books.database.transaction(books.org_id) as conn:
        assert await schedule.taken(conn, books.org_id) is not None


async def test_one_at_a_time_takes_them(books: Books) -> None:
    await _busy(books, RECENT)
    async with books.database.transaction(books.org_id) as conn:
        await schedule.lock(conn, books.org_id, wait=False)
        with pytest.raises(schedule.Busy):
            await take_latest(books.database, books.org_id)


async def test_the_command_says_what_it_counted(books: Books, role_dsn: RoleDsn, tmp_path: Path) -> None:
    await books.fact("merge_request.merged", RECENT)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ovia_metrics.main", "backfill", "--organisation", str(books.org_id),
        env={
            "PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "OVIA_DATABASE_URL": role_dsn("ovia_metrics"), "OVIA_SECRETS_DIR": str(tmp_path),
        },
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert f"{books.org_id}: latest numbers of 1 scopes" in out.decode()


def test_a_snapshot_is_due_when_facts_changed_long_ago_enough_and_once_a_day() -> None:
    first, hour = day(0), timedelta(hours=1)
    assert due(None, first, reading=False)
    assert not due(None, first, reading=True)
    assert not due(Taken(first, first, changed=True), first + 0.01 * hour, reading=False)
    assert due(Taken(first, first, changed=True), first + 0.02 * hour, reading=False)
    assert not due(Taken(first, first, changed=True), first + 0.02 * hour, reading=True)
    assert due(Taken(first, first, changed=True), first + hour, reading=True)
    later = day(9)
    assert not due(Taken(first, later, changed=True), later + 0.5 * hour, reading=False)
    assert due(Taken(first, later, changed=True), later + hour, reading=False)
    assert not due(Taken(first, later, changed=False), later + 23 * hour, reading=False)
    assert due(Taken(first, later, changed=False), later + 24 * hour, reading=True)


async def test_facts_that_changed_are_not_forgotten_by_a_run_that_changes_none(books: Books) -> None:
    await _busy(books, RECENT)
    await take_latest(books.database, books.org_id)

    async def changed() -> bool:
        async with books.database.transaction(books.org_id) as conn:
            taken = await schedule.taken(conn, books.org_id)
        assert taken is not None
        return taken.changed

    async def derived(added: int) -> None:
        async with books.database.transaction(books.org_id) as conn:
            await seen.record(conn, books.org_id, "work_items", 1, {}, await seen.now(conn), added, 0)

    assert not await changed()
    await derived(0)
    assert not await changed()
    await derived(3)
    await derived(0)
    assert await changed()
    await take_latest(books.database, books.org_id)
    assert not await changed()


async def test_whether_sources_are_being_read_is_known_by_their_leases(books: Books) -> None:
    async with books.database.transaction(books.org_id) as conn:
        assert not await sync_status.reading(conn, books.org_id)
    await books.admin.execute(
        """
        with known as (
            insert into connections (org_id, id, kind, name, base_url)
            values ($1, gen_random_uuid(), 'git', 'x', 'x') returning id)
        insert into sync_partitions (org_id, id, connection_id, stream, lease_owner, lease_expires_at)
        select $1, gen_random_uuid(), id, 'commits', gen_random_uuid(), now() + interval '1 minute' from known
        """,
        books.org_id,
    )
    async with books.database.transaction(books.org_id) as conn:
        assert await sync_status.reading(conn, books.org_id)
