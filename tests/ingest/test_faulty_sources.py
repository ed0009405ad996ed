"""The network at its worst between us and all three sources: nothing is lost or doubled, and nobody is pressed."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from cryptography.fernet import Fernet

from ovia_local.ports import free_ports
from ovia_local.readiness import wait_until_ready
from tests.conftest import SampleOrganisation
from tests.ingest.conftest import Finished, Ingest
from tests.ingest.test_killed import Rows

PEOPLE, MONTHS = "6", "1"
KEYS = Fernet.generate_key().decode()
TABLES = (
    "projects", "field_definitions", "status_definitions", "work_items", "work_item_keys", "work_item_transitions",
    "work_item_links", "comments", "worklogs", "sprints", "sprint_memberships", "merge_requests",
    "merge_request_commits", "merge_request_events", "pipelines", "jobs", "environments", "deployments", "releases",
    "documents", "document_versions", "source_references",
)  # fmt: skip
# What differs from one reading to another of the very same things.
OWN = "array['org_id', 'connection_id', 'raw_record_id', 'changed_at', 'url']"


class Sample:
    """The sample sources, served by a process of their own, and a reader of all three."""

    def __init__(self, address: str, ingest: Ingest) -> None:
        self.address = address
        self._ingest = ingest

    async def control(self, **wish: Any) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            (await client.post(f"{self.address}/control", json=wish)).raise_for_status()

    async def tried(self, **wish: Any) -> bool:
        """The same for a record that may not be there: whether it was."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"{self.address}/control", json=wish)
        return answer.status_code == 200

    async def log(self) -> dict[str, Any]:
        async with httpx.AsyncClient(trust_env=False) as client:
            found: dict[str, Any] = (await client.get(f"{self.address}/control/log")).json()
            return found

    async def read(self, organisation: SampleOrganisation, *options: str) -> Finished:
        settings = {
            "JIRA_BASE_URL": f"{self.address}/jira", "JIRA_EMAIL": "a@fernweh.example",
            "JIRA_API_TOKEN": "sample-token",
            "GITLAB_BASE_URL": f"{self.address}/gitlab", "GITLAB_PRIVATE_TOKEN": "sample-token",
            "CONFLUENCE_BASE_URL": f"{self.address}/confluence", "CONFLUENCE_EMAIL": "a@fernweh.example",
            "CONFLUENCE_API_TOKEN": "sample-token", "OVIA_CREDENTIALS_KEYS": KEYS, "OVIA_PARTITIONS_AT_ONCE": "6",
            # Nothing is killed here: a lease is only lost where the machine stands still for as long.
            "OVIA_LEASE_SECONDS": "60",
        } | {f"{kind}_MAX_RETRIES": "12" for kind in ("JIRA", "GITLAB", "CONFLUENCE")}  # fmt: skip
        process = await self._ingest.start("run", "--organisation", organisation.name, "--sample", *options, **settings)
        out, err = await process.communicate()
        return Finished(process.returncode or 0, out.decode(), err.decode())


@pytest.fixture
async def sample(ingest: Ingest) -> AsyncIterator[Sample]:
    (port,) = free_ports(1)
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("ovia-demo"), "serve", "--port", str(port), "--control",
        "--people", PEOPLE, "--months", MONTHS, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    await wait_until_ready({"ovia-demo": f"{address}/"})
    yield Sample(address, ingest)
    process.terminate()
    await process.communicate()


async def contents(rows: Rows, organisation: SampleOrganisation) -> dict[str, list[str]]:
    """Every canonical row of an organisation, without what is its own."""
    found = {}
    for table in TABLES:
        query = f"select (to_jsonb(t) - {OWN})::text as row from {table} t where org_id = $1"
        # Accounts have ids of their own in each organisation; which account it is says the identities' own list.
        found[table] = sorted(_without_ids(row["row"]) for row in await rows(query, organisation.id))
    accounts = await rows(
        "select source, external_id, username, email from identities where org_id = $1", organisation.id
    )
    return found | {"identities": sorted(repr(tuple(row)) for row in accounts)}


