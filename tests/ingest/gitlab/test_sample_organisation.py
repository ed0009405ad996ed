"""The sample organisation, read through the whole ingest into the database, is there as it was generated."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
import pytest
from aiohttp.test_utils import TestServer

from ovia_demo.organisation import Organisation, generate
from ovia_demo.server import create_app
from ovia_demo.serving import TOKEN
from ovia_ingest.connectors.gitlab.connector import CONNECTOR
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.stream import Census, SourceStream
from ovia_ingest.sync.runner import Runner
from ovia_shared.database import connections, partitions
from ovia_shared.database.pool import Database
from ovia_shared.models.source import Deployment, SourceSettings
from ovia_shared.source_client.client import SourceClient
from tests.conftest import OpenDatabase, SampleOrganisation
from tests.ingest.test_killed import Rows


class Sync:
    """Reads the sample GitLab as the ingest would."""

    def __init__(self, database: Database, org_id: UUID, connection_id: UUID, client: SourceClient, base: str) -> None:
        self._database = database
        self._org_id = org_id
        self._connection_id = connection_id
        self._client = client
        self._context = Context(base, SourceSettings(), Deployment.CLOUD)

    async def read(self, stream: str, scope: str = "", census: Census = Census.WHEN_DUE) -> int:
        async with self._database.transaction(self._org_id) as conn:
            partition_id = await partitions.ensure(conn, self._org_id, self._connection_id, stream, scope)
            await conn.execute("update sync_partitions set next_due_at = now()")
        runner = Runner(self._database, self._org_id, lease_seconds=5, stop=asyncio.Event())
        partition = await runner.claim([partition_id])
        assert partition is not None
        context = msgspec.structs.replace(self._context, project_key=scope or None)
        opened = SourceStream(
            CONNECTOR.shape(stream, context),
            CONNECTOR.reading(stream, scope, self._client, context),
            project=scope or None,
            census=census,
        )
        return (await runner.read(partition, opened, lambda _done, _total: None)).read

    async def read_all(self, organisation: Organisation) -> None:
        for stream in CONNECTOR.root_streams:
            await self.read(stream)
        for stream in CONNECTOR.project_streams:
            for repository in organisation.repositories:
                await self.read(stream, str(repository.id))


@pytest.fixture
def organisation() -> Organisation:
    return generate(7, 8, 2)


@pytest.fixture
async def sync(
    organisation: Organisation,
    open_database: OpenDatabase,
    organisations: tuple[SampleOrganisation, SampleOrganisation],
) -> AsyncIterator[Sync]:
    database, org_id = await open_database("ovia_ingest"), organisations[0].id
    async with TestServer(create_app(organisation)) as server:
        base = str(server.make_url("/gitlab"))
        async with database.transaction(org_id) as conn:
            connection_id = await connections.ensure(conn, org_id, "gitlab", "Sample", base)
        async with SourceClient(base, SourceSettings(), {"PRIVATE-TOKEN": TOKEN}, name="sample") as client:
            yield Sync(database, org_id, connection_id, client, base)


async def _ids(rows: Rows, table: str, where: str = "true") -> list[str]:
    found = await rows(f"select external_id from {table} where removed_at is null and {where}")
    return sorted(row["external_id"] for row in found)


def _sorted(things: list[Any]) -> list[str]:
    return sorted(str(one.id) for one in things if not getattr(one, "deleted", False))


async def test_all_that_was_generated_is_stored_and_nothing_else(
    sync: Sync, organisation: Organisation, rows: Rows
) -> None:
    await sync.read_all(organisation)
    assert await rows("select stream, external_id, reason from dead_letters") == []
    assert await _ids(rows, "projects") == _sorted(organisation.repositories)
    assert await _ids(rows, "merge_requests") == _sorted(organisation.merge_requests)
    assert await _ids(rows, "work_items") == _sorted(organisation.tickets)
    assert await _ids(rows, "pipelines") == _sorted(organisation.pipelines)
    assert await _ids(rows, "jobs") == _sorted([job for one in organisation.pipelines for job in one.jobs])
    assert await _ids(rows, "deployments") == _sorted(organisation.deployments)
    assert await _ids(rows, "environments") == _sorted(organisation.environments)
    kinds = Counter("tag" if one.bare else "release" for one in organisation.releases)
    for kind, many in kinds.items():
        assert len(await _ids(rows, "releases", f"kind = '{kind}'")) == many
    known = [one.accounts for one in organisation.people] + [one.accounts for one in organisation.machines]
    accounts = [one for many in known for one in many if one.source == "gitlab"]
    shown = await rows("select external_id from identities where source = 'gitlab'")
    assert sorted(row["external_id"].partition("@")[0] for row in shown) == sorted(one.external_id for one in accounts)


async def test_reviews_are_stored_as_they_went(sync: Sync, organisation: Organisation, rows: Rows) -> None:
    for repository in organisation.repositories:
        await sync.read("merge_requests", str(repository.id))
    merge_requests = organisation.merge_requests
    states = Counter("open" if one.state == "opened" else one.state for one in merge_requests)
    stored = await rows("select state, count(*) as many from merge_requests group by 1")
    assert {row["state"]: row["many"] for row in stored} == dict(states)
    (sums,) = await rows("select sum(commit_count) as commits, count(merged_at) as merged from merge_requests")
    assert sums["commits"] == sum(len(one.commits) for one in merge_requests)
    assert sums["merged"] == sum(one.merged_at is not None for one in merge_requests)
    written = await rows("select external_id from comments where subject_kind = 'merge_request'")
    humans = [note for one in merge_requests for note in one.notes if not note.system]
    assert sorted(int(row["external_id"]) for row in written) == sorted(note.id for note in humans)
    (counts,) = await rows(
        "select count(*) filter (where kind = 'approved') as approved,"
        " count(*) filter (where kind = 'merged') as merged from merge_request_events"
    )
    assert counts["approved"] == sum(len(one.approvals) for one in merge_requests)
    assert counts["merged"] == sums["merged"]
    lines = await rows("select external_id, additions, deletions from merge_requests where additions is not null")
    known = {str(one.id): one for one in merge_requests}
    assert len(lines) > len(merge_requests) / 2
    for row in lines:
        files = known[row["external_id"]].files
        assert (row["additions"], row["deletions"]) == (sum(f.added for f in files), sum(f.removed for f in files))


async def test_what_is_deleted_at_the_source_is_found_by_the_census(
    sync: Sync, organisation: Organisation, rows: Rows
) -> None:
    gone = organisation.merge_requests[3]
    scope = str(gone.repository)
    await sync.read("merge_requests", scope)
    gone.deleted = True
    assert await sync.read("merge_requests", scope, Census.ONLY) == 0
    removed = await rows("select external_id from merge_requests where removed_at is not null")
    assert [row["external_id"] for row in removed] == [str(gone.id)]


async def test_nothing_moves_when_everything_is_read_twice(sync: Sync, organisation: Organisation, rows: Rows) -> None:
    tables = ("projects", "merge_requests", "merge_request_events", "work_items", "pipelines", "jobs", "releases")
    await sync.read_all(organisation)
    before = {table: await rows(f"select *, xmin from {table} order by raw_record_id") for table in tables}
    await sync.read_all(organisation)
    for table in tables:
        assert await rows(f"select *, xmin from {table} order by raw_record_id") == before[table]
