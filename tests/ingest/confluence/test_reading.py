"""Documents are read whole and without a gap, from Cloud and from Data Center, while people change them."""

import json
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from ovia_ingest.connectors.confluence.connector import CONNECTOR
from ovia_ingest.sources.reading import Batch, Window
from ovia_shared.errors import SourceError, SourceFault, SourceRefused
from tests.ingest.confluence.cloud_site import CloudSite
from tests.ingest.confluence.data_center_site import V1, DataCenterSite
from tests.ingest.confluence.payloads import Json
from tests.ingest.confluence.site import START, Site

Kind = TypeVar("Kind", bound=Site)
BOTH = pytest.mark.parametrize("kind", [CloudSite, DataCenterSite])


async def read(site: Site, window: Window, stream: str = "pages", most: int = 100) -> list[Batch]:
    async with site.reached() as (client, context):
        batches = []
        async for batch in CONNECTOR.reading(stream, "7", client, context).batches(window):
            batches.append(batch)
            assert len(batches) <= most, "the read does not end"
        return batches


async def present(site: Site) -> list[str]:
    async with site.reached() as (client, context):
        found = await CONNECTOR.reading("pages", "7", client, context).present()
        assert found is not None
        return found


async def named(site: Site, *ids: str) -> list[str]:
    async with site.reached() as (client, context):
        records = await CONNECTOR.reading("pages", "7", client, context).named(ids)
        return [record.external_id for record in records]


def ids(batches: list[Batch]) -> list[str]:
    return [record.external_id for batch in batches for record in batch.records]


def payloads(batches: list[Batch]) -> dict[str, Any]:
    return {record.external_id: json.loads(record.payload) for batch in batches for record in batch.records}


def filled(site: Kind, count: int = 35) -> Kind:
    for number in range(101, 101 + count):
        site.add(number)
    site.add(501, kind="blogpost")
    site.add(601, space="8")
    return site


@BOTH
async def test_a_first_read_finds_every_page_of_the_space_and_nothing_else(kind: type[Site]) -> None:
    site = filled(kind())
    assert ids(await read(site, Window(None))) == [str(number) for number in range(101, 136)]
    assert ids(await read(site, Window(None), "blogposts")) == ["501"]


@BOTH
async def test_a_first_read_goes_on_from_any_batch(kind: type[Site]) -> None:
    site = filled(kind())
    whole = await read(site, Window(None))
    for place, batch in enumerate(whole):
        position = json.loads(json.dumps(batch.position))
        rest = await read(site, Window(None, position))
        assert ids(whole[: place + 1]) + ids(rest) == ids(whole)


@BOTH
async def test_a_page_comes_with_all_that_belongs_to_it(kind: type[Site]) -> None:
    site = kind()
    paper = site.add(101)
    paper.version, paper.labels = 23, [f"label-{number:03}" for number in range(230)]
    for _ in range(12):
        site.remark(101)
    first = site.remark(101, inline=True)
    below = site.remark(101, below=first)
    site.remark(101, below=below)
    envelope = payloads(await read(site, Window(None)))["101"]
    assert [version["number"] for version in envelope["versions"]] == list(range(23, 0, -1))
    assert [label["name"] for label in envelope["labels"]] == paper.labels
    assert comment_ids(envelope) == {str(number) for number in range(9001, 9016)}


def comment_ids(envelope: Json) -> set[str]:
    threads = [*envelope.get("footer_comments", []), *envelope.get("inline_comments", [])]
    return {comment["id"] for comment in envelope.get("comments", [])} | {one["comment"]["id"] for one in threads}


async def test_only_an_edited_comment_and_an_edited_page_are_asked_for_their_versions() -> None:
    site = CloudSite()
    site.add(101)
    site.remark(101)
    edited = site.remark(101, edits=3)
    envelope = payloads(await read(site, Window(None)))["101"]
    assert [len(one.get("versions", [])) for one in envelope["footer_comments"]] == [0, 3]
    asked = [one["path"] for one in site.asked if one["path"].endswith("/versions")]
    assert asked == [f"/wiki/api/v2/footer-comments/{edited.id}/versions"]


@BOTH
async def test_a_later_read_gives_what_was_edited_or_commented_on(kind: type[Site]) -> None:
    site = filled(kind())
    since = site.time + timedelta(days=2)
    site.time = since + timedelta(hours=1)
    site.edit(130)
    site.remark(104)
    answered = site.papers["120"]
    answered.remarks.append(site.remark(120))
    site.remark(501)
    site.add(99)
    batches = await read(site, Window(since))
    assert set(ids(batches)) == {"99", "104", "120", "130"}
    assert batches[-1].total == 4


@BOTH
async def test_a_later_read_goes_on_from_any_batch(kind: type[Site]) -> None:
    site = filled(kind(), 120)
    since = START
    whole = await read(site, Window(since))
    assert len(whole) == 3
    for place, batch in enumerate(whole):
        rest = await read(site, Window(since, json.loads(json.dumps(batch.position))))
        assert ids(whole[: place + 1]) + ids(rest) == ids(whole)


@BOTH
@pytest.mark.parametrize("at", range(2, 5))
async def test_a_later_read_loses_nothing_while_pages_are_deleted(kind: type[Site], at: int) -> None:
    site = filled(kind())
    gone = ["101", "102", "103", "133", "134", "135"]

    def disturb(number: int) -> None:
        if number == at:
            for one in gone:
                site.papers.pop(one, None)

    site.before_list = disturb
    found = set(ids(await read(site, Window(START))))
    assert set(site.papers) - {"501", "601"} <= found
    assert "119" in found