def _without_ids(row: str) -> str:
    values = json.loads(row)
    for name in values:
        if name.endswith("_identity_id"):
            values[name] = values[name] is not None
        elif name.endswith("_identity_ids"):
            values[name] = len(values[name])
    return json.dumps(values, sort_keys=True)


@pytest.mark.timeout(240)
async def test_a_tenth_of_all_requests_failing_in_every_way_loses_and_doubles_nothing(
    sample: Sample, rows: Rows, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    disturbed, undisturbed = organisations
    finished = await sample.read(undisturbed)
    assert finished.code == 0, finished.err
    expected = await contents(rows, undisturbed)
    assert all(expected[table] for table in ("work_items", "merge_requests", "documents", "pipelines", "deployments"))
    await sample.control(action="fault", share=0.1, seed=4, seconds=0.05)
    finished = await sample.read(disturbed)
    log = await sample.log()
    assert finished.code == 0, finished.err
    assert log["violations"] == []
    assert len(log["faults"]) >= 10, log
    found = await contents(rows, disturbed)
    for table, lines in expected.items():
        assert found[table] == lines, table


async def test_all_of_it_is_marked_as_sample_data(
    sample: Sample, rows: Rows, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    assert (await sample.read(organisations[0], "--once", "projects")).code == 0
    assert {row["sample"] for row in await rows("select settings ->> 'sample' as sample from connections")} == {"true"}


async def test_what_is_edited_moved_deleted_and_hidden_between_reads_is_as_the_source_has_it(
    sample: Sample, rows: Rows, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    ours, fresh = organisations
    assert (await sample.read(ours)).code == 0
    issues = await rows("select external_id from work_items where key ~ '^[A-Z]+-[0-9]+$' order by 1 limit 2")
    pages = await rows("select external_id from documents where kind = 'page' order by external_id limit 2")
    await sample.control(action="edit", kind="issue", id=issues[0]["external_id"], title="Edited meanwhile")
    await sample.control(action="delete", kind="issue", id=issues[1]["external_id"])
    await sample.control(action="edit", kind="page", id=pages[0]["external_id"], title="Edited page")
    await sample.control(action="delete", kind="page", id=pages[1]["external_id"])
    await rows("update sync_partitions set next_due_at = now()")
    assert (await sample.read(ours)).code == 0
    await rows("update sync_partitions set next_due_at = now()")
    assert (await sample.read(ours, "--census")).code == 0
    assert (await sample.read(fresh)).code == 0
    query = "select external_id, title from {} where org_id = $1 and removed_at is null order by 1"
    for table in ("work_items", "documents", "merge_requests"):
        held = [tuple(row) for row in await rows(query.format(table), ours.id)]
        assert held == [tuple(row) for row in await rows(query.format(table), fresh.id)], table


async def test_what_changes_while_it_is_read_is_right_after_one_more_read(
    sample: Sample, rows: Rows, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    ours, fresh = organisations
    reading = asyncio.create_task(sample.read(ours))
    edited = 0
    for number in range(2000):
        if reading.done():
            break
        action = "delete" if number % 11 == 0 else "move" if number % 5 == 0 else "edit"
        # Whatever of it is not there, or not any more, is refused and left alone.
        edited += await sample.tried(action=action, kind="issue", id=10_001 + number % 31, to="OPS")
        edited += await sample.tried(action="edit", kind="merge_request", id=1 + number % 31)
        edited += await sample.tried(action="edit", kind="page", id=98_305 + 4 * (number % 18))
        await asyncio.sleep(0.02)
    assert (await reading).code == 0
    assert edited > 10
    await rows("update sync_partitions set next_due_at = now()")
    assert (await sample.read(ours)).code == 0
    await rows("update sync_partitions set next_due_at = now()")
    assert (await sample.read(ours, "--census")).code == 0
    assert (await sample.read(fresh)).code == 0
    query = "select * from {} where org_id = $1 and removed_at is null"
    for table in ("work_items", "merge_requests", "documents"):
        held, expected = [await rows(query.format(table), one.id) for one in (ours, fresh)]
        assert _named(held) == _named(expected), table


def _named(found: list[asyncpg.Record]) -> list[tuple[str, str, str]]:
    return sorted((row["external_id"], row["title"], row["project_external_id"]) for row in found)
