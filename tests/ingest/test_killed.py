"""A reader killed at any moment must leave nothing that the next one cannot finish."""

import asyncio
import contextlib
import random
import signal
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import SampleOrganisation
from tests.ingest.conftest import Ingest
from tests.ingest.histories import History

Rows = Callable[..., Awaitable[list[asyncpg.Record]]]

KILLS = 10
COMMITS = 6000
PAGE = "150"


async def _end_state(rows: Rows, org_id: UUID) -> dict[str, Any]:
    """Everything a run leaves behind, without the ids and moments that differ from run to run."""
    queries = {
        "raw": "select stream, external_id, content_hash, payload::text from raw_records where org_id = $1",
        "identities": """
            select source, external_id, email, display_name, service_account, attributes::text
              from identities where org_id = $1""",
        "commits": """
            select c.sha, a.external_id as author, k.external_id as committer, c.authored_at, c.committed_at, c.summary,
                   c.parent_count, c.notes::text, c.removed_at
              from commits c
              join identities a on a.org_id = c.org_id and a.id = c.author_identity_id
              join identities k on k.org_id = c.org_id and k.id = c.committer_identity_id
             where c.org_id = $1""",
        "co-authors": """
            select c.sha, i.external_id from commit_co_authors c
              join identities i on i.org_id = c.org_id and i.id = c.identity_id where c.org_id = $1""",
        "people": """
            select p.display_name, p.primary_email,
                   string_agg(i.source || i.external_id || m.status || m.confidence || m.rule_trace, ' '
                              order by i.source, i.external_id) as accounts
              from people p join mappings m on m.org_id = p.org_id and m.person_id = p.id
              join identities i on i.org_id = m.org_id and i.id = m.identity_id
             where p.org_id = $1 group by p.id, p.org_id, p.display_name, p.primary_email""",
        "events": """
            select e.action, i.external_id, i.source, e.reason from identity_events e
              join identities i on i.org_id = e.org_id and i.id = e.identity_id where e.org_id = $1""",
        "cursor": "select stream, cursor::text, lease_owner from sync_partitions where org_id = $1",
        "dead letters": "select external_id, reason from dead_letters where org_id = $1",
        "counts": "select status, source, sum(change) from mapping_counts where org_id = $1 group by 1, 2",
    }
    return {
        name: sorted(map(repr, (tuple(row) for row in await rows(query, org_id)))) for name, query in queries.items()
    }


async def _stored(rows: Rows) -> int:
    (row,) = await rows("select coalesce(sum(records_done), 0) as done from sync_partitions")
    return int(row["done"])


async def _wait_until_stored(rows: Rows, process: asyncio.subprocess.Process, records: float) -> None:
    """Waits for this many records; a run that ended before them fails the test with what it said.

    The run is held while it is looked at: asking may take longer than all that is left to read.
    """
    while True:
        await asyncio.sleep(0.01)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGSTOP)
        reached = await _stored(rows) >= records
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
        if reached:
            return
        if process.returncode is not None:
            out, err = await process.communicate()
            pytest.fail(f"the run ended early with {process.returncode}:\n{out.decode()}{err.decode()}")


@pytest.mark.timeout(180)
async def test_ten_kills_at_random_points_end_in_the_state_of_an_undisturbed_run(
    ingest: Ingest, history: History, rows: Rows, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    history.fill(COMMITS)
    history.raw(b"encoding utf-8\n\nnobody at all\n")
    disturbed, undisturbed = organisations
    chance = random.Random(20)
    for number in range(1, KILLS + 1):
        before = await _stored(rows)
        process = await ingest.start(
            "git", "--organisation", disturbed.name, str(history.path),
            OVIA_GIT_PAGE_COMMITS=PAGE, OVIA_LEASE_SECONDS="1",
        )  # fmt: skip
        # Spread over the read, with enough left behind the last that no run is done before it is killed; the extra
        # wait lands them anywhere within a page.
        await _wait_until_stored(rows, process, max(before + 1, number * COMMITS / (2 * KILLS)))
        await asyncio.sleep(chance.uniform(0, 0.05))
        assert process.returncode is None, "the run ended before it could be killed"
        process.kill()
        await process.communicate()
    assert await _stored(rows) < COMMITS
    # Once more, at the end of the read, when people are being made.
    process = await ingest.start("git", "--organisation", disturbed.name, str(history.path), OVIA_LEASE_SECONDS="1")
    await _wait_until_stored(rows, process, COMMITS + 1)
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.communicate()
    finished = await ingest.git(history.path)
    assert finished.code == 0, finished.err
    # The same repository, read once without disturbance for the other organisation.
    process = await ingest.start("git", "--organisation", undisturbed.name, str(history.path))
    _, err = await process.communicate()
    assert process.returncode == 0, err
    expected = await _end_state(rows, undisturbed.id)
    found = await _end_state(rows, disturbed.id)
    assert len(expected["commits"]) == COMMITS
    for part, value in expected.items():
        assert found[part] == value, part
    abandoned = await rows("select from sync_runs where org_id = $1 and status = 'abandoned'", disturbed.id)
    # The last kill may come before its run is recorded as ended, or after.
    assert len(abandoned) in (KILLS, KILLS + 1)


async def test_a_run_asked_to_stop_keeps_what_it_read_and_frees_the_repository(
    ingest: Ingest, history: History, rows: Rows, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    history.fill(4000)
    process = await ingest.start(
        "git", "--organisation", organisations[0].name, str(history.path),
        OVIA_GIT_PAGE_COMMITS="50", OVIA_LEASE_SECONDS="600",
    )  # fmt: skip
    await _wait_until_stored(rows, process, 1)
    process.terminate()
    _, err = await process.communicate()
    assert process.returncode == 130
    assert b"Stopped" in err
    assert 0 < await _stored(rows) < 4000
    # A lease of ten minutes would block the next run if it had not been given back.
    assert (await asyncio.wait_for(ingest.git(history.path), 30)).code == 0
    assert await _stored(rows) == 4000
