"""What is read of a space ends in the database as the space has it, whatever happens to it meanwhile."""

import asyncio
from datetime import UTC, datetime

import pytest

from ovia_ingest.connectors.confluence.connector import CONNECTOR
from ovia_ingest.sources.stream import Census, SourceStream
from ovia_ingest.sync.runner import Runner
from ovia_shared.database import connections, partitions
from tests.conftest import OpenDatabase, SampleOrganisation
from tests.ingest.confluence.cloud_site import CloudSite
from tests.ingest.confluence.data_center_site import DataCenterSite
from tests.ingest.confluence.site import Site
from tests.ingest.test_killed import Rows

DOCUMENTS = "select external_id, kind, version from documents where removed_at is null"
PARTS = """
    select subject_external_id || '/' || external_id from comments where removed_at is null
     union all
    select document_external_id || '/' || number from document_versions where removed_at is null
     union all
    select subject_external_id || '/' || target from source_references where removed_at is null
"""


class Sync:
    """Reads a site into the database, as often as a test likes."""

    def __init__(self, open_database: OpenDatabase, organisation: SampleOrganisation, site: Site) -> None:
        self._open_database = open_database
        self._org_id = organisation.id
        self._site = site

    async def read(self, census: Census = Census.WHEN_DUE) -> None:
        database = await self._open_database("ovia_ingest")
        runner = Runner(database, self._org_id, lease_seconds=5, stop=asyncio.Event())
        async with self._site.reached() as (client, context):
            for name in CONNECTOR.project_streams:
                async with database.transaction(self._org_id) as conn:
                    connection_id = await connections.ensure(
                        conn, self._org_id, "confluence", "Wiki", "https://gliders.example"
                    )
                    partition_id = await partitions.ensure(conn, self._org_id, connection_id, name, "7")
                    await conn.execute("update sync_partitions set next_due_at = now()")
                partition = await runner.claim([partition_id])
                assert partition is not None
                reading = CONNECTOR.reading(name, "7", client, context)
                stream = SourceStream(CONNECTOR.shape(name, context), reading, project="7", census=census)
                await runner.read(partition, stream, lambda _done, _total: None)

    async def forget_comparison(self) -> None:
        """As if half an hour had gone by since restrictions were compared."""
        database = await self._open_database("ovia_ingest")
        async with database.transaction(self._org_id) as conn:
            await conn.execute("update sync_partitions set cursor = cursor - 'restrictions_at'")


RESTRICTED = "select external_id from documents where restricted and removed_at is null order by 1"


async def held(rows: Rows) -> tuple[set[tuple[str, str, int]], set[str]]:
    documents = {(row["external_id"], row["kind"], row["version"]) for row in await rows(DOCUMENTS)}
    return documents, {row[0] for row in await rows(PARTS)}


@pytest.mark.parametrize("kind", [CloudSite, DataCenterSite])
async def test_pages_come_change_and_go(
    kind: type[Site],
    open_database: OpenDatabase,
    organisations: tuple[SampleOrganisation, SampleOrganisation],
    rows: Rows,
) -> None:
    site = kind()
    sync = Sync(open_database, organisations[0], site)
    key = "GLD-7" if kind is CloudSite else "OPS-3"
    for number in (101, 102, 103):
        site.add(number)
    site.add(501, kind="blogpost")
    remark = site.remark(102)
    await sync.read()
    assert await held(rows) == (
        {("101", "page", 1), ("102", "page", 1), ("103", "page", 1), ("501", "blogpost", 1)},
        {f"102/{remark.id}", *(f"{one}/{part}" for one in (101, 102, 103, 501) for part in (1, key))},
    )
    # The next read asks what changed since, by the time of the Date header.
    site.time = datetime.now(UTC)
    site.edit(102)
    site.papers["102"].remarks.clear()
    del site.papers["103"]
    site.papers["501"].status = "trashed"
    await sync.read(Census.ALWAYS)
    assert await held(rows) == (
        {("101", "page", 1), ("102", "page", 2)},
        {f"101/{key}", "101/1", f"102/{key}", "102/1", "102/2", f"103/{key}", "103/1", f"501/{key}", "501/1"},
    )


async def restricted(rows: Rows) -> list[str]:
    return [row[0] for row in await rows(RESTRICTED)]


@pytest.mark.parametrize("kind", [CloudSite, DataCenterSite])
async def test_a_restricted_page_and_all_below_it_are_kept_as_restricted(
    kind: type[Site],
    open_database: OpenDatabase,
    organisations: tuple[SampleOrganisation, SampleOrganisation],
    rows: Rows,
) -> None:
    site = kind()
    sync = Sync(open_database, organisations[0], site)
    for number, parent in ((101, None), (102, "101"), (103, "102"), (104, None)):
        site.add(number).parent = parent
    site.add(501, kind="blogpost").restricted = True
    site.papers["102"].restricted = True
    await sync.read()
    assert await restricted(rows) == ["102", "103", "501"]


@pytest.mark.parametrize("kind", [CloudSite, DataCenterSite])
async def test_restrictions_set_and_lifted_later_are_followed_though_no_page_changed(
    kind: type[Site],
    open_database: OpenDatabase,
    organisations: tuple[SampleOrganisation, SampleOrganisation],
    rows: Rows,
) -> None:
    site = kind()
    sync = Sync(open_database, organisations[0], site)
    for number, parent in ((101, None), (102, "101"), (103, "102"), (104, None)):
        site.add(number).parent = parent
    await sync.read()
    assert await restricted(rows) == []
    versions = "select external_id, version, updated_at from documents order by 1"
    before = await rows(versions)
    site.papers["101"].restricted = True
    await sync.read()
    # Not half an hour has gone by since they were compared.
    assert await restricted(rows) == []
    await sync.forget_comparison()
    await sync.read()
    assert await restricted(rows) == ["101", "102", "103"]
    site.papers["101"].restricted, site.papers["103"].restricted = False, True
    await sync.forget_comparison()
    await sync.read()
    assert await restricted(rows) == ["103"]
    assert await rows(versions) == before


async def test_a_census_compares_restrictions_too(
    open_database: OpenDatabase, organisations: tuple[SampleOrganisation, SampleOrganisation], rows: Rows
) -> None:
    site = CloudSite()
    sync = Sync(open_database, organisations[0], site)
    site.add(101)
    await sync.read()
    site.papers["101"].restricted = True
    await sync.read(Census.ONLY)
    assert await restricted(rows) == ["101"]


async def test_a_new_page_that_the_search_does_not_know_yet_is_restricted_until_it_does(
    open_database: OpenDatabase, organisations: tuple[SampleOrganisation, SampleOrganisation], rows: Rows
) -> None:
    site = CloudSite()
    sync = Sync(open_database, organisations[0], site)
    site.add(101)
    site.add(102)
    site.unindexed.add("102")
    await sync.read()
    assert await restricted(rows) == ["102"]
    site.unindexed.clear()
    await sync.forget_comparison()
    await sync.read()
    assert await restricted(rows) == []
