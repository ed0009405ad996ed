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
