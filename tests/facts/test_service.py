"""The metrics service derives by itself, and by command."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from ovia_metrics import main
from ovia_metrics.facts.gauges import FactGauges
from ovia_metrics.facts.watching import Watcher
from ovia_shared.config.settings import HttpServiceSettings
from ovia_shared.database import notices
from tests.conftest import RoleDsn
from tests.facts.conftest import Ledger, day


async def test_the_end_of_a_run_of_the_ingest_has_facts_derived(ledger: Ledger, role_dsn: RoleDsn) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    dsn = role_dsn("ovia_metrics")
    async with notices.listening(dsn, notices.FACTS, told.put_nowait):
        await ledger.put("work_items", external_id="1", key="GLD-1", created_at=day(0))
        watcher = Watcher(dsn, poll=3600)
        await watcher.start()
        assert await asyncio.wait_for(told.get(), 60) == str(ledger.org_id)
        # Said again until it is heard: the watcher may not listen yet.
        await ledger.put("work_items", external_id="2", key="GLD-2", created_at=day(0))
        while told.empty():
            await ledger.admin.execute("select pg_notify($1, $2)", notices.INGESTED, str(ledger.org_id))
            await asyncio.sleep(0.05)
        await watcher.stop()
    assert len(await ledger.facts("work_item.created")) == 2


async def test_a_service_that_is_up_before_the_schema_derives_as_soon_as_it_is_there(
    ledger: Ledger, role_dsn: RoleDsn, caplog: pytest.LogCaptureFixture
) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    dsn = role_dsn("ovia_metrics")
    await ledger.put("work_items", external_id="1", key="GLD-1", created_at=day(0))
    await ledger.admin.execute("alter function organisation_ids() rename to not_migrated_yet")
    async with notices.listening(dsn, notices.FACTS, told.put_nowait):
        watcher = Watcher(dsn, again=0.05)
        await watcher.start()
        while "organisation_ids() does not exist" not in caplog.text:
            await asyncio.sleep(0.05)
        await ledger.admin.execute("alter function not_migrated_yet() rename to organisation_ids")
        assert await asyncio.wait_for(told.get(), 60) == str(ledger.org_id)
        await watcher.stop()


async def test_what_takes_too_long_is_cut_off_and_done_later(ledger: Ledger, role_dsn: RoleDsn) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    dsn = role_dsn("ovia_metrics")
    await ledger.put("work_items", external_id="1", key="GLD-1", created_at=day(0))
    async with notices.listening(dsn, notices.FACTS, told.put_nowait):
        watcher = Watcher(dsn, poll=0.05, patience=0.3)
        async with ledger.admin.transaction():
            await ledger.admin.execute("lock table facts in access exclusive mode")
            await watcher.start()
            while not await ledger.admin.fetchval("select exists (select from derivations where error ~ 'too long')"):
                await asyncio.sleep(0.05)
            assert told.empty()
        assert await asyncio.wait_for(told.get(), 60) == str(ledger.org_id)
        await watcher.stop()
    assert len(await ledger.facts("work_item.created")) == 1


def test_a_replica_that_only_answers_requests_does_nothing_beside_them() -> None:
    settings = {"database_url": "postgresql://ovia_metrics@nowhere/ovia"}
    both, one = (main.create(HttpServiceSettings.model_validate(settings | {"background": on})) for on in (True, False))
    # Facts, snapshots, forecasts.
    assert len(both.on_startup) == len(one.on_startup) + 3


async def test_the_command_derives_and_says_what_it_wrote(ledger: Ledger, role_dsn: RoleDsn, tmp_path: Path) -> None:
    await ledger.put("work_items", external_id="1", key="GLD-1", created_at=day(0))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ovia_metrics.main", "derive", "--from-scratch",
        env={
            "PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "OVIA_DATABASE_URL": role_dsn("ovia_metrics"), "OVIA_SECRETS_DIR": str(tmp_path),
        },
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert "work_items: 1 added, 0 closed" in out.decode()
    assert len(await ledger.facts()) == 1


async def test_prometheus_is_told_how_far_facts_are_behind(ledger: Ledger) -> None:
    await ledger.put("work_items", external_id="1", key="GLD-1", created_at=day(0))
    await ledger.derive()
    text = (await FactGauges(ledger.database).text()).decode()
    labels = f'{{family="work_items",organisation="{ledger.org_id}"}}'
    assert f"ovia_derivation_failing{labels} 0.0" in text
    assert f"ovia_derivation_lag_seconds{labels}" in text
