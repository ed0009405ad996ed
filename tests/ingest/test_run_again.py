"""Runs after the first: newer normalisers, parts that are gone, projects that are lost, and work that ends."""

from collections.abc import AsyncIterator

import pytest

from ovia_ingest.connectors.jira import normalise_issue
from ovia_local.ports import free_ports
from tests.conftest import SampleOrganisation
from tests.ingest.conftest import Ingest
from tests.ingest.histories import History
from tests.ingest.jira.server import LISTINGS, JiraServer
from tests.ingest.test_killed import Rows
from tests.ingest.test_run import Run, make_due

Organisations = tuple[SampleOrganisation, SampleOrganisation]


@pytest.fixture
def jira() -> JiraServer:
    server = JiraServer()
    for number in range(1, 13):
        server.add(number)
    return server


@pytest.fixture
async def run(ingest: Ingest, jira: JiraServer) -> AsyncIterator[Run]:
    async with jira.served() as address:
        yield Run(ingest, address)


async def test_rows_of_an_older_normaliser_are_made_anew_before_more_are_read(
    run: Run, jira: JiraServer, rows: Rows, organisations: Organisations
) -> None:
    await run.end(organisations[0])
    await rows("update sync_partitions set normaliser_version = 0 where stream = 'issues'")
    # Another partition of the stream that was never read must not make the old one look current.
    await rows(
        "insert into sync_partitions (org_id, id, connection_id, stream, scope) select org_id, gen_random_uuid(),"
        " connection_id, 'issues', 'none' from sync_partitions where stream = 'issues'"
    )
    await rows("update work_items set title = 'made by the old one'")
    await make_due(rows)
    await run.end(organisations[0])
    assert {row["title"] for row in await rows("select title from work_items")} == {"new"}
    versions = {row["normaliser_version"] for row in await rows("select * from sync_partitions where stream='issues'")}
    assert versions == {normalise_issue.VERSION}


async def test_an_older_ingest_writes_nothing_over_what_a_newer_one_made(
    run: Run, rows: Rows, organisations: Organisations
) -> None:
    await run.end(organisations[0])
    await rows("update sync_partitions set normaliser_version = 99 where stream = 'issues'")
    await make_due(rows)
    finished = await run.end(organisations[0])
    assert finished.code == 1
    assert f"a newer Ovia has read this (normaliser 99, here {normalise_issue.VERSION}); update" in finished.err


async def test_users_that_may_not_be_listed_keep_no_project_from_being_read(
    run: Run, rows: Rows, organisations: Organisations, monkeypatch: pytest.MonkeyPatch, jira: JiraServer
) -> None:
    jira.forbidden.add("users/search")
    finished = await run.end(organisations[0])
    assert finished.code == 0, finished.err
    assert len(await rows("select from work_items")) == 12


async def test_a_project_lost_after_the_first_read_is_noticed_and_no_longer_read(
    run: Run, rows: Rows, organisations: Organisations, monkeypatch: pytest.MonkeyPatch, jira: JiraServer
) -> None:
    await run.end(organisations[0])
    monkeypatch.setitem(LISTINGS, "project/search", {"values": [], "isLast": True})
    await make_due(rows)
    # Its list is compared every time, so that a narrowed choice of projects counts from the next run on.
    assert (await run.end(organisations[0])).code == 0
    (project,) = await rows("select access_lost_at is not null as lost from projects")
    assert project["lost"]
    searches = len(jira.searches)
    await make_due(rows)
    assert (await run.end(organisations[0])).code == 0
    assert len(jira.searches) == searches
    # What was understood anew does not show it again.
    assert (await run.end(organisations[0], "--renormalise")).code == 0
    (project,) = await rows("select access_lost_at is not null as lost from projects")
    assert project["lost"]


