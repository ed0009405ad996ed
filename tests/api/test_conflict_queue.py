"""The queue over HTTP: what is in it, in which order, numbers, CSV, and many confirmed at once."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import connected
from ovia_shared.web.spreadsheets import harmless
from tests.api.conftest import Organisations, Service
from tests.api.reviewing import linked
from tests.api.test_lists import everything
from tests.conftest import OpenDatabase

QUEUE = "/team/conflict-queue"


@pytest.fixture
async def queue(
    service: Service, open_database: OpenDatabase, organisations: Organisations
) -> AsyncIterator[httpx.AsyncClient]:
    """A manager of ours; another organisation has twice the accounts."""
    ingest = await open_database("ovia_ingest")
    await linked(ingest, organisations[0].id, people=6)
    await linked(ingest, organisations[1].id)
    async with service.client(**organisations[0].authorization("manager")) as client:
        yield client


async def test_the_queue_holds_conflicts_of_ours_the_least_certain_first(queue: httpx.AsyncClient) -> None:
    rows = await everything(queue, QUEUE, limit=2)
    assert rows
    assert {row["status"] for row in rows} == {"conflict"}
    assert [row["confidence"] for row in rows] == sorted(row["confidence"] for row in rows)
    assert all(row["rule_trace"] and row["person"] for row in rows)
    oldest = await everything(queue, QUEUE, limit=2, sort="age_desc")
    assert [row["created_at"] for row in oldest] == sorted(row["created_at"] for row in oldest)
    assert {row["id"] for row in oldest} == {row["id"] for row in rows}


async def test_filters_narrow_the_queue(queue: httpx.AsyncClient) -> None:
    rows = await everything(queue, QUEUE)
    source, name = rows[0]["identity"]["source"], rows[0]["identity"]["display_name"].split()[-1]
    assert {row["identity"]["source"] for row in await everything(queue, QUEUE, source=source)} == {source}
    assert rows[0]["id"] in [row["id"] for row in await everything(queue, QUEUE, search=name)]
    assert await everything(queue, QUEUE, min_confidence=0.999) == []
    assert {row["status"] for row in await everything(queue, QUEUE, status="auto")} == {"auto"}
    crossed = await queue.get(QUEUE, params={"min_confidence": 0.9, "max_confidence": 0.1})
    assert (crossed.status_code, crossed.json()["errors"][0]["field"]) == (422, "min_confidence")
    assert (await queue.get(QUEUE, params={"sort": "beauty"})).status_code == 422


async def test_a_team_narrows_the_queue_to_those_in_it_or_below_it_now(
    queue: httpx.AsyncClient, organisations: Organisations, database_dsn: str
) -> None:
    rows = await everything(queue, QUEUE)
    inside, former = rows[0]["person"]["id"], rows[1]["person"]["id"]
    assert inside != former
    org, upper, lower = organisations[0].id, new_id(), new_id()
    async with connected(database_dsn) as superuser:
        await superuser.execute("insert into teams (org_id, id, name) values ($1, $2, 'Upper')", org, upper)
        await superuser.execute(
            "insert into teams (org_id, id, parent_id, name) values ($1, $2, $3, 'Lower')", org, lower, upper
        )
        for person, until in ((inside, None), (former, "yesterday")):
            await superuser.execute(
                "insert into team_memberships (org_id, id, team_id, person_id, valid_from, valid_to)"
                " values ($1, $2, $3, $4, now() - interval '1 year',"
                " case when $5::text is null then null else now() - interval '1 day' end)",
                org, new_id(), lower, person, until,
            )  # fmt: skip
    shown = {row["person"]["id"] for row in await everything(queue, QUEUE, team_id=str(upper))}
    assert shown == {inside}
    every = await everything(queue, "/team/identity-mappings", team_id=str(upper), sort="age_desc")
    assert {row["person"]["id"] for row in every} == {inside}


async def test_the_numbers_agree_with_the_lists(queue: httpx.AsyncClient) -> None:
    told = (await queue.get(f"{QUEUE}/stats")).json()
    rows = await everything(queue, QUEUE)
    assert told["size"] == len(rows) == sum(one["count"] for one in told["by_source"])
    assert sum(band["count"] for band in told["by_confidence"]) == len(rows)
    assert 0 <= told["age_seconds_p50"] <= told["age_seconds_p90"] <= told["age_seconds_oldest"]
    used = len(await everything(queue, "/team/identity-mappings", status="auto"))
    assert told["accounts"] == 18
    assert told["coverage"] == pytest.approx(used / 18)
    assert told["verified_rate"] == 0


async def test_an_unknown_parameter_is_refused(
    service: Service, organisations: Organisations, queue: httpx.AsyncClient
) -> None:
    async with service.client(**organisations[0].authorization("viewer")) as viewer:
        assert (await viewer.get(f"{QUEUE}/stats", params={"colour": "red"})).status_code == 400


async def test_the_export_is_csv_with_every_row(queue: httpx.AsyncClient) -> None:
    answer = await queue.get(f"{QUEUE}/export")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    table = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    rows = await everything(queue, QUEUE)
    assert [line["mapping_id"] for line in table] == [row["id"] for row in rows]
    assert all(line["reasons"] for line in table)
    assert answer.content.count(b"\r\n") == len(rows) + 1


@pytest.mark.parametrize("cell", ["=1+1", "+49", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "\uff1d1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert harmless("Ann = Bo") == "Ann = Bo"


async def test_a_hostile_name_leaves_the_export_as_text(
    queue: httpx.AsyncClient, organisations: Organisations, database_dsn: str
) -> None:
    first = (await everything(queue, QUEUE))[0]["identity"]["id"]
    async with connected(database_dsn) as superuser:
        await superuser.execute(
            "update identities set display_name = $2 where id = $1", first, '=HYPERLINK("http://x","a")\r\n,;"'
        )
    table = list(csv.DictReader(io.StringIO((await queue.get(f"{QUEUE}/export")).content.decode("utf-8-sig"))))
    assert table[0]["display_name"] == '\'=HYPERLINK("http://x","a")\r\n,;"'


async def test_many_are_confirmed_by_id_with_a_result_each(queue: httpx.AsyncClient) -> None:
    rows = await everything(queue, QUEUE)
    old = rows[0]["id"]
    await queue.post("/team/identity-mappings/reject", json={"mapping_id": old})
    (refusal,) = [row["id"] for row in await everything(queue, "/team/identity-mappings", status="rejected")]
    missing = str(new_id())
    wanted = [old, refusal, missing, rows[1]["id"]]
    answer = await queue.post(f"{QUEUE}/bulk-confirm", json={"mapping_ids": wanted})
    assert answer.status_code == 200, answer.text
    results = {one["mapping_id"]: one["outcome"] for one in answer.json()["results"]}
    assert results == {old: "refused", refusal: "refused", missing: "refused", rows[1]["id"]: "confirmed"}
    assert all(one["detail"] for one in answer.json()["results"] if one["outcome"] == "refused")
    undone = await queue.post("/team/identity-mappings/undo", json={"decision_id": answer.json()["decision_id"]})
    assert undone.json()["mappings"][0]["status"] == "conflict"


async def test_a_threshold_confirms_what_is_sure_and_leaves_conflicts(queue: httpx.AsyncClient) -> None:
    conflicts = len(await everything(queue, QUEUE))
    sure = [row for row in await everything(queue, QUEUE, status="auto") if row["confidence"] >= 0.9]
    trial: Any = (await queue.post(f"{QUEUE}/bulk-confirm", json={"min_confidence": 0.9, "dry_run": True})).json()
    assert (trial["confirmed"], trial["decision_id"], trial["dry_run"]) == (len(sure), None, True)
    assert {one["id"] for one in trial["people"]} == {one["person"]["id"] for one in sure}
    assert trial["kpis"] == ["identity.verified_rate"]
    assert len(await everything(queue, QUEUE, status="verified")) == 0
    done = (await queue.post(f"{QUEUE}/bulk-confirm", json={"min_confidence": 0.9})).json()
    assert (done["confirmed"], done["remaining"], done["kpis"]) == (len(sure), 0, None)
    assert len(await everything(queue, QUEUE, status="verified")) == len(sure)
    assert len(await everything(queue, QUEUE)) == conflicts
    both = await queue.post(f"{QUEUE}/bulk-confirm", json={"min_confidence": 0.9, "mapping_ids": [str(new_id())]})
    assert both.status_code == 422


async def test_another_organisations_mappings_are_no_such_mappings(
    queue: httpx.AsyncClient, service: Service, organisations: Organisations
) -> None:
    mine = (await everything(queue, QUEUE))[0]["id"]
    async with service.client(**organisations[1].authorization("manager")) as theirs:
        answer = await theirs.post(f"{QUEUE}/bulk-confirm", json={"mapping_ids": [mine]})
        assert answer.json()["results"][0]["detail"] == "there is no such mapping"
    async with service.client(**organisations[0].authorization("analyst")) as analyst:
        assert (await analyst.post(f"{QUEUE}/bulk-confirm", json={"mapping_ids": [mine]})).status_code == 403
