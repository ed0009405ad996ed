"""Reading merge requests, issues, pipelines, deployments and jobs while people change them."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from ovia_ingest.sources.reading import Window
from ovia_shared.errors import SourceError, SourceRefused
from ovia_shared.source_client.client import SourceClient
from tests.ingest.gitlab.server import PROJECT, START, Served, SmallGitLab, at, ids_of
from tests.ingest.gitlab.things import (
    DEPLOYMENTS,
    ISSUES,
    JOBS,
    MANY,
    MERGE_REQUESTS,
    PIPELINES,
    discussed_things,
    numbered,
    reading_of,
)


@pytest.mark.parametrize("path", [MERGE_REQUESTS, ISSUES, PIPELINES, DEPLOYMENTS])
@pytest.mark.parametrize("seed", range(6))
async def test_what_nobody_touches_is_read_while_the_rest_is_edited_and_deleted(
    path: str, seed: int, gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    chance = random.Random(seed)  # the same tricks at every run
    things = discussed_things(gitlab, path, 260)
    if seed % 2:
        # All of one moment: then only their ids tell them apart.
        for one in things:
            one["created_at"] = one["updated_at"] = at(1)
    untouched = {str(one["id"]) for one in things}

    def meddle(asked: str) -> None:
        if asked != path:
            return
        for one in chance.sample(things, min(len(things), chance.randrange(8))):
            untouched.discard(str(one["id"]))
            if chance.random() < 0.6:
                things.remove(one)
            else:
                one["updated_at"] = at(2000)

    gitlab.meanwhile = meddle
    since = START if seed >= 4 else None
    found = await ids_of(reading_of(path, served, client), since)
    assert untouched <= set(found)
    assert len(found) < 3 * 260


@pytest.mark.parametrize("path", [MERGE_REQUESTS, ISSUES, PIPELINES, DEPLOYMENTS, JOBS])
@pytest.mark.parametrize("since", [None, START])
async def test_a_read_that_was_cut_off_goes_on_where_its_last_batch_ended(
    path: str, since: Any, gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    discussed_things(gitlab, path, MANY)
    if path == JOBS and since is not None:
        gitlab.lists[PIPELINES] = numbered(30)
        for one in gitlab.lists[PIPELINES]:
            gitlab.lists[f"{PIPELINES}/{one['id']}/jobs"] = [{"id": one["id"] + 5000}]
    everything = Counter(await ids_of(reading_of(path, served, client), since))
    found: Counter[str] = Counter()
    position, goes_on = None, True
    while goes_on:
        goes_on = False
        async for batch in reading_of(path, served, client).batches(Window(since, position)):
            found.update(record.external_id for record in batch.records)
            # As it comes back from the database.
            position, goes_on = msgspec.json.decode(msgspec.json.encode(batch.position)), bool(batch.records)
            if goes_on:
                break
    assert set(found) == set(everything)
    assert found.total() <= everything.total() + 20


async def test_only_what_changed_since_is_read(gitlab: SmallGitLab, served: Served, client: SourceClient) -> None:
    for path in (MERGE_REQUESTS, ISSUES, PIPELINES, DEPLOYMENTS):
        things = discussed_things(gitlab, path, MANY)
        things[3]["updated_at"] = things[77]["updated_at"] = at(5000)
        found = await ids_of(reading_of(path, served, client), START + timedelta(minutes=4000))
        assert found == ["1004", "1078"]


@pytest.mark.parametrize("path", [PIPELINES, DEPLOYMENTS])
async def test_what_has_no_time_of_change_is_read_first_and_counted_in_a_census(
    path: str, gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.lists[path] = numbered(250)
    for one in gitlab.lists[path][::3]:
        one["updated_at"] = None
    reading = reading_of(path, served, client)
    assert await ids_of(reading) == [str(1000 + n) for n in range(1, 251)]
    assert sorted(await reading.present() or []) == [str(1000 + n) for n in range(1, 251)]


@pytest.mark.parametrize("many", [350, 600, 1000])
async def test_lists_longer_than_gitlab_counts_are_read_from_both_ends_and_by_time(
    many: int, gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.counts_to = 300
    gitlab.lists[DEPLOYMENTS] = numbered(many)
    found = await ids_of(reading_of(DEPLOYMENTS, served, client))
    assert set(found) == {str(1000 + n) for n in range(1, many + 1)}
    assert len(found) == many


async def test_a_server_that_gives_one_page_again_and_again_is_an_error(
    gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.deaf = True
    for path in (MERGE_REQUESTS, PIPELINES):
        discussed_things(gitlab, path, MANY)
        with pytest.raises(SourceError, match="again and again"):
            await ids_of(reading_of(path, served, client))
    assert len(gitlab.requests(MERGE_REQUESTS)) < 50


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("path", [MERGE_REQUESTS, ISSUES, PIPELINES, DEPLOYMENTS, JOBS])
async def test_a_part_that_is_switched_off_has_no_records_and_its_absence_deletes_nothing(
    path: str, status: int, gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.refused[path] = status
    reading = reading_of(path, served, client)
    assert await ids_of(reading) == []
    assert await reading.present() == []
    with pytest.raises(SourceRefused):
        await reading.named(["1001"])


@pytest.mark.parametrize("path", [MERGE_REQUESTS, ISSUES, PIPELINES, DEPLOYMENTS, JOBS])
async def test_a_project_that_is_no_longer_shown_is_refused_and_not_empty(
    path: str, gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    gitlab.refused |= {path: 404, PROJECT: 404}
    with pytest.raises(SourceRefused) as refused:
        await ids_of(reading_of(path, served, client))
    assert refused.value.status == 404
    with pytest.raises(SourceRefused):
        await reading_of(path, served, client).present()


@pytest.mark.parametrize("path", [MERGE_REQUESTS, ISSUES, PIPELINES, DEPLOYMENTS, JOBS])
async def test_named_records_come_as_they_are_and_those_that_are_gone_are_left_out(
    path: str, gitlab: SmallGitLab, served: Served, client: SourceClient
) -> None:
    discussed_things(gitlab, path, 220)
    gitlab.lists[path][0]["title"] = "as it is now"
    found = await reading_of(path, served, client).named(["1001", "99", "1150"])
    payloads = {one.external_id: one.payload for one in found}
    assert sorted(payloads) == ["1001", "1150"]
    assert b"as it is now" in payloads["1001"]


async def test_the_time_is_that_of_the_source(served: Served, client: SourceClient) -> None:
    assert await reading_of(JOBS, served, client).now() == START + timedelta(hours=9)