async def test_parts_a_newer_normaliser_no_longer_makes_are_gone(
    run: Run, jira: JiraServer, rows: Rows, organisations: Organisations
) -> None:
    jira.edit(3, comment={"comments": [{"id": "1", "body": "x"}], "total": 1})
    await run.end(organisations[0])
    await rows(
        "insert into comments (org_id, connection_id, raw_record_id, subject_kind, subject_external_id, external_id,"
        " body, inline) select org_id, connection_id, raw_record_id, subject_kind, subject_external_id, 'old', 'y',"
        " false from comments"
    )
    assert (await run.end(organisations[0], "--renormalise", "--once", "issues")).code == 0
    live = await rows("select external_id from comments where removed_at is null")
    assert [row["external_id"] for row in live] == ["1"]


async def test_a_connection_removed_by_people_does_not_come_back_by_itself(
    run: Run, rows: Rows, organisations: Organisations
) -> None:
    await run.end(organisations[0])
    await rows("update connections set status = 'removed'")
    finished = await run.end(organisations[0])
    assert finished.code == 0, finished.err
    assert "was removed as a connection and is not read" in finished.err
    assert len(await rows("select from connections")) == 1


async def test_what_is_due_again_while_a_run_works_is_the_next_runs(
    run: Run, jira: JiraServer, rows: Rows, organisations: Organisations
) -> None:
    await run.end(organisations[0])
    # A trigger that makes every partition due again the moment it is done.
    await rows(
        "create function due_again() returns trigger language plpgsql as $$ begin new.next_due_at := now();"
        " return new; end $$"
    )
    await rows("create trigger due_again before update on sync_partitions for each row execute function due_again()")
    await make_due(rows)
    before = jira.requests
    assert (await run.end(organisations[0])).code == 0
    assert jira.requests - before < 40


async def test_a_letter_that_comes_back_is_open_again(
    run: Run, jira: JiraServer, rows: Rows, organisations: Organisations
) -> None:
    for summary, expected in (({"no": "text"}, 1), ("good", 0), ({"no": "text"}, 1)):
        jira.issues["3"]["fields"]["summary"] = summary
        await make_due(rows)
        assert (await run.end(organisations[0], "--full")).code == 0
        assert len(await rows("select from dead_letters where resolved_at is null")) == expected


async def test_keys_that_are_none_stop_the_run_before_any_partition_fails(
    run: Run, rows: Rows, organisations: Organisations
) -> None:
    await run.end(organisations[0])
    await make_due(rows)
    finished = await run.end(organisations[0], OVIA_CREDENTIALS_KEYS="no-key")
    assert finished.code == 1
    assert "OVIA_CREDENTIALS_KEYS" in finished.err
    assert await rows("select from sync_partitions where consecutive_failures > 0") == []


async def test_progress_counts_the_read_under_way(run: Run, rows: Rows, organisations: Organisations) -> None:
    await run.end(organisations[0])
    await make_due(rows)
    await run.end(organisations[0], "--once", "fields")
    (fields,) = await rows("select records_done from sync_partitions where stream = 'fields'")
    assert fields["records_done"] == 1


async def test_a_source_that_is_down_costs_one_failure_and_not_one_for_each_stream(
    run: Run, rows: Rows, organisations: Organisations
) -> None:
    (closed,) = free_ports(1)
    settings = {"JIRA_BASE_URL": f"http://127.0.0.1:{closed}", "OVIA_PARTITIONS_AT_ONCE": "1"}
    finished = await run.end(organisations[0], **settings)
    assert finished.code == 1
    assert "refuses the connection" in finished.err
    assert "Its other streams wait for the next run" in finished.err
    (failed,) = await rows("select stream from sync_partitions where consecutive_failures > 0")
    assert failed["stream"] == "fields"


async def test_a_repository_connected_over_http_is_read_with_the_rest(
    ingest: Ingest, history: History, rows: Rows, organisations: Organisations
) -> None:
    history.fill(20)
    ours = organisations[0]
    # As the api stores it; over a path, since there is no git server here.
    await rows(
        "insert into connections (org_id, id, kind, name, base_url) values ($1, gen_random_uuid(), 'git', 'shop', $2)",
        ours.id,
        str(history.path),
    )
    process = await ingest.start("run", "--organisation", ours.name)
    _, err = await process.communicate()
    assert process.returncode == 0, err
    assert len(await rows("select from commits")) == 20