async def test_a_later_read_loses_nothing_while_pages_are_edited() -> None:
    site = filled(CloudSite())
    site.before_list = lambda number: site.edit(100 + number)
    assert set(ids(await read(site, Window(START)))) == {str(number) for number in range(101, 136)}


@BOTH
async def test_what_a_first_read_loses_to_a_deletion_the_census_knows(kind: type[Site]) -> None:
    site = filled(kind())

    def disturb(number: int) -> None:
        if number == 2:
            for one in ("101", "102"):
                del site.papers[one]

    site.before_list = disturb
    found = set(ids(await read(site, Window(None))))
    site.before_list = lambda _: None
    listed = await present(site)
    assert listed == [str(number) for number in range(103, 136)]
    lost = [one for one in listed if one not in found]
    assert await named(site, *lost) == lost
    assert lost == ([] if kind is CloudSite else ["111", "112"])


@BOTH
async def test_a_census_asks_for_ids_only(kind: type[Site]) -> None:
    site = filled(kind())
    await present(site)
    assert not [one for one in site.asked if "body-format" in one or "expand" in one]
    assert len({one["path"] for one in site.asked}) == 1


@BOTH
async def test_what_is_gone_or_in_the_bin_is_left_out(kind: type[Site]) -> None:
    site = filled(kind(), 3)
    site.papers["102"].status = "trashed"
    assert await named(site, "101", "102", "103", "777") == ["101", "103"]


@BOTH
async def test_a_refusal_of_one_page_is_no_deletion(kind: type[Site]) -> None:
    site = filled(kind(), 2)
    path = "/wiki/api/v2/pages/102" if kind is CloudSite else f"{V1}/content/102"
    site.answer(path, 403, {"message": "no"})
    with pytest.raises(SourceRefused):
        await named(site, "101", "102")


@BOTH
async def test_a_page_deleted_while_it_is_read_is_left_out(kind: type[Site]) -> None:
    site = filled(kind(), 3)
    site.papers["102"].version = 2
    path = "/wiki/api/v2/pages/102/versions" if kind is CloudSite else f"{V1}/content/102/child/comment"
    site.answer(path, 404, {"message": "gone"})
    site.answer("/wiki/api/v2/pages/102" if kind is CloudSite else f"{V1}/content/102", 404, {"message": "gone"})
    assert ids(await read(site, Window(None))) == ["101", "103"]


@BOTH
async def test_a_missing_part_of_a_page_that_is_there_is_an_error(kind: type[Site]) -> None:
    site = filled(kind(), 3)
    path = "/wiki/api/v2/pages/102/labels" if kind is CloudSite else f"{V1}/content/102/child/comment"
    site.answer(path, 404, {"message": "no such thing"})
    with pytest.raises(SourceRefused):
        await read(site, Window(None))


@BOTH
async def test_a_record_of_no_known_shape_stops_nothing(kind: type[Site]) -> None:
    site = filled(kind(), 2)
    path = "/wiki/api/v2/spaces/7/pages" if kind is CloudSite else f"{V1}/content"
    odd = [{"id": ["?"], "version": 7}, 3, {"id": "101", "version": "x", "metadata": 5, "body": []}]
    site.answer(path, 200, {"results": odd})
    assert ids(await read(site, Window(None))) == ["", "", "101"]


@pytest.mark.parametrize("repeats", ["cursor", "page"])
async def test_a_list_that_does_not_go_on_is_an_error(repeats: str) -> None:
    site = filled(CloudSite())
    site.repeats = repeats
    with pytest.raises(SourceError, match="again and again") as caught:
        await read(site, Window(START))
    assert caught.value.fault is SourceFault.RETRIABLE
    assert len(site.asked) < 10


async def test_a_link_without_a_place_is_an_error() -> None:
    site = CloudSite()
    site.answer("/wiki/api/v2/spaces/7/pages", 200, {"results": [], "_links": {"next": "/wiki/api/v2/elsewhere"}})
    with pytest.raises(SourceError, match="without saying where"):
        await read(site, Window(None))


async def test_a_place_that_grew_too_old_begins_the_list_anew() -> None:
    site = filled(CloudSite())
    first, *_ = await read(site, Window(None))
    site.expired.add(first.position["place"]["cursor"])
    reached = site.lists
    site.before_list = lambda number: site.expired.clear() if number > reached else None
    assert len(ids(await read(site, Window(None, first.position)))) == 35


async def test_an_old_data_center_has_its_versions_elsewhere() -> None:
    site = filled(DataCenterSite(), 12)
    site.old = True
    envelopes = payloads(await read(site, Window(None)))
    assert {len(one["versions"]) for one in envelopes.values()} == {1}


@BOTH
async def test_a_token_that_no_longer_counts_is_noticed(kind: type[Site]) -> None:
    site = kind()
    async with site.reached() as (client, context):
        now = await CONNECTOR.reading("pages", "7", client, context).now()
        assert now.tzinfo is not None
    path = "/wiki/rest/api/user/current" if kind is CloudSite else f"{V1}/user/current"
    site.answer(path, 200, {"type": "anonymous", "displayName": "Anonymous"})
    async with site.reached() as (client, context):
        with pytest.raises(SourceError, match="anonymous visitor") as caught:
            await CONNECTOR.reading("pages", "7", client, context).now()
    assert caught.value.fault is SourceFault.FATAL
