"""Users and spaces are listed whole, every time."""

import pytest

from ovia_ingest.connectors.confluence.connector import CONNECTOR
from ovia_ingest.sources.reading import Window
from ovia_shared.errors import SourceError, SourceFault
from tests.ingest.confluence.cloud_site import CloudSite
from tests.ingest.confluence.data_center_site import DataCenterSite
from tests.ingest.confluence.site import START, Site

BOTH = pytest.mark.parametrize("kind", [CloudSite, DataCenterSite])


async def listed(site: Site, stream: str, scopes: tuple[str, ...] = ()) -> list[str]:
    async with site.reached(None, scopes) as (client, context):
        reading = CONNECTOR.reading(stream, "", client, context)
        assert reading.whole
        assert await reading.named(["1"]) == []
        # What changed since does not matter: there is always everything.
        return [record.external_id async for batch in reading.batches(Window(START)) for record in batch.records]


async def test_each_user_of_cloud_is_listed_once_from_groups_and_from_the_search() -> None:
    assert await listed(CloudSite(), "users") == [f"u{number}" for number in range(40)]


async def test_each_user_of_data_center_is_listed_once_whatever_the_groups_are_called() -> None:
    assert await listed(DataCenterSite(), "users") == ["k0", "k-staff", "k-night/shift", "k-все"]


@BOTH
async def test_all_spaces_are_listed(kind: type[Site]) -> None:
    assert await listed(kind(), "spaces") == [str(number) for number in range(1, 26)]


@BOTH
async def test_only_the_spaces_named_are_listed(kind: type[Site]) -> None:
    assert await listed(kind(), "spaces", ("S3", "S11")) == ["3", "11"]


@BOTH
async def test_a_space_that_cannot_be_seen_is_named(kind: type[Site]) -> None:
    with pytest.raises(SourceError, match="no space HIDDEN, or the account") as caught:
        await listed(kind(), "spaces", ("S3", "HIDDEN"))
    assert caught.value.fault is SourceFault.FATAL


async def test_a_list_of_nothing_but_empty_pages_ends_in_an_error() -> None:
    site = CloudSite()
    site.page_limit = 0
    site.repeats = "page"
    with pytest.raises(SourceError, match="again and again"):
        await listed(site, "spaces")
