"""`ovia-ingest run` as its container runs it: against a source on a socket, into a real database."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.conftest import RoleDsn, SampleOrganisation
from tests.ingest.conftest import Finished, Ingest
from tests.ingest.jira.server import LISTINGS, JiraServer
from tests.ingest.test_killed import Rows

KEYS = Fernet.generate_key().decode()
KILLS = 20

STATE = {
    "raw": "select stream, external_id, content_hash from raw_records where org_id = $1",
    "items": "select external_id, key, title, project_external_id, removed_at is null from work_items"
    " where org_id = $1",
    "keys": "select key, work_item_external_id from work_item_keys where org_id = $1",
    "transitions": "select work_item_external_id, history_external_id, ordinal, removed_at is null"
    " from work_item_transitions where org_id = $1",
    "comments": "select subject_external_id, external_id, body from comments where org_id = $1",
    "sprints": "select external_id, name, state from sprints where org_id = $1",
    "releases": "select external_id, name, released from releases where org_id = $1",
    "projects": "select external_id, key, name from projects where org_id = $1",
    "fields": "select external_id, role from field_definitions where org_id = $1",
    "identities": "select source, external_id, display_name, email from identities where org_id = $1",
    "dead letters": "select stream, external_id, reason from dead_letters where org_id = $1",
    "people": "select display_name from people where org_id = $1",
}


class Run:
    """The ingest, given a Jira by its environment."""

    def __init__(self, ingest: Ingest, address: str) -> None:
        self._ingest = ingest
        self._settings = {
            "JIRA_BASE_URL": address,
            "JIRA_API_TOKEN": "hush-hush-token",
            "JIRA_EMAIL": "ann@fernweh.example",
            "JIRA_MAX_RETRIES": "1",
            "OVIA_CREDENTIALS_KEYS": KEYS,
        }

    async def start(
        self, organisation: SampleOrganisation, *options: str, **settings: str
    ) -> asyncio.subprocess.Process:
        arguments = ("run", "--organisation", organisation.name, *options)
        return await self._ingest.start(*arguments, **(self._settings | settings))

    async def end(self, organisation: SampleOrganisation, *options: str, **settings: str) -> Finished:
        process = await self.start(organisation, *options, **settings)
        out, err = await process.communicate()
        return Finished(process.returncode or 0, out.decode(), err.decode())


@pytest.fixture
def jira() -> JiraServer:
    server = JiraServer()
    for number in range(1, 121):
        server.add(number)
    server.edit(7, comment={"comments": [{"id": "1", "body": "one"}], "total": 3})
    return server


@pytest.fixture
async def run(ingest: Ingest, jira: JiraServer) -> AsyncIterator[Run]:
    async with jira.served() as address:
        yield Run(ingest, address)


async def state_of(rows: Rows, organisation: SampleOrganisation) -> dict[str, list[Any]]:
    """Everything a run leaves behind, without the ids and moments that differ from run to run."""
    return {
        name: sorted(map(repr, (tuple(row) for row in await rows(query, organisation.id))))
        for name, query in STATE.items()
    }


async def make_due(rows: Rows) -> None:
    await rows("update sync_partitions set next_due_at = now()")


async def test_everything_a_jira_has_is_read_and_the_second_run_changes_nothing(
    run: Run, rows: Rows, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    ours, theirs = organisations
    first = await run.end(ours)
    assert first.code == 0, first.err
    found = await state_of(rows, ours)
    counts = {name: len(lines) for name, lines in found.items()}
    assert counts == {
        "raw": 126, "items": 120, "keys": 120, "transitions": 0, "comments": 3, "sprints": 1, "releases": 1,
        "projects": 1, "fields": 1, "identities": 1, "dead letters": 0, "people": 1,
    }  # fmt: skip
    await make_due(rows)
    second = await run.end(ours)
    assert second.code == 0, second.err
    assert await state_of(rows, ours) == found
    assert "hush-hush" not in first.out + first.err + second.out + second.err
    assert not any((await state_of(rows, theirs)).values())


async def test_nothing_due_is_nothing_read(
    run: Run, jira: JiraServer, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    await run.end(organisations[0])
    before = jira.requests
    assert (await run.end(organisations[0])).code == 0
    assert jira.requests == before


async def test_renormalising_asks_no_source_and_gives_the_same_rows(
    run: Run, jira: JiraServer, rows: Rows, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    await run.end(organisations[0])
    found = await state_of(rows, organisations[0])
    await rows("update work_items set title = 'spoilt', removed_at = null")
    await rows("delete from comments")
    before = jira.requests
    finished = await run.end(organisations[0], "--renormalise")
    assert finished.code == 0, finished.err
    assert jira.requests == before
    assert await state_of(rows, organisations[0]) == found


async def test_what_was_edited_moved_and_deleted_during_a_read_is_as_in_the_source_after_the_next(
    run: Run, jira: JiraServer, rows: Rows, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    chance = random.Random(3)

    def disturb(page: int) -> None:
        number = chance.choice(list(jira.issues))
        if page % 3 == 0:
            del jira.issues[number]
        else:
            jira.edit(int(number), summary=f"edited at {page}")

    jira.before_search = disturb
    assert (await run.end(organisations[0])).code == 0
    jira.before_search = lambda _: None
    # The small server's edits carry times of its own calendar, which its Date header does not follow.
    await make_due(rows)
    assert (await run.end(organisations[0], "--full", "--census")).code == 0
    stored = await rows("select external_id, title from work_items where removed_at is null")
    held = {number: issue["fields"]["summary"] for number, issue in jira.issues.items()}
    assert {row["external_id"]: row["title"] for row in stored} == held


@pytest.mark.timeout(240)
async def test_twenty_kills_at_random_points_end_in_the_state_of_an_undisturbed_run(
    run: Run, jira: JiraServer, rows: Rows, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    disturbed, undisturbed = organisations
    chance = random.Random(11)
    for number in range(121, 300):
        jira.add(number)
    jira.page_limit = 4
    for _ in range(KILLS):
        process = await run.start(disturbed)
        # A few requests further than the one before, then anywhere between a request and the commit it leads to.
        target = jira.requests + chance.randint(1, 6)
        while jira.requests < target:
            assert process.returncode is None, (await process.communicate())[1].decode()
            await asyncio.sleep(0.002)
        await asyncio.sleep(chance.uniform(0, 0.03))
        process.kill()
        await process.communicate()
        await rows("update sync_partitions set lease_expires_at = now() where lease_expires_at is not null")
    unread = await rows("select from sync_partitions where stream = 'issues' and last_success_at is not null")
    assert unread == []
    assert (await run.end(disturbed)).code == 0
    await make_due(rows)
    assert (await run.end(disturbed)).code == 0
    assert (await run.end(undisturbed)).code == 0
    expected = await state_of(rows, undisturbed)
    found = await state_of(rows, disturbed)
    for part, value in expected.items():
        assert found[part] == value, part


async def test_two_containers_share_the_work_and_lose_none_of_it(
    run: Run, jira: JiraServer, rows: Rows, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    shared, alone = organisations
    outcomes = await asyncio.gather(run.end(shared), run.end(shared), run.end(shared))
    assert [one.code for one in outcomes] == [0, 0, 0], [one.err for one in outcomes]
    assert (await run.end(shared)).code == 0
    assert (await run.end(alone)).code == 0
    assert await state_of(rows, shared) == await state_of(rows, alone)


async def test_a_database_that_goes_away_again_and_again_costs_time_and_nothing_else(
    run: Run, jira: JiraServer, rows: Rows, role_dsn: RoleDsn,
    organisations: tuple[SampleOrganisation, SampleOrganisation],
) -> None:  # fmt: skip
    disturbed, undisturbed = organisations
    process = await run.start(disturbed)
    for _ in range(12):
        await asyncio.sleep(0.25)
        await rows(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where usename = 'ovia_ingest' and datname = current_database()"
        )
    _, err = await process.communicate()
    await make_due(rows)
    assert (await run.end(disturbed)).code == 0, err
    assert (await run.end(undisturbed)).code == 0
    assert await state_of(rows, disturbed) == await state_of(rows, undisturbed)


async def test_a_project_that_is_no_longer_shown_is_lost_and_not_deleted(
    run: Run, rows: Rows, monkeypatch: pytest.MonkeyPatch,
    organisations: tuple[SampleOrganisation, SampleOrganisation],
) -> None:  # fmt: skip
    await run.end(organisations[0])
    monkeypatch.setitem(LISTINGS, "project/search", {"values": [], "isLast": True})
    assert (await run.end(organisations[0], "--once", "projects", "--full")).code == 0
    (project,) = await rows("select access_lost_at is not null as lost, removed_at from projects")
    assert (project["lost"], project["removed_at"]) == (True, None)
    assert len(await rows("select from work_items where removed_at is null")) == 120


async def test_a_wrong_token_is_a_sentence_and_keeps_everything(
    run: Run, rows: Rows, organisations: tuple[SampleOrganisation, SampleOrganisation], jira: JiraServer
) -> None:
    jira.refused = True
    finished = await run.end(organisations[0])
    assert finished.code == 1
    assert "401" in finished.err
    assert "Traceback" not in finished.err
    (failed,) = {
        row["last_error"] for row in await rows("select last_error from sync_partitions where stream='fields'")
    }
    assert "401" in failed


async def test_an_unknown_stream_is_named_with_those_there_are(
    run: Run, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    finished = await run.end(organisations[0], "--once", "issuez")
    assert finished.code == 1
    assert "no connection has a stream 'issuez'; known are fields, issues" in finished.err


async def test_a_missing_key_for_credentials_says_what_to_set(
    run: Run, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    finished = await run.end(organisations[0], OVIA_CREDENTIALS_KEYS="")
    assert finished.code == 1
    assert "OVIA_CREDENTIALS_KEYS" in finished.err
