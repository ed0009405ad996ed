"""Whatever a source sends is stored, or kept as a dead letter with a reason; the run goes on."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conftest import SampleOrganisation
from tests.ingest.conftest import Ingest
from tests.ingest.jira.server import JiraServer
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


def spoil(jira: JiraServer, number: int, **fields: Any) -> None:
    jira.issues[str(number)]["fields"] |= fields


async def test_hostile_issues_are_stored_or_kept_with_a_reason_and_the_others_are_read(
    run: Run, jira: JiraServer, rows: Rows, organisations: Organisations
) -> None:
    spoil(jira, 1, summary="NUL \0 inside", description="\0")
    spoil(jira, 2, description={"type": "doc", "content": [{"type": "text", "text": "x" * 10_000_000}]})
    spoil(jira, 3, created="0000-99-99", updated="infinity", resolutiondate=10**40)
    spoil(jira, 4, **dict.fromkeys(["summary", "status", "project", "created", "comment", "worklog", "issuelinks"]))
    spoil(jira, 5, summary="half \ud83d of a character")
    spoil(jira, 6, summary=["a", "list"], labels={"an": "object"})
    spoil(jira, 7, parent={"id": "7", "key": "GLD-7"},
          issuelinks=[{"id": "1", "type": {"name": "Blocks"}, "inwardIssue": {"id": "7", "key": "GLD-7"}}])  # fmt: skip
    spoil(jira, 8, unknown={"deep": [[[[[[[[[[[[]]]]]]]]]]]]}, customfield_10000="no list")
    jira.issues["9"]["fields"] = None
    # Null where the project belongs: the small server would not find it again.
    for number in ("4", "9"):
        jira.pinned.add(number)
    finished = await run.end(organisations[0])
    assert finished.code == 0, finished.err
    assert "Traceback" not in finished.err
    stored = {row["external_id"]: row for row in await rows("select * from work_items")}
    letters = {row["external_id"]: row["reason"] for row in await rows("select external_id, reason from dead_letters")}
    assert set(stored) | set(letters) == {str(number) for number in range(1, 13)}
    assert set(letters) == {"6"}
    assert stored["5"]["title"] == "half � of a character"
    assert stored["1"]["title"] == "NUL inside"
    assert json.loads(stored["2"]["notes"]) == ["description cut from 10,000,000 to 200,000 characters"]
    assert stored["3"]["created_at"] is None
    assert len(json.loads(stored["3"]["notes"])) == 3
    assert stored["9"]["title"] == "GLD-9"


async def test_bytes_that_are_no_text_are_kept_as_they_came(
    run: Run, jira: JiraServer, rows: Rows, organisations: Organisations
) -> None:
    spoil(jira, 3, summary="MARK")
    jira.garble = lambda body: body.replace(b"MARK", b"\xff\xfe")
    finished = await run.end(organisations[0])
    assert finished.code == 0, finished.err
    (letter,) = await rows("select external_id, reason, payload from dead_letters")
    assert letter["external_id"] == "3"
    assert "UTF-8" in letter["reason"]
    assert b"\xff\xfe" in letter["payload"]
    assert len(await rows("select from work_items")) == 11


async def test_a_record_mended_in_the_source_closes_its_dead_letter(
    run: Run, jira: JiraServer, rows: Rows, organisations: Organisations
) -> None:
    spoil(jira, 3, summary={"no": "text"})
    await run.end(organisations[0])
    assert len(await rows("select from dead_letters where resolved_at is null")) == 1
    jira.edit(3, summary="mended")
    await make_due(rows)
    assert (await run.end(organisations[0], "--full")).code == 0
    assert await rows("select from dead_letters where resolved_at is null") == []
    assert len(await rows("select from work_items")) == 12


async def test_a_replay_that_was_asked_for_is_tried_and_says_why_it_failed_again(
    run: Run, jira: JiraServer, rows: Rows, organisations: Organisations
) -> None:
    spoil(jira, 3, summary={"no": "text"})
    await run.end(organisations[0])
    # As if a normaliser that could not read summaries at all had kept the other one.
    await rows(
        "insert into dead_letters (org_id, id, connection_id, stream, external_id, content_hash, payload, reason,"
        " normaliser_version) select org_id, gen_random_uuid(), connection_id, stream, external_id, content_hash,"
        " convert_to(payload::text, 'UTF8'), 'too new', 0 from raw_records"
        " where stream = 'issues' and external_id = '4'"
    )
    await rows("delete from work_items where external_id = '4'")
    await rows("update dead_letters set replay_requested_at = now()")
    finished = await run.end(organisations[0])
    assert finished.code == 0, finished.err
    outcome = {
        row["external_id"]: row["resolved_at"] is not None
        for row in await rows("select external_id, resolved_at from dead_letters where replay_requested_at is null")
    }
    assert outcome == {"3": False, "4": True}
    assert len(await rows("select from work_items where external_id = '4'")) == 1


async def test_a_web_page_instead_of_json_moves_no_cursor(
    run: Run, jira: JiraServer, rows: Rows, organisations: Organisations
) -> None:
    jira.garble = lambda _: b"<html>Please sign in</html>"
    finished = await run.end(organisations[0])
    assert finished.code == 1
    (partition,) = await rows("select cursor, last_error from sync_partitions where stream = 'issues'")
    assert "instead of JSON" in partition["last_error"] or "not JSON" in partition["last_error"]
    jira.garble = lambda body: body
    await make_due(rows)
    assert (await run.end(organisations[0])).code == 0
    assert len(await rows("select from work_items")) == 12


async def test_replaced_versions_are_dropped_when_they_are_old_and_the_newest_stays(
    run: Run, jira: JiraServer, rows: Rows, organisations: Organisations
) -> None:
    await run.end(organisations[0])
    jira.edit(3, summary="edited")
    await make_due(rows)
    await run.end(organisations[0], "--full")
    await rows("update raw_records set fetched_at = fetched_at - interval '40 days'")
    before = len(await rows("select from raw_records"))
    assert (await run.end(organisations[0], OVIA_RAW_RETENTION_DAYS="30")).code == 0
    assert len(await rows("select from raw_records")) == before - 1
    (kept,) = await rows(
        "select payload -> 'issue' -> 'fields' ->> 'summary' as s from raw_records"
        " where stream = 'issues' and external_id = '3'"
    )
    assert kept["s"] == "edited"


async def test_a_value_the_database_does_not_take_costs_its_record_and_no_other(
    run: Run, jira: JiraServer, rows: Rows, organisations: Organisations
) -> None:
    await rows("alter table work_items add check (title <> 'the one that does not fit')")
    spoil(jira, 3, summary="the one that does not fit", reporter={"accountId": "new", "displayName": "New Here"})
    finished = await run.end(organisations[0])
    assert finished.code == 0, finished.err
    (letter,) = await rows("select external_id, reason from dead_letters")
    assert letter["external_id"] == "3"
    assert "breaks a rule" in letter["reason"]
    assert len(await rows("select from work_items")) == 11
    assert len(await rows("select from raw_records where stream = 'issues'")) == 12


async def test_lists_of_any_length_stay_lists(
    run: Run, jira: JiraServer, rows: Rows, organisations: Organisations
) -> None:
    spoil(jira, 1, labels=["a"])
    spoil(jira, 2, labels=["a", "b"])
    await run.end(organisations[0])
    stored = {row["external_id"]: json.loads(row["labels"]) for row in await rows("select * from work_items")}
    assert (stored["1"], stored["2"], stored["3"]) == (["a"], ["a", "b"], [])
