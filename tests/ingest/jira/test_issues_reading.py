"""Issues are read whole and without a gap, from Cloud and from Data Center, while people change them."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ovia_ingest.connectors.jira.issues import IssuesReading
from ovia_ingest.sources.reading import Batch, Window
from ovia_shared.errors import SourceError
from ovia_shared.models.source import Deployment
from tests.ingest.jira.server import START, JiraServer

BOTH = pytest.mark.parametrize("deployment", [Deployment.CLOUD, Deployment.DATA_CENTER])


async def read(
    server: JiraServer, deployment: Deployment, window: Window, days: int = 90, *, most: int = 1000
) -> list[Batch]:
    async with server.reached(deployment, days) as (jira, context):
        batches = []
        async for batch in IssuesReading(jira, context).batches(window):
            batches.append(batch)
            assert len(batches) <= most, "the read does not end"
        return batches


def ids(batches: list[Batch]) -> list[str]:
    return [record.external_id for batch in batches for record in batch.records]


@BOTH
async def test_a_first_read_finds_every_issue_of_every_age(deployment: Deployment) -> None:
    server = JiraServer()
    now = datetime.now(UTC)
    for number in range(60):
        server.add(number, created=now - timedelta(days=20 * number, minutes=1))
    batches = await read(server, deployment, Window(None), days=90)
    assert sorted(ids(batches), key=int) == [str(number) for number in range(60)]
    # The newest window first.
    assert set(ids(batches)[:5]) == {"0", "1", "2", "3", "4"}


@BOTH
async def test_a_first_read_goes_on_from_any_batch(deployment: Deployment) -> None:
    server = JiraServer()
    now = datetime.now(UTC)
    for number in range(45):
        server.add(number, created=now - timedelta(days=5 * number, minutes=1))
    whole = await read(server, deployment, Window(None), days=100)
    for place, batch in enumerate(whole[:-1]):
        rest = await read(server, deployment, Window(None, batch.position), days=100)
        assert set(ids(whole[: place + 1])) | set(ids(rest)) == {str(number) for number in range(45)}


@BOTH
async def test_a_later_read_asks_only_for_what_changed(deployment: Deployment) -> None:
    server = JiraServer()
    for number in range(30):
        server.add(number)
    since = server.time
    server.edit(3, summary="edited")
    server.edit(17, summary="edited")
    assert ids(await read(server, deployment, Window(since))) == ["3", "17", "29"]


@BOTH
async def test_no_issue_is_passed_over_while_others_leave_and_come(deployment: Deployment) -> None:
    server = JiraServer()
    for number in range(400):
        server.add(number)

    def disturb(page: int) -> None:
        # Those that were read leave, which moves all others forward; an old one appears, which moves them back.
        for number in range(page * 7, page * 7 + 5):
            server.issues.pop(str(number), None)
        server.add(1000 + page, created=START + timedelta(seconds=page))

    server.before_search = disturb
    found = set(ids(await read(server, deployment, Window(START))))
    stayed = {number for number in server.issues if int(number) < 1000}
    assert stayed <= found


@pytest.mark.parametrize("most", [2, 7, 100, 150])
async def test_a_server_that_gives_little_at_once_is_read_to_its_end(most: int) -> None:
    server = JiraServer()
    server.most = most
    for number in range(230):
        server.add(number)
    found = ids(await read(server, Deployment.DATA_CENTER, Window(START), most=500))
    assert set(found) == {str(number) for number in range(230)}


@BOTH
async def test_a_list_that_shrinks_to_nothing_ends(deployment: Deployment) -> None:
    server = JiraServer()
    for number in range(250):
        server.add(number)

    def wipe(page: int) -> None:
        if page == 2:
            server.issues.clear()

    server.before_search = wipe
    await read(server, deployment, Window(START), most=20)


async def test_a_page_token_that_expired_begins_its_window_anew() -> None:
    server = JiraServer()
    for number in range(30):
        server.add(number)
    first = (await read(server, Deployment.CLOUD, Window(START)))[0]
    assert isinstance(first.position, dict)
    server.expired.add(first.position["place"])
    rest = await read(server, Deployment.CLOUD, Window(START, first.position))
    assert sorted(ids(rest), key=int) == [str(number) for number in range(30)]


async def test_parts_that_came_cut_are_fetched_whole() -> None:
    server = JiraServer()
    server.add(1)
    server.edit(1, comment={"comments": [{"id": "0"}], "total": 55})
    (batch,) = await read(server, Deployment.CLOUD, Window(START))
    envelope = msgspec.json.decode(batch.records[0].payload)
    assert [one["id"] for one in envelope["comments"]] == [str(number) for number in range(55)]
    assert "worklogs" not in envelope


async def test_changelogs_in_several_pages_go_to_their_issues() -> None:
    server = JiraServer()
    for number in range(9):
        server.add(number)
    for batch in await read(server, Deployment.CLOUD, Window(START)):
        for record in batch.records:
            envelope = msgspec.json.decode(record.payload)
            assert [one["id"] for one in envelope["changelog"]] == [f"9{record.external_id}"]


@BOTH
async def test_the_census_names_every_issue_and_nothing_else(deployment: Deployment) -> None:
    server = JiraServer()
    for number in range(35):
        server.add(number)
    server.add(99, project="SKY")
    async with server.reached(deployment) as (jira, context):
        assert await IssuesReading(jira, context).present() == sorted(str(number) for number in range(35))


@BOTH
async def test_named_issues_come_as_they_are_and_the_others_not_at_all(deployment: Deployment) -> None:
    server = JiraServer()
    server.add(5, project="SKY")
    async with server.reached(deployment) as (jira, context):
        found = await IssuesReading(jira, context).named(["4", "5"])
    assert [record.external_id for record in found] == ["5"]


async def test_an_empty_project_is_read_in_one_request() -> None:
    server = JiraServer()
    assert await read(server, Deployment.CLOUD, Window(None)) == []


async def test_a_token_that_repeats_is_a_fault_and_not_an_end() -> None:
    server = JiraServer()
    for number in range(30):
        server.add(number)
    server.stuck = True
    with pytest.raises(SourceError, match="again and again"):
        await read(server, Deployment.CLOUD, Window(START), most=5)
